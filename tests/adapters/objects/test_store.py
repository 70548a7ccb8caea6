"""What only a bucket does: prefixes, headers, large objects, other programs' objects."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.adapters.objects.conftest import Open
from tests.support.s3 import Ministack, S3Server
from tintype.adapters.objects import ObjectStore
from tintype.errors import (
    KeyInvalidError,
    KeyTakenError,
    ObjectMissingError,
    SettingsInvalidError,
    StoreFailedError,
    StoreMistakenError,
)

# More than one request takes.
LARGE = 17_000_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"content")
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * (LARGE // 256) + b"end")
    return path


def put(store: ObjectStore, key: str, source: Path, *, create: bool = False) -> str:
    return store.put(key, source, content_type="image/jpeg", create=create).version


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3://",
        "s3://b",
        "s3:bucket",
        "s3:///prefix",
        "s3://a bucket",
        "s3://bücket",
        "s3://key:secret@bucket",
        "s3://bucket//prefix",
        "s3://bucket/../prefix",
        "s3://bucket/.tintype",
        "https://bucket",
        "file:///bucket",
    ],
)
def test_only_an_address_of_a_bucket_is_opened(url: str) -> None:
    with pytest.raises(SettingsInvalidError, match="s3://bucket/prefix"):
        ObjectStore.open(url)


def test_without_its_library_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(SettingsInvalidError, match=r"pip install 'tintype\[s3\]'"):
        ObjectStore.open("s3://bucket")


def test_conditional_puts_can_be_forbidden(
    ministack: Ministack, open_store: Open, source: Path
) -> None:
    store = open_store(ministack, AWS_CONDITIONAL_PUT="disabled")
    put(store, "a", source, create=True)
    with pytest.raises(KeyTakenError):
        put(store, "a", source, create=True)


@pytest.mark.parametrize("prefix", ["a", "a/b/", "pre fix/ü+%20", "a#1"])
def test_a_prefix_keeps_stores_of_one_bucket_apart(
    ministack: Ministack, open_store: Open, source: Path, prefix: str
) -> None:
    bucket = ministack.bucket()
    below = open_store(ministack, f"s3://{bucket}/{prefix}")
    whole = open_store(ministack, f"s3://{bucket}")
    put(below, "x/y", source)
    put(whole, "x/z", source)
    assert [stored.key for stored in below.list()] == ["x/y"]
    assert {stored.key for stored in whole.list()} == {"x/z", f"{prefix.removesuffix('/')}/x/y"}


def test_a_key_that_is_too_long_below_the_prefix_is_refused(
    ministack: Ministack, open_store: Open, source: Path
) -> None:
    store = open_store(ministack, f"s3://{ministack.bucket()}/{'p' * 24}")
    put(store, "k" * 999, source)
    with pytest.raises(KeyInvalidError):
        put(store, "k" * 1000, source)


@pytest.mark.parametrize("key", [".tintype", ".tintype/a", "a/.tintype/b"])
def test_a_reserved_key_is_refused(store: ObjectStore, source: Path, key: str) -> None:
    with pytest.raises(KeyInvalidError):
        put(store, key, source)


def test_opening_and_checking_leave_nothing_behind(ministack: Ministack, open_store: Open) -> None:
    bucket = ministack.bucket()
    open_store(ministack, f"s3://{bucket}").check()
    assert "<Key>" not in ministack.administer("GET", f"/{bucket}").text


def test_a_bucket_without_the_mark_is_not_opened_and_stays_as_it_is(
    ministack: Ministack, open_store: Open
) -> None:
    bucket = ministack.bucket(versioned=True)
    below = open_store(ministack, f"s3://{bucket}/below")
    below.mark("m")
    before = ministack.administer("GET", f"/{bucket}?versions").text
    assert ".tintype-m" in before
    for address in (f"s3://{bucket}", f"s3://{bucket}/other", f"s3://{bucket}/below/deeper"):
        with pytest.raises(StoreMistakenError, match=r"no \.tintype-m in it"):
            ObjectStore.open(address, mark="m")
    assert ministack.administer("GET", f"/{bucket}?versions").text == before
    assert ObjectStore.open(f"s3://{bucket}/below", mark="m").bears("m")
    assert list(open_store(ministack, f"s3://{bucket}").list()) == []


def test_a_bucket_that_is_not_there_is_not_taken_for_another(
    ministack: Ministack, open_store: Open
) -> None:
    open_store(ministack)
    with pytest.raises(StoreFailedError, match="no such bucket") as caught:
        ObjectStore.open("s3://photos-none", mark="m")
    assert not isinstance(caught.value, StoreMistakenError)


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("name", ["source", "large"])
def test_what_others_read_from_the_bucket_says_what_it_is(
    ministack: Ministack,
    open_store: Open,
    request: pytest.FixtureRequest,
    name: str,
    create: bool,
) -> None:
    bucket = ministack.bucket()
    store = open_store(ministack, f"s3://{bucket}")
    file = request.getfixturevalue(name)
    store.put(
        "a b.webp",
        file,
        content_type="image/webp",
        cache_control="public, max-age=9",
        create=create,
    )
    headers = ministack.headers(bucket, "a b.webp")
    assert headers["content-type"] == "image/webp"
    assert headers["cache-control"] == "public, max-age=9"
    assert int(headers["content-length"]) == file.stat().st_size


@pytest.mark.parametrize("server", ["ministack", "rclone"])
@pytest.mark.parametrize("create", [True, False])
def test_a_large_object_has_one_version_everywhere(
    open_store: Open,
    large: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    server: str,
    create: bool,
) -> None:
    store = open_store(request.getfixturevalue(server))
    stored = store.put("large", large, content_type="image/tiff", create=create)
    assert stored == store.head("large") == store.fetch("large", tmp_path / "target")
    assert list(store.list()) == [stored]
    assert (tmp_path / "target").read_bytes() == large.read_bytes()


@pytest.mark.parametrize("server", ["ministack", "rclone"])
def test_a_large_object_that_is_there_is_kept(
    open_store: Open, source: Path, large: Path, request: pytest.FixtureRequest, server: str
) -> None:
    store = open_store(request.getfixturevalue(server))
    version = put(store, "a", source)
    with pytest.raises(KeyTakenError):
        put(store, "a", large, create=True)
    assert store.head("a").version == version


LARGER = """
import re, resource, sys
from pathlib import Path
from tintype.adapters.objects import ObjectStore

store = ObjectStore.open(sys.argv[1])
folder = Path(sys.argv[2])
with (folder / "source").open("wb") as source:
    source.truncate(200_000_000)
# All memory that the process may write to: what it has by now, and half of what the object has.
present = re.search(r"VmData:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
limit = int(present[1]) * 1024 + 100_000_000
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
store.put("created", folder / "source", content_type="image/tiff", create=True)
store.fetch("created", folder / "target")
store.delete("created")
store.put("put", folder / "source", content_type="image/tiff")
print(sum(map(len, store.read("put")[1])), (folder / "target").stat().st_size)
store.delete("put")
"""


@pytest.mark.parametrize("server", ["ministack", "rclone"])
def test_an_object_may_be_larger_than_memory(
    tmp_path: Path, request: pytest.FixtureRequest, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: S3Server = request.getfixturevalue(server)
    for name, value in running.environ().items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-c", LARGER, running.address(), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.stdout.splitlines()[-1:] == ["200000000 200000000"], done.stderr


def test_thousands_of_objects_are_listed(store: ObjectStore, source: Path) -> None:
    keys = {f"{folder}/{number:04}" for folder in ("a", "b") for number in range(1100)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: put(store, key, source), keys))
    assert {stored.key for stored in store.list()} == keys
    assert [stored.key for stored in store.list("b/109")] == [f"b/109{n}" for n in range(10)]


def test_an_empty_folder_of_a_console_is_no_object(ministack: Ministack, open_store: Open) -> None:
    bucket = ministack.bucket()
    store = open_store(ministack, f"s3://{bucket}")
    ministack.put(bucket, "photos/", "")
    ministack.put(bucket, "photos/empty.jpg", "")
    ministack.put(bucket, "photos/a.jpg", "content")
    assert {stored.key for stored in store.list()} == {"photos/a.jpg", "photos/empty.jpg"}


@pytest.mark.parametrize("key", ["a//b", "a/../b", "a/./b", "a/line\nbreak", 'a/"quoted"\n'])
def test_an_object_that_has_no_key_here_is_named_when_it_is_in_the_way(
    ministack: Ministack, open_store: Open, source: Path, key: str
) -> None:
    bucket = ministack.bucket()
    store = open_store(ministack, f"s3://{bucket}")
    put(store, "b/c", source)
    ministack.put(bucket, key, "content")
    with pytest.raises(StoreFailedError, match="cannot be kept") as caught:
        list(store.list("a/"))
    assert "a/" in caught.value.detail
    assert "\n" not in caught.value.detail
    assert [stored.key for stored in store.list("b/")] == ["b/c"]


def test_a_key_that_looks_like_an_answer_is_not_taken_for_one(
    store: ObjectStore, tmp_path: Path
) -> None:
    for key in (
        "status: 403,",
        "<Code>NoSuchBucket</Code>",
        "Server returned non-2xx status code: 500: <Code>SlowDown</Code>",
        "Debug source: status: 416,",
    ):
        with pytest.raises(ObjectMissingError):
            store.fetch(key, tmp_path / "target")
