"""The names of events, and what each means for an object's content.

After AWS's lists "Supported event types for SQS, SNS and Lambda" and "Using EventBridge", MinIO's
"Bucket Notifications" and Ceph's "S3 Bucket Notifications Compatibility". Spelling differs in case
and in a leading `s3:`, between stores and between releases of one.
"""

from collections.abc import Mapping

from tintype.pipeline.notifications.values import Kind, Reason

_CREATED = "objectcreated:"

# MinIO files what happens to an object's metadata under ObjectCreated. All else there is taken for
# new content: to look at an object in vain costs little, to miss one costs an image.
_METADATA = frozenset(
    {"puttagging", "deletetagging", "putretention", "putlegalhold", "putencryption", "putacl"}
)

# Ceph tells of what arrives from another zone as ObjectSynced, in newer releases as Replication.
_KINDS: Mapping[str, Kind] = {
    "objectsynced:create": Kind.CREATED,
    "replication:create": Kind.CREATED,
    "objectremoved:delete": Kind.DELETED,
    "objectremoved:deleteallversions": Kind.DELETED,
    "lifecycleexpiration:delete": Kind.DELETED,
    "objectlifecycle:expiration:current": Kind.DELETED,
    "objectlifecycle:expiration:noncurrent": Kind.DELETED,
    "objectsynced:delete": Kind.DELETED,
    "replication:delete": Kind.DELETED,
    "objectremoved:deletemarkercreated": Kind.HIDDEN,
    "lifecycleexpiration:deletemarkercreated": Kind.HIDDEN,
    "objectsynced:deletionmarkercreated": Kind.HIDDEN,
    "replication:deletionmarkercreated": Kind.HIDDEN,
    "objectrestore:completed": Kind.RESTORED,
}

# What begins like this and is none of the above leaves the content of objects as it is.
_NO_CHANGE = (
    "bucketcreated",
    "bucketremoved",
    "intelligenttiering",
    "lifecycledelmarkerexpiration:",
    "lifecycletransition",
    "objectaccessed:",
    "objectacl:",
    "objectannotation:",
    "objectlegalhold:",
    "objectlifecycle:",
    "objectremoved:noop",
    "objectrestore:",
    "objectretention:",
    "objecttagging:",
    "objecttransition:",
    "reducedredundancylostobject",
    "replication:",
    "scanner:",
)

_BRIDGED: Mapping[str, Kind | Reason] = {
    "Object Created": Kind.CREATED,
    "Object Deleted": Kind.DELETED,
    "Object Restore Completed": Kind.RESTORED,
    "Object Restore Initiated": Reason.NO_CHANGE,
    "Object Restore Expired": Reason.NO_CHANGE,
    "Object Storage Class Changed": Reason.NO_CHANGE,
    "Object Access Tier Changed": Reason.NO_CHANGE,
    "Object ACL Updated": Reason.NO_CHANGE,
    "Object Tags Added": Reason.NO_CHANGE,
    "Object Tags Deleted": Reason.NO_CHANGE,
}
_MARKED = "Delete Marker Created"


def meaning(name: str) -> Kind | Reason:
    """What an event of a bucket notification means, by its `eventName`."""
    plain = name.lower().removeprefix("s3:")
    if plain.startswith(_CREATED):
        metadata = plain.removeprefix(_CREATED) in _METADATA
        return Reason.NO_CHANGE if metadata else Kind.CREATED
    kind = _KINDS.get(plain)
    if kind is not None:
        return kind
    return Reason.NO_CHANGE if plain.startswith(_NO_CHANGE) else Reason.UNKNOWN_EVENT


def bridged_meaning(name: str, deletion: object) -> Kind | Reason:
    """What an event of EventBridge means, by its `detail-type` and its `deletion-type`."""
    found = _BRIDGED.get(name, Reason.UNKNOWN_EVENT)
    return Kind.HIDDEN if found is Kind.DELETED and deletion == _MARKED else found
