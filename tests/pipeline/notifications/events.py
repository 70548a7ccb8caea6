"""Notifications as stores, topics and queues write them; made up, but true to their form."""

import json
from typing import Any
from urllib.parse import quote, quote_plus

Json = dict[str, Any]

BUCKET = "shop-originals"
ETAG = "9b2cf535f27731c974343645a3985328"
MESSAGE = "5f3a1c9e-0d27-4c1b-9a44-7be2d8f0c611"
TOPIC = "arn:aws:sns:eu-central-1:210987654321:originals"
QUEUE = "arn:aws:sqs:eu-central-1:210987654321:originals"


def encoded_by_s3(key: str) -> str:
    """A key as S3 writes it: a form's encoding, but for slashes."""
    return quote_plus(key, safe="/*")


def encoded_by_minio(key: str) -> str:
    """A key as Go's url.QueryEscape writes it."""
    return quote(key, safe=" ").replace(" ", "+")


def s3_record(
    key: str = "cameras/leica.jpg", name: str = "ObjectCreated:Put", about: Json | None = None
) -> Json:
    """A record of S3's; `about` replaces fields of its object, None takes one away."""
    fields: Json = {
        "key": encoded_by_s3(key),
        "size": 48213,
        "eTag": ETAG,
        "versionId": "k3Yb0pGZ.aU1vXo_7iTqWmSxHn9dRc2E",
        "sequencer": "0069208A4F1C7B22D0",
        **(about or {}),
    }
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-central-1",
        "eventTime": "2025-11-21T15:50:07.481Z",
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AIDAQX4EXAMPLE7LQ2ZTM"},
        "requestParameters": {"sourceIPAddress": "198.51.100.23"},
        "responseElements": {"x-amz-request-id": "C0QXEXAMPLE9R3WV", "x-amz-id-2": "b3JpZ2luYWw="},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "originals",
            "bucket": {
                "name": BUCKET,
                "ownerIdentity": {"principalId": "A2EXAMPLEOWNER"},
                "arn": f"arn:aws:s3:::{BUCKET}",
            },
            "object": {field: value for field, value in fields.items() if value is not None},
        },
    }


def s3_event(*records: Json) -> Json:
    return {"Records": list(records or [s3_record()])}


def minio_event(key: str = "cameras/leica.jpg", name: str = "s3:ObjectCreated:Put") -> Json:
    record = s3_record(name=name, key=key)
    record |= {"eventVersion": "2.0", "eventSource": "minio:s3", "awsRegion": ""}
    record["source"] = {"host": "10.2.0.7", "port": "", "userAgent": "MinIO (linux; amd64)"}
    record["s3"]["object"] |= {
        "key": encoded_by_minio(key),
        "versionId": "2f0c8a4e-77d1-4d3c-9f57-0a6d6b1e9c42",
        "sequencer": "187A0D5C3F9B1E40",
        "contentType": "image/jpeg",
        "userMetadata": {"content-type": "image/jpeg"},
    }
    return {"EventName": name, "Key": f"{BUCKET}/{key}", "Records": [record]}


def ceph_event(key: str = "cameras/leica.jpg", name: str = "ObjectCreated:Put") -> Json:
    record = s3_record(name=name)
    record |= {"eventVersion": "2.2", "eventSource": "ceph:s3", "awsRegion": "eu"}
    record |= {"eventTime": "2025-11-21T15:50:07.481203Z", "eventId": "1763740207.481203"}
    record["s3"]["object"] |= {
        "key": key,
        "versionId": "",
        "sequencer": "6F8A206948D3AE1C",
        "metadata": [{"key": "x-amz-meta-shop", "val": "7"}],
        "tags": [],
    }
    return s3_event(record)


def bridged_event(
    key: str = "cameras/leica.jpg", name: str = "Object Created", detail: Json | None = None
) -> Json:
    """An event of EventBridge; `detail` adds to its details."""
    return {
        "version": "0",
        "id": "7c9e2f4a-51b8-4e0d-8a36-c2d1f09b7e55",
        "detail-type": name,
        "source": "aws.s3",
        "account": "210987654321",
        "time": "2025-11-21T15:50:07Z",
        "region": "eu-central-1",
        "resources": [f"arn:aws:s3:::{BUCKET}"],
        "detail": {
            "version": "0",
            "bucket": {"name": BUCKET},
            "object": {
                "key": key,
                "size": 48213,
                "etag": ETAG,
                "version-id": "k3Yb0pGZ.aU1vXo_7iTqWmSxHn9dRc2E",
                "sequencer": "0069208A4F1C7B22D0",
            },
            "request-id": "C0QXEXAMPLE9R3WV",
            "requester": "210987654321",
            "source-ip-address": "198.51.100.23",
            "reason": "PutObject",
            **(detail or {}),
        },
    }


def tried_event() -> Json:
    """What S3 sends when its notifications are set up."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2025-11-21T15:48:00.002Z",
        "Bucket": BUCKET,
        "RequestId": "C0QXEXAMPLE0TEST",
        "HostId": "b3JpZ2luYWw=",
    }


def sns(content: Json | str, **more: object) -> Json:
    """A notification of a topic, as its HTTP endpoints and queues get it."""
    return {
        "Type": "Notification",
        "MessageId": "d2c5a7f1-3b0e-5f6a-9c18-4e7d0b2a6f93",
        "TopicArn": TOPIC,
        "Subject": "Amazon S3 Notification",
        "Message": content if isinstance(content, str) else json.dumps(content),
        "Timestamp": "2025-11-21T15:50:08.102Z",
        "SignatureVersion": "1",
        "Signature": "c2lnbmF0dXJl",
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/certificate.pem",
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
        **more,
    }


def sns_to_lambda(content: Json | str) -> Json:
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{TOPIC}:0f6d",
                "Sns": sns(content),
            }
        ]
    }


def confirmation(kind: str = "SubscriptionConfirmation", **more: object) -> Json:
    return {
        "Type": kind,
        "MessageId": "0b8d6e2c-49f7-4a51-8d3e-f15a7c90b264",
        "Token": "2336412f37fb687f",
        "TopicArn": TOPIC,
        "Message": "You have chosen to subscribe to the topic.",
        "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription",
        "Timestamp": "2025-11-21T15:40:00.000Z",
        **more,
    }


def sqs_message(content: Json | str, message: str = MESSAGE, **attributes: str) -> Json:
    """A message as Lambda hands it out."""
    return {
        "messageId": message,
        "receiptHandle": "AQEBreceipt",
        "body": content if isinstance(content, str) else json.dumps(content),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1763740208102",
            "SenderId": "AIDAEXAMPLESENDER",
            "ApproximateFirstReceiveTimestamp": "1763740208109",
            **attributes,
        },
        "messageAttributes": {},
        "md5OfBody": "e4d909c290d0fb1ca068ffaddf22cbd0",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": "eu-central-1",
    }


def sqs_to_lambda(*messages: Json) -> Json:
    return {"Records": list(messages)}


def received_message(content: Json | str, message: str = MESSAGE) -> Json:
    """A message as ReceiveMessage answers with it."""
    return {
        "MessageId": message,
        "ReceiptHandle": "AQEBreceipt",
        "MD5OfBody": "e4d909c290d0fb1ca068ffaddf22cbd0",
        "Body": content if isinstance(content, str) else json.dumps(content),
        "Attributes": {"ApproximateReceiveCount": "1"},
    }


def failed_call(payload: Json) -> Json:
    """What Lambda leaves of an asynchronous call that failed for good."""
    return {
        "version": "1.0",
        "timestamp": "2025-11-21T15:52:44.006Z",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Sandbox.Timedout"},
    }
