"""A store that is away, or set up wrongly: every failure says what to do, and comes soon."""

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.adapters.objects.conftest import Open
from tests.support.s3 import Ministack, Rclone, running
from tintype.adapters.objects import ObjectStore
from tintype.errors import SettingsInvalidError, StoreFailedError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"content")
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(bytes(20_000_000))
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Rclone]:
    """A server of the test's own, to be stopped."""
    with running(Rclone, tmp_path / "server") as server:
        yield server


@pytest.fixture
def asks(
    tmp_path: Path, source: Path, large: Path
) -> Callable[[ObjectStore], dict[str, Callable[[], object]]]:
    """Everything that can be asked of a store."""

    def asks(store: ObjectStore) -> dict[str, Callable[[], object]]:
        return {
            "put": lambda: store.put("a", source, content_type=""),
            "create": lambda: store.put("b", source, content_type="", create=True),
            "put large": lambda: store.put("c", large, content_type=""),
            "create large": lambda: store.put("d", large, content_type="", create=True),
            "fetch": lambda: store.fetch("a", tmp_path / "target"),
            "read": lambda: store.read("a"),
            "read a part": lambda: store.read("a", start=1, end=2),
            "head": lambda: store.head("a"),
            "delete": lambda: store.delete("a"),
            "list": lambda: list(store.list()),
            "check": store.check,
        }

    return asks


Asks = Callable[[ObjectStore], dict[str, Callable[[], object]]]


def failure(ask: Callable[[], object]) -> StoreFailedError:
    """How it fails: by the right class, to be tried again, and without giving anything away."""
    with pytest.raises(StoreFailedError) as caught:
        ask()
    assert caught.value.retryable
    assert "127.0.0.1" not in caught.value.detail
    assert "://" not in caught.value.detail.replace("http://?", "").replace("s3:// address", "")
    return caught.value


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("environ", "advice"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIDSOMEBODY"}, "correct AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": "hidden"}, "correct AWS_SECRET_ACCESS_KEY"),
        ({"AWS_SESSION_TOKEN": "hidden"}, "AWS_SESSION_TOKEN"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:{closed}"}, "is AWS_ENDPOINT_URL right"),
        ({"AWS_ENDPOINT_URL": "http://store.invalid"}, "correct AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:{closed}"}, "is AWS_ENDPOINT_URL right"),
        ({"AWS_ENDPOINT_URL": "https://127.0.0.1:{open}"}, "begin with http://"),
        (
            {
                "AWS_ACCESS_KEY_ID": None,
                "AWS_SECRET_ACCESS_KEY": None,
                "AWS_METADATA_ENDPOINT": "http://127.0.0.1:{closed}",
            },
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
    ],
)
def test_a_wrong_setting_is_named_at_the_start(
    ministack: Ministack, open_store: Open, environ: dict[str, str | None], advice: str
) -> None:
    set_up = {
        name: value and value.format(closed=free_port(), open=ministack.port)
        for name, value in environ.items()
    }
    error = failure(lambda: open_store(ministack, **set_up))
    assert advice in error.detail
    assert "AKIDSOMEBODY" not in error.detail
    assert "hidden" not in error.detail


def test_a_variable_that_cannot_be_read_is_a_wrong_setting(
    ministack: Ministack, open_store: Open
) -> None:
    with pytest.raises(SettingsInvalidError, match="AWS_"):
        open_store(ministack, AWS_CHECKSUM_ALGORITHM="nonsense")


def test_a_bucket_that_is_not_there_or_not_ours_is_named_at_the_start(
    ministack: Ministack, open_store: Open
) -> None:
    error = failure(lambda: open_store(ministack, "s3://photos-none"))
    assert "there is no such bucket" in error.detail
    ministack.administer("PUT", "/others")
    error = failure(lambda: open_store(ministack, "s3://others"))
    assert "s3:PutObject" in error.detail


def test_a_bucket_that_is_gone_is_never_taken_for_a_missing_object(
    ministack: Ministack, open_store: Open, asks: Asks
) -> None:
    bucket = ministack.bucket()
    store = open_store(ministack, f"s3://{bucket}")
    ministack.administer("DELETE", f"/{bucket}")
    for ask in asks(store).values():
        assert "there is no such bucket" in failure(ask).detail


class NoStore(BaseHTTPRequestHandler):
    """Answers as a proxy does whose store is elsewhere."""

    def answer(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        pass


def test_a_server_that_is_no_store_is_never_taken_for_an_empty_one(
    server: Rclone, open_store: Open, asks: Asks
) -> None:
    store = open_store(server)
    server.kill()
    with ThreadingHTTPServer(("127.0.0.1", server.port), NoStore) as other:
        Thread(target=other.serve_forever).start()
        for ask in asks(store).values():
            assert "what answers there is no S3 store" in failure(ask).detail
        other.shutdown()


def test_a_server_that_went_away_and_came_back_is_used_again(
    server: Rclone, open_store: Open, asks: Asks, source: Path
) -> None:
    store = open_store(server)
    server.kill()
    for ask in asks(store).values():
        assert "nothing answers" in failure(ask).detail
    server.start()
    for ask in asks(store).values():
        ask()


@pytest.mark.parametrize("name", ["put large", "fetch"])
def test_a_server_that_hangs_is_not_waited_for(
    server: Rclone, open_store: Open, asks: Asks, name: str
) -> None:
    store = open_store(server)
    server.freeze()
    assert "does not answer in time" in failure(asks(store)[name]).detail
    server.thaw()


def test_what_is_cut_off_while_it_is_read_is_not_taken_for_whole(
    server: Rclone, open_store: Open, large: Path
) -> None:
    store = open_store(server)
    store.put("a", large, content_type="")
    _, chunks = store.read("a")
    next(chunks)
    server.kill()
    failure(lambda: list(chunks))


def test_a_full_disk_here_is_not_the_stores_fault(store: ObjectStore, source: Path) -> None:
    store.put("a", source, content_type="")
    assert "this machine" in failure(lambda: store.fetch("a", Path("/dev/full"))).detail
