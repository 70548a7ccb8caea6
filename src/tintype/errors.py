"""Every failure Tintype can name.

A class says who is at fault, whether trying again can help and which HTTP status it becomes; retry,
rejection, dead letter and HTTP answer are all derived from it. The docstring's first line is the
default detail.
"""

from enum import StrEnum
from typing import ClassVar


class Fault(StrEnum):
    """Whose fault a failure is: the image's, the caller's or the system's."""

    IMAGE = "image"
    CALLER = "caller"
    SYSTEM = "system"


class TintypeError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    fault: ClassVar[Fault] = Fault.SYSTEM
    retryable: ClassVar[bool] = False
    http_status: ClassVar[int] = 500
    hint: ClassVar[str] = ""

    def __init__(self, detail: str = "", hint: str = "") -> None:
        self.detail = detail or (type(self).__doc__ or "").partition("\n")[0]
        if hint:
            self.hint = hint  # type: ignore[misc] # this one's own
        super().__init__(self.detail)


# --- the image is at fault: final, never retried ------------------------------------------------


class Rejection(TintypeError):  # noqa: N818 - the word that users know it by
    """The image was refused."""

    fault = Fault.IMAGE
    http_status = 422


class NotAnImageError(Rejection):
    """The file is not an image."""

    code = "not_an_image"
    hint = "Send a JPEG, PNG, WebP, AVIF, HEIC, GIF or TIFF file."


class UnsupportedFormatError(Rejection):
    """The image's format is not accepted."""

    code = "unsupported_format"
    http_status = 415
    hint = "Convert it to a format that the recipe's originals.accept lists."


class CorruptError(Rejection):
    """The image is damaged."""

    code = "corrupt"
    hint = "Send the file again from its source; it may have been cut short on the way."


class TooManyBytesError(Rejection):
    """The file is larger than the recipe allows."""

    code = "too_many_bytes"
    http_status = 413
    hint = "Send a smaller file or raise originals.max_bytes in the recipe."


class TooManyPixelsError(Rejection):
    """The image has more pixels than the recipe allows."""

    code = "too_many_pixels"
    hint = "Send a smaller image or raise originals.max_pixels in the recipe."


class TooManyFramesError(Rejection):
    """The animation has more frames than the recipe allows."""

    code = "too_many_frames"
    hint = "Send a shorter animation or raise originals.max_frames in the recipe."


class TooSmallError(Rejection):
    """The image is smaller than the recipe allows."""

    code = "too_small"
    hint = "Send a larger image or lower originals.min_width and min_height in the recipe."


class TypeMismatchError(Rejection):
    """The file's content is not what its name says."""

    code = "type_mismatch"
    hint = "Give the file the extension of its true format."


class OutputTooLargeError(Rejection):
    """A variant has more bytes than the recipe allows, even at the lowest quality."""

    code = "output_too_large"
    hint = "Raise the output's max_bytes in the recipe, or make the variant smaller."


class ResourceLimitError(Rejection):
    """Decoding the image needed more memory than is allowed, or killed its decoder."""

    code = "resource_limit"
    hint = "Send a smaller image, or raise TINTYPE_DECODER_MEMORY."


class TooMuchMemoryError(Rejection):
    """Working on the image would need more memory than all decoders may use."""

    code = "too_much_memory"
    hint = "Send a smaller image, raise TINTYPE_MEMORY, or have the recipe resize it first."


class TimedOutError(Rejection):
    """Decoding the image took more time than is allowed."""

    code = "timed_out"
    hint = "Send a smaller image, or raise TINTYPE_DECODER_SECONDS."


# --- the caller is at fault ---------------------------------------------------------------------


class CallerError(TintypeError):
    """The request cannot be served as it is."""

    fault = Fault.CALLER
    http_status = 400
    code = "bad_request"


class RecipeInvalidError(CallerError):
    """The recipe is not valid."""

    code = "recipe_invalid"
    hint = "`tintype recipe check FILE` lists every problem with its line."


class SettingsInvalidError(CallerError):
    """The settings are not valid."""

    code = "settings_invalid"


class DatabaseMissingError(CallerError):
    """There is no database of Tintype's there."""

    code = "database_missing"
    hint = "Correct --data, TINTYPE_DATA or TINTYPE_DATABASE; `tintype up` makes a database."


class KeyInvalidError(CallerError):
    """The key cannot be used."""

    code = "key_invalid"
    hint = "Use a relative path without empty, `.` or `..` parts."


class ParameterInvalidError(CallerError):
    """A parameter of the request is not valid."""

    code = "parameter_invalid"


class UploadIncompleteError(CallerError):
    """The upload ended before all of it had arrived."""

    code = "upload_incomplete"
    hint = "Send it again."


class IdempotencyConflictError(CallerError):
    """This Idempotency-Key was used before for another upload."""

    code = "idempotency_conflict"
    http_status = 409
    hint = "Use a new key for a new upload."


class KeyTakenError(CallerError):
    """An object with this key exists."""

    code = "key_taken"
    http_status = 409


class MethodNotAllowedError(CallerError):
    """This address does not take requests of this method."""

    code = "method_not_allowed"
    http_status = 405


class HostRefusedError(CallerError):
    """The service is not known under the host name that the request asks for."""

    code = "host_refused"
    http_status = 421
    hint = "Use http://localhost and the port, or set TINTYPE_PUBLIC_URL to the service's address."


class CrossSiteError(CallerError):
    """A page of another site must not make this request."""

    code = "cross_site"
    http_status = 403
    hint = "Send it from the service's own page, or from a program instead of a browser."


class NotFoundError(CallerError):
    """There is nothing here."""

    code = "not_found"
    http_status = 404


class ImageNotFoundError(NotFoundError):
    """There is no such image."""

    code = "image_not_found"


class JobNotFoundError(NotFoundError):
    """There is no such job."""

    code = "job_not_found"


class DeadLetterNotFoundError(NotFoundError):
    """There is no such dead letter."""

    code = "dead_letter_not_found"
    hint = "`tintype dead list` shows them; `tintype jobs show ID` shows any job."


class VariantNotFoundError(NotFoundError):
    """There is no such variant."""

    code = "variant_not_found"


class VariantNotReadyError(NotFoundError):
    """The variant has not been made yet."""

    code = "variant_not_ready"
    hint = "Ask again in a moment, or watch the image's status_url."


class JobActiveError(CallerError):
    """The job has not ended yet."""

    code = "job_active"
    http_status = 409
    hint = "Wait until it has ended, or cancel it first."


class JobEndedError(CallerError):
    """The job has ended already."""

    code = "job_ended"
    http_status = 409


class JobOutdatedError(CallerError):
    """The job's original was replaced or deleted since."""

    code = "job_outdated"
    http_status = 409
    hint = "Look at the image: its present job works on the newest version."


class JobCancelledError(CallerError):
    """Somebody cancelled the job."""

    code = "cancelled"
    http_status = 409
    hint = "`tintype jobs retry ID` takes it up again."


class UnauthenticatedError(CallerError):
    """This needs an API key."""

    code = "unauthenticated"
    http_status = 401
    hint = "Send `Authorization: Bearer tt_...`; `tintype keys create` makes a key."


class ForbiddenError(CallerError):
    """The API key does not allow this."""

    code = "forbidden"
    http_status = 403
    hint = "Use a key with the scope that is named; `tintype keys create --scope` makes one."


class SignatureInvalidError(CallerError):
    """The address is not signed, or its signature is not right."""

    code = "signature_invalid"
    http_status = 403
    hint = "Take the address from the image's status, or sign one with `tintype url`."


class SignatureExpiredError(CallerError):
    """The signed address has expired."""

    code = "signature_expired"
    http_status = 403
    hint = "Ask for the image's status again: it gives a fresh address."


class ApiKeyNotFoundError(NotFoundError):
    """There is no such API key."""

    code = "api_key_not_found"
    hint = "`tintype keys list` shows them."


class RangeInvalidError(CallerError):
    """The requested range lies outside the object."""

    code = "range_invalid"
    http_status = 416


# --- the system is at fault: tried again where that can help --------------------------------------


class SystemFailure(TintypeError):  # noqa: N818 - "system error" would say less
    """A part of the system failed."""

    fault = Fault.SYSTEM
    retryable = True
    http_status = 503
    code = "unavailable"


class StoreFailedError(SystemFailure):
    """The object store failed."""

    code = "store_failed"
    hint = "Look at the store: is it there, writable, and not full?"


class StoreMistakenError(StoreFailedError):
    """The store is not the one that the database knows."""

    code = "store_mistaken"
    hint = (
        "Mount it, or correct TINTYPE_ORIGINALS or TINTYPE_VARIANTS; where another store is to take"
        " its place for good, put a file of the name above into that."
    )

    @classmethod
    def without(cls, mark: str) -> "StoreMistakenError":
        """The failure of a store that has not the file by which it would be known."""
        return cls(f"The store is not the one that the database knows: there is no {mark} in it")


class WatchFailedError(SystemFailure):
    """The folder of originals cannot be watched."""

    code = "watch_failed"
    hint = (
        "Where limits on watches are reached, raise fs.inotify.max_user_watches or"
        " fs.inotify.max_user_instances (sysctl); meanwhile the folder is looked through."
    )


class ObjectMissingError(SystemFailure):
    """The object is not in the store."""

    code = "object_missing"
    retryable = False
    http_status = 404


class OriginalChangedError(SystemFailure):
    """The original in the store is not the version that the job is for."""

    code = "original_changed"
    retryable = False

    def __init__(self, found_version: str, found_size: int) -> None:
        super().__init__()
        self.found_version = found_version
        self.found_size = found_size  # bytes


class CatalogFailedError(SystemFailure):
    """The database failed."""

    code = "catalog_failed"
    hint = "Look at the database: is it there, writable, and not full?"


class DecoderDiedError(SystemFailure):
    """A decoder child died."""

    code = "decoder_died"


class DecoderOutOfMemoryError(DecoderDiedError):
    """A decoder child reached its memory limit."""

    code = "decoder_out_of_memory"


class DecoderOutOfTimeError(DecoderDiedError):
    """A decoder child reached its CPU limit."""

    code = "decoder_out_of_time"


class DecoderStalledError(SystemFailure):
    """A decoder child ran out of wall-clock time below its CPU limit."""

    code = "decoder_stalled"


class LeaseLostError(SystemFailure):
    """Another run took this job over."""

    code = "lease_lost"
    retryable = False


class HostDiedError(SystemFailure):
    """The process that worked on the image died, again and again."""

    code = "host_died"
    retryable = False
    hint = "Look at what ends the process (memory?), then redrive the job."


class QueueFullError(SystemFailure):
    """Too many images wait already."""

    code = "queue_full"
    http_status = 429
    hint = "Send it again later, start more workers, or raise TINTYPE_QUEUE_LIMIT."


class ShuttingDownError(SystemFailure):
    """The service is shutting down."""

    code = "shutting_down"


class InternalError(SystemFailure):
    """Something unforeseen went wrong; the log has the details."""

    code = "internal"
    http_status = 500


REJECTIONS: tuple[type[Rejection], ...] = (
    NotAnImageError,
    UnsupportedFormatError,
    CorruptError,
    TooManyBytesError,
    TooManyPixelsError,
    TooManyFramesError,
    TooSmallError,
    TypeMismatchError,
    OutputTooLargeError,
    ResourceLimitError,
    TooMuchMemoryError,
    TimedOutError,
)
