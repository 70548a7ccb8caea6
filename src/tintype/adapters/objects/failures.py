"""What an S3 store's failures mean, and what to do about them.

obstore tells them apart in words only. Its messages hold addresses, keys and what the server said;
none of that goes any further.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager

from tintype.errors import (
    KeyTakenError,
    ObjectMissingError,
    RangeInvalidError,
    StoreFailedError,
    TintypeError,
)
from tintype.recipe.problems import shortened

# A message ends with the error's inner structure, a field in each line. Keys can hold all that is
# looked for here, but no line break, so that none of their words begins a line.
_STRUCTURE = "\nDebug source:\n"
_STATUS = re.compile(r"^ +status: (\d{3}),$", re.MULTILINE)
_CODE = re.compile(r'^ +".*?<Code>(\w{1,64})</Code>', re.MULTILINE)
_FOREIGN_KEY = re.compile(r'^ +path: "(.*)",$', re.MULTILINE)

_REGION = "it is in another region: set AWS_REGION to the bucket's"
_BY_CODE = {
    "NoSuchBucket": "there is no such bucket: make it, or correct the s3:// address",
    "InvalidAccessKeyId": "the access key is not known there: correct AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret does not fit the access key: correct"
    " AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the credentials have expired: renew AWS_SESSION_TOKEN and the keys with it",
    "InvalidToken": "the session token is not valid: correct or unset AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "its clock and this machine's differ: correct this machine's",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
}
_REFUSED = (
    "it refuses these credentials: correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or allow"
    " them s3:ListBucket on the bucket and s3:GetObject, s3:PutObject, s3:DeleteObject in it"
)
_BY_STATUS = {
    "301": _REGION,
    "401": _REFUSED,
    "403": _REFUSED,
    "404": "what answers there is no S3 store: correct AWS_ENDPOINT_URL",
}
# Where a machine or a container asks for its role's credentials: without a role, in vain.
_ROLES = re.compile(
    r"^ +http://(169\.254\.\S+|\S+/latest/(api/token|meta-data)\S*),$", re.MULTILINE
)
_NO_CREDENTIALS = "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
# Looked for in this order: the first that the message holds is what happened.
_BY_WORD = {
    "dns error": "its host name is not known: correct AWS_ENDPOINT_URL and AWS_REGION",
    "peer certificate": "its certificate is not trusted",
    "InvalidContentType": "it does not speak TLS: does AWS_ENDPOINT_URL begin with http://?",
    "kind: Timeout,": "it does not answer in time",
    "kind: Connect,": "nothing answers: is it running, and is AWS_ENDPOINT_URL right?",
}
_BROKE = "the connection broke"
# The answer to a range is the whole object, or says that it is.
_WHOLE = "source: NotPartial,"


class NotOfferedError(StoreFailedError):
    """The object store does not offer this."""


@contextmanager
def named_failures() -> Generator[None]:
    """Turn obstore's failures, and those of files on this machine, into Tintype's."""
    from obstore.exceptions import BaseError  # it may not be installed where this module is loaded

    try:
        yield
    except (BaseError, OSError, NotImplementedError) as error:
        raise _meaning(error) from error


def _meaning(error: Exception) -> TintypeError:
    from obstore.exceptions import AlreadyExistsError, InvalidPathError

    structure = str(error).partition(_STRUCTURE)[2]
    status, code = _first(_STATUS, structure), _first(_CODE, structure)
    if isinstance(error, OSError) and not structure:
        reason = error.strerror or "an unknown reason"
        return StoreFailedError(f"A file on this machine failed: {reason}")
    if isinstance(error, AlreadyExistsError):
        return KeyTakenError()
    if isinstance(error, InvalidPathError):
        foreign = shortened(_first(_FOREIGN_KEY, structure))
        return StoreFailedError(
            f"The bucket holds {foreign}, a key that cannot be kept: rename or remove that object"
        )
    if code in ("NoSuchKey", "NoSuchVersion"):
        return ObjectMissingError()
    if status == "416":
        return RangeInvalidError()
    refused = status == "501" or _WHOLE in structure or isinstance(error, NotImplementedError)
    kind = NotOfferedError if refused else StoreFailedError
    return kind(f"The object store failed: {_reason(status, code, structure)}")


def _reason(status: str, code: str, structure: str) -> str:
    if _ROLES.search(structure):
        return _NO_CREDENTIALS
    if known := _BY_CODE.get(code) or _BY_STATUS.get(status):
        return known
    if status:
        return f"it answered {status} {code}".rstrip()
    return next((reason for word, reason in _BY_WORD.items() if word in structure), _BROKE)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
