"""Decisions of the pipeline that need no clock, no store and no catalog."""

from collections.abc import Sequence

from tintype.errors import (
    DecoderDiedError,
    DecoderOutOfMemoryError,
    DecoderOutOfTimeError,
    ResourceLimitError,
    TimedOutError,
    TintypeError,
)
from tintype.model import Failure
from tintype.recipe.schema import Retry

_DEATHS = (DecoderDiedError.code, DecoderOutOfMemoryError.code, DecoderOutOfTimeError.code)

# A delay never grows beyond this, whatever the backoff: longer waits look like lost work.
_LONGEST_DELAY = 3600.0

# A disk that is full or a server that restarts takes longer than most recipes wait.
_STORE_SECONDS = 10.0


def verdict(error: TintypeError, earlier: Sequence[Failure]) -> TintypeError:
    """What an attempt's failure means in the light of the earlier ones.

    One decoder death may be bad luck; the second is the image's doing and rejects it: `timed_out`
    where it ran into the CPU limit, else `resource_limit`. Running out of memory counts as two: the
    sandbox has tried again with twice the limit by then.
    """
    if isinstance(error, DecoderOutOfMemoryError):
        return ResourceLimitError()
    if not isinstance(error, DecoderDiedError) or not any(f.code in _DEATHS for f in earlier):
        return error
    if isinstance(error, DecoderOutOfTimeError):
        return TimedOutError()
    return ResourceLimitError()


def retry_delay(retry: Retry, tries: int, jitter: float, *, away: bool = False) -> float:
    """Seconds to wait after the last of so many failed `tries` (from 1); `jitter` in [0, 1).

    The interval grows by the backoff rate with each try; jitter adds up to a quarter, so that
    jobs that failed together do not come back together. Where the store is `away`, it is given at
    least 10 seconds, then 20, 40 ...: five attempts outlast an outage of two minutes.
    """
    delay = retry.interval * retry.backoff_rate ** (tries - 1)
    if away:
        delay = max(delay, _STORE_SECONDS * 2.0 ** (tries - 1))
    return min(delay, _LONGEST_DELAY) * (1 + jitter / 4)
