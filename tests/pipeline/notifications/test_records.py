"""Records: what each event means, and what is read of its object."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.notifications.events import (
    ETAG,
    Json,
    bridged_event,
    ceph_event,
    encoded_by_minio,
    encoded_by_s3,
    minio_event,
    s3_event,
    s3_record,
    sns,
    sqs_message,
    sqs_to_lambda,
)
from tests.pipeline.notifications.reading import only_note, reasons
from tintype.pipeline.notifications import Kind, Reason, parse

ODD_KEYS = [
    "a+b.jpg",
    "a b.jpg",
    "a%20b.jpg",
    "a%2Bb%252B.jpg",
    "100%.jpg",
    "ü ñ 日本.jpg",
    "e\u0301te\u0301/\u00e9t\u00e9.jpg",
    "🦋/🏳️‍🌈.png",
    "dir//twice.jpg",
    "../up.jpg",
    "*!'()-_.~&$@=;:,?.jpg",
    '"quoted" <b>.jpg',
    "line\nbreak\x00.jpg",
    "\u202egnp.jpg",
]
# Keys end otherwise than with a slash: those are folders.
any_keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).map(
    lambda key: key + "."
)


def events_of(key: str) -> list[Json]:
    return [s3_event(s3_record(key)), bridged_event(key), minio_event(key), ceph_event(key)]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_odd_key_is_decoded_exactly_once(key: str) -> None:
    assert [only_note(event).key for event in events_of(key)] == [key] * 4


@given(any_keys)
def test_any_key_comes_out_as_it_went_in(key: str) -> None:
    for event in events_of(key):
        assert only_note(event).key == key
    assert only_note(sqs_to_lambda(sqs_message(sns(s3_event(s3_record(key)))))).key == key


def test_the_encodings_of_these_tests_are_those_of_the_stores() -> None:
    assert encoded_by_s3("originals/a b+ü.jpg") == "originals/a+b%2B%C3%BC.jpg"
    assert encoded_by_minio("photos/my summer(2024)*.jpg") == "photos%2Fmy+summer%282024%29%2A.jpg"


def test_a_percent_sign_that_begins_no_escape_stays() -> None:
    record = s3_record()
    record["s3"]["object"]["key"] = "100%.jpg"
    assert only_note(s3_event(record)).key == "100%.jpg"


def test_the_decoded_key_of_a_runtime_is_used_where_the_other_is_missing() -> None:
    record = s3_record(about={"urlDecodedKey": "a+b%20c.jpg"})
    del record["s3"]["object"]["key"]
    assert only_note(s3_event(record)).key == "a+b%20c.jpg"


@pytest.mark.parametrize("key", ["%FF.jpg", "%ED%A0%80.jpg", "\ud800.jpg", "", 7, None, ["a"]])
def test_a_key_that_is_none_is_refused(key: object) -> None:
    record = s3_record()
    record["s3"]["object"]["key"] = key
    assert reasons(parse(s3_event(record))) == [Reason.MALFORMED]
    bridged = bridged_event()
    bridged["detail"]["object"]["key"] = "\udfff" if isinstance(key, str) and key else key
    assert reasons(parse(bridged)) == [Reason.MALFORMED]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ObjectCreated:Put", Kind.CREATED),
        ("ObjectCreated:Post", Kind.CREATED),
        ("ObjectCreated:Copy", Kind.CREATED),
        ("ObjectCreated:CompleteMultipartUpload", Kind.CREATED),
        ("ObjectCreated:SomethingNew", Kind.CREATED),
        ("s3:ObjectCreated:Put", Kind.CREATED),
        ("s3:ObjectSynced:Create", Kind.CREATED),
        ("s3:Replication:Create", Kind.CREATED),
        ("ObjectRemoved:Delete", Kind.DELETED),
        ("s3:ObjectRemoved:DeleteAllVersions", Kind.DELETED),
        ("LifecycleExpiration:Delete", Kind.DELETED),
        ("ObjectLifecycle:Expiration:Current", Kind.DELETED),
        ("ObjectLifecycle:Expiration:NonCurrent", Kind.DELETED),
        ("ObjectLifecycle:Expiration:Noncurrent", Kind.DELETED),
        ("s3:Replication:Delete", Kind.DELETED),
        ("ObjectRemoved:DeleteMarkerCreated", Kind.HIDDEN),
        ("LifecycleExpiration:DeleteMarkerCreated", Kind.HIDDEN),
        ("s3:ObjectSynced:DeletionMarkerCreated", Kind.HIDDEN),
        ("ObjectRestore:Completed", Kind.RESTORED),
        ("s3:ObjectRestore:Completed", Kind.RESTORED),
        ("ObjectRestore:Post", Reason.NO_CHANGE),
        ("ObjectRestore:Delete", Reason.NO_CHANGE),
        ("ObjectTagging:Put", Reason.NO_CHANGE),
        ("ObjectTagging:Delete", Reason.NO_CHANGE),
        ("ObjectAcl:Put", Reason.NO_CHANGE),
        ("IntelligentTiering", Reason.NO_CHANGE),
        ("LifecycleTransition", Reason.NO_CHANGE),
        ("ReducedRedundancyLostObject", Reason.NO_CHANGE),
        ("s3:Replication:OperationFailedReplication", Reason.NO_CHANGE),
        ("s3:Replication:OperationReplicatedAfterThreshold", Reason.NO_CHANGE),
        ("s3:ObjectAccessed:Get", Reason.NO_CHANGE),
        ("s3:ObjectCreated:PutTagging", Reason.NO_CHANGE),
        ("s3:ObjectCreated:DeleteTagging", Reason.NO_CHANGE),
        ("s3:ObjectCreated:PutRetention", Reason.NO_CHANGE),
        ("s3:ObjectCreated:PutLegalHold", Reason.NO_CHANGE),
        ("s3:ObjectRemoved:NoOP", Reason.NO_CHANGE),
        ("s3:LifecycleDelMarkerExpiration:Delete", Reason.NO_CHANGE),
        ("s3:ObjectTransition:Complete", Reason.NO_CHANGE),
        ("s3:Scanner:ManyVersions", Reason.NO_CHANGE),
        ("s3:BucketCreated", Reason.NO_CHANGE),
        ("ObjectLifecycle:Expiration:DeleteMarker", Reason.NO_CHANGE),
        ("ObjectLifecycle:Expiration:AbortMPU", Reason.NO_CHANGE),
        ("ObjectLifecycle:Transition:Current", Reason.NO_CHANGE),
        ("ObjectEaten:Whole", Reason.UNKNOWN_EVENT),
        ("s3:", Reason.UNKNOWN_EVENT),
    ],
)
def test_what_the_events_of_buckets_mean(name: str, meant: Kind | Reason) -> None:
    notice = parse(s3_event(s3_record(name=name)))
    found: list[Kind | Reason] = [*(note.kind for note in notice.notes), *reasons(notice)]
    assert found == [meant]


@pytest.mark.parametrize(
    ("name", "deletion", "meant"),
    [
        ("Object Created", None, Kind.CREATED),
        ("Object Deleted", "Permanently Deleted", Kind.DELETED),
        ("Object Deleted", None, Kind.DELETED),
        ("Object Deleted", "Delete Marker Created", Kind.HIDDEN),
        ("Object Restore Completed", None, Kind.RESTORED),
        ("Object Restore Initiated", None, Reason.NO_CHANGE),
        ("Object Restore Expired", None, Reason.NO_CHANGE),
        ("Object Tags Added", None, Reason.NO_CHANGE),
        ("Object Tags Deleted", None, Reason.NO_CHANGE),
        ("Object ACL Updated", None, Reason.NO_CHANGE),
        ("Object Storage Class Changed", None, Reason.NO_CHANGE),
        ("Object Access Tier Changed", None, Reason.NO_CHANGE),
        ("Object Eaten", None, Reason.UNKNOWN_EVENT),
    ],
)
def test_what_the_events_of_the_bridge_mean(
    name: str, deletion: str | None, meant: Kind | Reason
) -> None:
    notice = parse(bridged_event(name=name, detail={"deletion-type": deletion}))
    found: list[Kind | Reason] = [*(note.kind for note in notice.notes), *reasons(notice)]
    assert found == [meant]


def test_what_is_read_of_an_object() -> None:
    note = only_note(s3_event())
    assert note.version == "k3Yb0pGZ.aU1vXo_7iTqWmSxHn9dRc2E"
    assert note.sequencer == "0069208A4F1C7B22D0"
    assert note.time == datetime(2025, 11, 21, 15, 50, 7, 481000, tzinfo=UTC)
    assert note.name == "ObjectCreated:Put"
    bridged = only_note(bridged_event())
    assert bridged.version == note.version
    assert bridged.time == note.time.replace(microsecond=0)


def test_what_a_deletion_leaves_out_is_none() -> None:
    record = s3_record(
        name="ObjectRemoved:Delete", about={"eTag": None, "size": None, "versionId": None}
    )
    record["eventTime"] = "soon"
    note = only_note(s3_event(record))
    assert (note.etag, note.size, note.version, note.time) == (None, None, None, None)


@pytest.mark.parametrize(
    ("field", "given", "read"),
    [
        ("size", 0, 0),
        ("size", "1024", 1024),
        ("size", -1, None),
        ("size", 1.5, None),
        ("size", True, None),
        ("size", 10**40, None),
        ("size", "many", None),
        ("etag", f'"{ETAG}"', ETAG),
        ("etag", '""', None),
        ("version", "", None),
        ("version", "null", None),
        ("version", "1", "1"),
    ],
)
def test_how_fields_are_read(field: str, given: object, read: object) -> None:
    sent = {"etag": "eTag", "version": "versionId"}.get(field, field)
    assert getattr(only_note(s3_event(s3_record(about={sent: given}))), field) == read


def test_the_version_that_old_servers_of_minio_give_every_object_is_none() -> None:
    event = minio_event()
    event["Records"][0]["s3"]["object"]["versionId"] = "1"
    assert only_note(event).version is None


def test_the_small_etag_of_old_servers_of_ceph_is_read() -> None:
    event = ceph_event()
    about = event["Records"][0]["s3"]["object"]
    about["etag"] = about.pop("eTag")
    assert only_note(event).etag == ETAG


@pytest.mark.parametrize(
    "time", ["2025-11-21T16:50:07.481+01:00", "2025-11-21T15:50:07.481000999Z"]
)
def test_times_are_utc_whatever_their_spelling(time: str) -> None:
    note = only_note(s3_event({**s3_record(), "eventTime": time}))
    assert note.time == datetime(2025, 11, 21, 15, 50, 7, 481000, tzinfo=UTC)


@pytest.mark.parametrize("field", ["versionId", "eTag", "sequencer"])
@pytest.mark.parametrize("value", ["a\nb", "\x1b[31m", "x" * 1025, 7, {"a": 1}, "\ud800"])
def test_text_that_cannot_be_shown_and_kept_is_refused(field: str, value: object) -> None:
    notice = parse(s3_event(s3_record(about={field: value})))
    assert reasons(notice) == [Reason.MALFORMED]
    assert notice.ignored[0].detail.isprintable()
