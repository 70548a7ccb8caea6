"""The folder store: the contract, and what only a folder can do wrong."""

import errno
import fcntl
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.disk import fill, small_disk
from tintype.adapters.folder import FolderStore
from tintype.errors import (
    KeyInvalidError,
    ObjectMissingError,
    SettingsInvalidError,
    StoreFailedError,
    StoreMistakenError,
)
from tintype.ports.store import MARK_PREFIX
from tintype.testing.store_contract import StoreContract


class TestFolder(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderStore:
        return FolderStore.open((tmp_path / "objects").as_uri())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def store(folder: Path) -> FolderStore:
    return FolderStore.open(folder.as_uri())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"content")
    return path


def put(store: FolderStore, key: str, source: Path) -> None:
    store.put(key, source, content_type="image/jpeg")


@pytest.mark.parametrize("url", ["/data", "file:data", "file://host/data", "s3://bucket", ""])
def test_only_a_file_url_with_a_whole_path_is_opened(url: str) -> None:
    with pytest.raises(SettingsInvalidError, match="file:///"):
        FolderStore.open(url)


def test_a_url_is_decoded_once(tmp_path: Path, source: Path) -> None:
    folder = tmp_path / "a b%20c"
    put(FolderStore.open(folder.as_uri()), "key", source)
    assert (folder / "key").read_bytes() == b"content"


def test_a_folder_that_cannot_be_made_is_named_without_its_path(source: Path) -> None:
    with pytest.raises(StoreFailedError) as caught:
        FolderStore.open((source / "below").as_uri())
    assert str(source) not in caught.value.detail


def test_folder_survive_reopening(store: FolderStore, folder: Path, source: Path) -> None:
    put(store, "a/b", source)
    assert list(FolderStore.open(folder.as_uri()).list()) == [store.head("a/b")]


def test_a_link_leads_nowhere(
    store: FolderStore, folder: Path, source: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(outside)
    (folder / "file").symlink_to(outside / "secret")
    for key in ("link/secret", "link/new/deep"):
        for ask in (
            lambda key=key: put(store, key, source),
            lambda key=key: store.head(key),
            lambda key=key: store.read(key),
            lambda key=key: store.fetch(key, tmp_path / "target"),
            lambda key=key: store.delete(key),
        ):
            with pytest.raises(KeyInvalidError, match="link"):
                ask()
    with pytest.raises(ObjectMissingError):
        store.read("file")
    put(store, "file", source)  # in the link's place
    assert (outside / "secret").read_bytes() == b"secret"
    assert [stored.key for stored in store.list()] == ["file"]
    assert list(store.list("link/")) == []


def test_what_is_no_object_is_not_listed_and_not_waited_for(
    store: FolderStore, folder: Path, source: Path
) -> None:
    put(store, "a", source)
    os.mkfifo(folder / "pipe")
    (folder / "line\nbreak").write_bytes(b"")
    (folder / os.fsdecode(b"\xff")).write_bytes(b"")
    (folder / "loop").symlink_to(".")
    assert [stored.key for stored in store.list()] == ["a"]
    with pytest.raises(ObjectMissingError):
        store.read("pipe")


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        (".tintype", "Name no folder and no file .tintype"),
        (".tintype/a", "Name no folder and no file .tintype"),
        (f"a/{MARK_PREFIX}b", "Name no folder and no file .tintype"),
        ("a" * 256, "Use a shorter name"),
        ("é" * 128, "Use a shorter name"),
        ("a/" + "b" * 256, "Use a shorter name"),
    ],
)
def test_a_key_that_no_folder_holds_is_refused(
    store: FolderStore, source: Path, key: str, remedy: str
) -> None:
    with pytest.raises(KeyInvalidError) as caught:
        put(store, key, source)
    assert caught.value.hint.startswith(remedy)


def test_an_empty_folder_is_in_nobodys_way(store: FolderStore, folder: Path, source: Path) -> None:
    (folder / "a").mkdir()
    put(store, "a", source)
    (folder / "b").mkdir()
    store.put("b", source, content_type="image/jpeg", create=True)
    assert {stored.key for stored in store.list()} == {"a", "b"}


HANGING_PUT = """
import os, sys, time
from pathlib import Path
from tintype.adapters.folder import FolderStore

def hang(descriptor):
    print("put", flush=True)
    time.sleep(600)

store = FolderStore.open(sys.argv[1])
os.fsync = hang
store.put("a", Path(sys.argv[2]), content_type="")
"""


def test_what_a_killed_put_left_is_invisible_and_swept(
    store: FolderStore, folder: Path, source: Path
) -> None:
    command = [sys.executable, "-c", HANGING_PUT, folder.as_uri(), str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as killed:
        assert killed.stdout
        assert killed.stdout.readline() == b"put\n"
        FolderStore.open(folder.as_uri())
        assert list((folder / ".tintype").iterdir()) != []  # its maker is alive
        killed.kill()
    assert list(store.list()) == []
    FolderStore.open(folder.as_uri())
    assert list((folder / ".tintype").iterdir()) == []


SWEEPING = """
import sys
from tintype.adapters.folder import FolderStore

FolderStore.open(sys.argv[1])
print("sweeping", flush=True)
while True:
    FolderStore.open(sys.argv[1])
"""


def test_puts_while_other_processes_start_do_not_fail(
    store: FolderStore, folder: Path, source: Path
) -> None:
    command = [sys.executable, "-c", SWEEPING, folder.as_uri()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as sweeping:
        assert sweeping.stdout
        assert sweeping.stdout.readline() == b"sweeping\n"
        for number in range(200):
            put(store, f"a/{number}", source)
        sweeping.kill()
    assert len(list(store.list())) == 200


def test_an_unfinished_file_that_is_swept_before_it_is_locked_is_made_anew(
    store: FolderStore, folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    swept: list[Path] = []

    def late(descriptor: int, operation: int) -> None:
        if len(swept) < 3:
            (unfinished,) = (folder / ".tintype").iterdir()
            with monkeypatch.context() as other:
                other.setattr(fcntl, "flock", lock)
                FolderStore.open(folder.as_uri())
            swept.append(unfinished)
        lock(descriptor, operation)

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", late)
        put(store, "a", source)
    assert len(set(swept)) == 3
    assert store.head("a").size == len(b"content")
    assert list((folder / ".tintype").iterdir()) == []


def test_a_folder_without_the_mark_is_not_opened_and_stays_as_it_is(
    store: FolderStore, folder: Path, source: Path, tmp_path: Path
) -> None:
    put(store, "a", source)
    store.mark("m")
    assert FolderStore.open(folder.as_uri(), mark="m").head("a") == store.head("a")
    empty = tmp_path / "empty"
    empty.mkdir()
    for wrong in (empty, tmp_path / "none", source):
        with pytest.raises(StoreMistakenError, match=r"no \.tintype-m in it"):
            FolderStore.open(wrong.as_uri(), mark="m")
    assert list(empty.iterdir()) == []
    assert not (tmp_path / "none").exists()


def test_nothing_is_put_where_the_mark_is_not(
    store: FolderStore, folder: Path, source: Path
) -> None:
    store.mark("m")
    known = FolderStore.open(folder.as_uri(), mark="m")
    folder.rename(folder.with_name("elsewhere"))
    mount_point = FolderStore.open(folder.as_uri())
    with pytest.raises(StoreMistakenError):
        put(known, "a", source)
    assert list(mount_point.list()) == []
    folder.rename(folder.with_name("mount-point"))
    folder.with_name("elsewhere").rename(folder)
    put(known, "a", source)


def test_a_mark_moves_with_the_objects_and_survives_the_sweep(
    store: FolderStore, folder: Path, tmp_path: Path
) -> None:
    store.mark("m")
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".tintype"))
    assert FolderStore.open(copy.as_uri(), mark="m").bears("m")
    assert FolderStore.open(copy.as_uri(), mark="m").bears("m")


def test_an_object_is_on_disk_before_it_is_seen(
    store: FolderStore, folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def record(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def recorded(*arguments: object, **options: object) -> object:
            place = arguments[0]
            if isinstance(place, int):
                place = Path(f"/proc/self/fd/{place}").readlink()
            done.append(f"{name} {os.path.relpath(os.fspath(str(place)), folder)}")
            return call(*arguments, **options)

        return recorded

    for name in ("fsync", "mkdir", "rename", "replace"):
        monkeypatch.setattr(os, name, record(name, getattr(os, name)))
    put(store, "a/b/c", source)
    staged = next(event.split()[1] for event in done if event.startswith("fsync .tintype/"))
    assert done == [
        f"fsync {staged}",
        "mkdir a",
        "fsync .",
        "mkdir a/b",
        "fsync a",
        f"replace {staged}",
        "fsync a/b",
    ]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, errno.EDQUOT])
@pytest.mark.parametrize("call", ["open", "sendfile", "fsync", "replace"])
def test_a_failing_disk_loses_nothing_and_is_named_without_a_path(
    store: FolderStore,
    folder: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    code: int,
) -> None:
    put(store, "a", source)
    before = store.head("a")

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code), str(folder / "a"))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StoreFailedError) as caught:
            put(store, "a", source)
    assert caught.value.retryable
    assert os.strerror(code) in caught.value.detail
    assert str(folder) not in caught.value.detail
    assert list(store.list()) == [before]
    assert list((folder / ".tintype").iterdir()) == []
    put(store, "a", source)


Ask = Callable[[FolderStore, Path], object]
ASKS: dict[str, Ask] = {
    "put": lambda store, file: store.put("b", file, content_type=""),
    "create": lambda store, file: store.put("b", file, content_type="", create=True),
    "fetch": lambda store, file: store.fetch("a", file),
    "read": lambda store, _: list(store.read("a")[1]),
    "head": lambda store, _: store.head("a"),
    "delete": lambda store, _: store.delete("a"),
    "list": lambda store, _: list(store.list()),
    "check": lambda store, _: store.check(),
    "mark": lambda store, _: store.mark("m"),
}


@pytest.mark.parametrize(
    ("code", "remedy"), [(errno.EIO, "look at its disk"), (errno.EACCES, "the right to its files")]
)
@pytest.mark.parametrize(
    ("ask", "call"),
    [
        ("fetch", "open"),
        ("fetch", "fstat"),
        ("fetch", "sendfile"),
        ("read", "open"),
        ("read", "pread"),
        ("head", "open"),
        ("delete", "unlink"),
        ("list", "scandir"),
        ("check", "write"),
        ("mark", "write"),
        ("mark", "fsync"),
        ("bears", "stat"),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_missing(
    store: FolderStore,
    folder: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    ask: str,
    call: str,
    code: int,
    remedy: str,
) -> None:
    asks: dict[str, Ask] = {**ASKS, "bears": lambda store, _: store.bears("m")}
    put(store, "a", source)

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code), str(folder / "a"))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StoreFailedError) as caught:
            asks[ask](store, source)
    assert os.strerror(code) in caught.value.detail
    assert remedy in caught.value.detail
    assert str(folder) not in caught.value.detail
    asks[ask](store, source)


@pytest.mark.parametrize("ask", ASKS)
def test_a_folder_that_is_not_mounted_is_not_taken_for_an_empty_one(
    store: FolderStore, folder: Path, source: Path, ask: str
) -> None:
    put(store, "a", source)
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()  # the mount point
    with pytest.raises(StoreFailedError):
        ASKS[ask](store, source)
    folder.rmdir()
    folder.with_name("elsewhere").rename(folder)
    ASKS[ask](store, source)


@contextmanager
def limited_files(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def unprivileged() -> Iterator[None]:
    """As somebody whose rights are looked at."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody may enter, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="tintype-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for 2 MB."""
    with small_disk(tmp_path / "disk", 2_000_000) as disk:
        yield disk


def test_a_full_disk_takes_nothing_and_recovers_by_itself(disk: Path, source: Path) -> None:
    store = FolderStore.open((disk / "objects").as_uri())
    put(store, "a", source)
    source.write_bytes(b"x" * 3_000_000)
    for create in (True, False):
        with pytest.raises(StoreFailedError, match="No space left on device; free space"):
            store.put("b", source, content_type="", create=create)
    assert [stored.key for stored in store.list()] == ["a"]
    assert list((disk / "objects" / ".tintype").iterdir()) == []
    store.check()
    filler = fill(disk)
    with pytest.raises(StoreFailedError, match="free space"):
        store.check()
    filler.unlink()
    store.check()
    source.write_bytes(b"x" * 1_000_000)
    put(store, "b", source)


def test_a_disk_that_was_unmounted_is_noticed(disk: Path, source: Path) -> None:
    store = FolderStore.open(disk.as_uri())
    put(store, "a", source)
    subprocess.run(["umount", str(disk)], check=True)
    try:
        for ask in ASKS.values():
            with pytest.raises(StoreFailedError):
                ask(store, source)
    finally:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk)], check=True)


def test_a_file_that_may_not_grow_so_large_is_not_stored_in_part(
    store: FolderStore, folder: Path, source: Path
) -> None:
    put(store, "a", source)
    before = store.head("a")
    source.write_bytes(b"x" * 3_000_000)
    with limited_files(1_000_000), pytest.raises(StoreFailedError, match="File too large; raise"):
        put(store, "a", source)
    assert list(store.list()) == [before]
    assert list((folder / ".tintype").iterdir()) == []
    put(store, "a", source)
    assert store.head("a").size == 3_000_000


def test_a_folder_without_rights_is_named_with_the_remedy(public: Path, source: Path) -> None:
    folder = public / "objects"
    store = FolderStore.open(folder.as_uri())
    put(store, "a", source)
    secret = public / "source"
    secret.write_bytes(b"content")
    target = public / "target"
    target.touch()
    target.chmod(0o666)
    (folder / "a").chmod(0)
    (folder / ".tintype").chmod(0o555)
    folder.chmod(0o555)
    asks: dict[str, Ask] = {**ASKS, "put": lambda store, _: put(store, "b", secret)}
    with unprivileged():
        for name in ("put", "fetch", "read", "head", "delete", "check"):
            with pytest.raises(StoreFailedError, match="give the service's user the right"):
                asks[name](store, target)
    folder.chmod(0o755)
    (folder / ".tintype").chmod(0o755)
    (folder / "a").chmod(0o644)
    assert [stored.key for stored in store.list()] == ["a"]
    for name in ("put", "fetch", "check"):
        asks[name](store, target)


def test_a_file_that_may_not_grow_so_large_is_not_fetched_in_part(
    store: FolderStore, source: Path, tmp_path: Path
) -> None:
    source.write_bytes(b"x" * 3_000_000)
    put(store, "a", source)
    with limited_files(1_000_000), pytest.raises(StoreFailedError, match="File too large"):
        store.fetch("a", tmp_path / "target")


def test_check_finds_a_folder_that_is_gone_or_full(
    store: FolderStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        with pytest.raises(StoreFailedError, match="No space left"):
            store.check()
    (folder / ".tintype").rmdir()
    folder.rmdir()
    with pytest.raises(StoreFailedError, match="is its disk mounted"):
        store.check()


def test_a_known_folder_that_is_gone_is_told_with_what_to_do(
    store: FolderStore, folder: Path, source: Path
) -> None:
    store.mark("m")
    known = FolderStore.open(folder.as_uri(), mark="m")
    folder.rename(folder.with_name("away"))
    for ask in (known.check, lambda: put(known, "a", source)):
        with pytest.raises(StoreMistakenError, match=r"no \.tintype-m in it") as caught:
            ask()
        assert caught.value.hint.startswith("Mount it")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_reader_that_takes_nothing_leaves_no_file_open(store: FolderStore, source: Path) -> None:
    put(store, "a", source)
    before = open_files()
    for _ in range(10):
        store.read("a")
        next(store.read("a")[1])
    assert open_files() == before


def test_a_file_that_was_cut_in_place_is_not_taken_for_whole(
    store: FolderStore, folder: Path, source: Path
) -> None:
    source.write_bytes(b"x" * 600_000)
    put(store, "a", source)
    _, chunks = store.read("a")
    next(chunks)
    os.truncate(folder / "a", 300_000)
    with pytest.raises(StoreFailedError, match="cut short"):
        list(chunks)
