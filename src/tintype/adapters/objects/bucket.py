"""One bucket, and how long its answers are waited for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from tintype.errors import SettingsInvalidError
from tintype.text import printable

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Store

# Seconds to wait for an answer by the bytes that are sent with the request, as the time for sending
# counts: at the least 2 Mbit/s. What sends nothing and is not answered in 5 seconds is away.
_PATIENCE: Mapping[float, int] = {512 * 1024: 5, 16 * 1024 * 1024: 60, float("inf"): 900}

_CONNECT_SECONDS = 3
# Servers close connections that nobody uses after five seconds and more; one that is closed just
# as a request is sent fails it.
_IDLE_SECONDS = 4
# The pipeline waits and tries again; this is for the one answer in thousands that a busy store
# refuses, and not for a store that is away: what was waited for in vain is not asked again.
_RETRY: "RetryConfig" = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=4),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=1),
        "base": 2,
    },
}


class Bucket:
    """Connections to one bucket, below one prefix.

    Region, endpoint and credentials come from the usual `AWS_*` variables, from a container's or an
    instance's role, or from a web identity; obstore finds them, and renews them in time.
    """

    def __init__(self, name: str, prefix: str) -> None:
        try:
            from obstore.exceptions import BaseError
            from obstore.store import S3Store
        except ModuleNotFoundError:
            raise SettingsInvalidError(
                "Stores at s3:// addresses need obstore, which is not installed:"
                " pip install 'tintype[s3]'"
            ) from None
        try:
            self._clients: Mapping[float, S3Store] = {
                limit: S3Store(
                    name,
                    prefix=prefix or None,
                    client_options=_options(seconds),
                    retry_config=_RETRY,
                    disable_bulk_delete=True,  # not every store knows it
                )
                for limit, seconds in _PATIENCE.items()
            }
        except BaseError as error:
            said = printable(str(error).partition("\n")[0])
            raise SettingsInvalidError(f"A variable AWS_... is not valid: {said}") from None

    def client(self, size: int = 0) -> "S3Store":
        """The client for requests that send so many bytes."""
        return next(client for limit, client in self._clients.items() if size <= limit)


def _options(patience: int) -> "ClientConfig":
    return {
        "allow_http": True,  # where the endpoint says so; never instead of https
        "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
        "read_timeout": timedelta(seconds=patience),
        "timeout": timedelta(days=1),  # of a whole request, however large: not bounded
        "pool_idle_timeout": timedelta(seconds=_IDLE_SECONDS),
    }
