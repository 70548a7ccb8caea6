"""The store port's contract: subclass StoreContract in a test module, with a fixture `store`.

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path): return MyStore(...)

Every test gets a store without objects.
"""

import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tintype.errors import (
    KeyInvalidError,
    KeyTakenError,
    ObjectMissingError,
    RangeInvalidError,
)
from tintype.ports.store import Store, StoredObject

Put = Callable[..., StoredObject]

# Held as they are by every store, or refused: never changed, never mixed up with each other.
ODD_KEYS = (
    "[a]{b}.jpg",
    "a'b\"c;d$e.jpg",
    "-rf",
    "--option=value",
    "%2e%2e",
    "%2e%2e/%2e%2e/a",
    "a%20b",
    "a+b",
    "a b",
    " ",
    "a ",
    "100%.jpg",
    "a.jpg[shrink=8]",
    "photo.jpg.php",
    "...",
    "~",
    "a*b?c",
    "a:b|c<d>e",
    "a#1",
    "a#1/b",
    "😀.jpg",
    unicodedata.normalize("NFC", "é.jpg"),
    unicodedata.normalize("NFD", "é.jpg"),
    "\u202egpj.exe",
    "A/b",
    "a/B",
    "n" * 255,
    "/".join(["d" * 127] * 8),  # 1,023 bytes
)

# Refused by every store.
INVALID_KEYS = (
    "",
    "/",
    "/etc/passwd",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "nul\0.jpg",
    "line\nbreak",
    "\x7f",
    "\ud800",
    "a" * 1025,
    "/".join(["a"] * 600),  # 1,199 bytes
)


class StoreContract:
    """What every store must do."""

    @pytest.fixture
    def store(self) -> Store:
        """The store under test, without objects."""
        raise NotImplementedError

    @pytest.fixture
    def put(self, store: Store, tmp_path: Path) -> Put:
        """Stores bytes under a key, from a file of its own."""

        def put(key: str, content: bytes, *, create: bool = False) -> StoredObject:
            source = tmp_path / f"source-{threading.get_ident()}"
            source.write_bytes(content)
            return store.put(key, source, content_type="image/jpeg", create=create)

        return put

    def test_what_was_put_is_read_back(self, store: Store, put: Put) -> None:
        """By `read`, `head` and `put` alike."""
        stored = put("a/b.jpg", b"content")
        assert (stored.key, stored.size) == ("a/b.jpg", 7)
        assert store.head("a/b.jpg") == stored
        assert abs(stored.modified_at - datetime.now(UTC)) < timedelta(minutes=10)
        found, chunks = store.read("a/b.jpg")
        assert (found, b"".join(chunks)) == (stored, b"content")

    def test_an_object_may_be_empty(self, store: Store, put: Put) -> None:
        """No bytes are bytes too."""
        put("empty", b"")
        stored, chunks = store.read("empty")
        assert (stored.size, b"".join(chunks)) == (0, b"")

    def test_fetch_copies_an_object_and_names_its_version(
        self, store: Store, put: Put, tmp_path: Path
    ) -> None:
        """What the target held before is gone."""
        stored = put("a", b"short")
        target = tmp_path / "target"
        target.write_bytes(b"something much longer")
        assert store.fetch("a", target) == stored
        assert target.read_bytes() == b"short"

    def test_a_large_object_comes_in_chunks_of_bounded_size(
        self, store: Store, put: Put, tmp_path: Path
    ) -> None:
        """The size is no multiple of anything."""
        content = bytes(range(256)) * 12_001 + b"end"
        put("large", content)
        chunks = list(store.read("large")[1])
        assert b"".join(chunks) == content
        assert max(map(len, chunks)) <= 1024 * 1024
        store.fetch("large", tmp_path / "target")
        assert (tmp_path / "target").read_bytes() == content

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            (0, 3, b"012"),
            (2, 5, b"234"),
            (7, None, b"789"),
            (7, 100, b"789"),
            (4, 4, b""),
            (10, None, b""),
        ],
    )
    def test_a_range_is_read_without_the_rest(
        self, store: Store, put: Put, start: int, end: int | None, expected: bytes
    ) -> None:
        """`end` is exclusive, and cut to the object's end."""
        put("a", b"0123456789")
        assert b"".join(store.read("a", start=start, end=end)[1]) == expected

    @pytest.mark.parametrize(("start", "end"), [(11, None), (11, 12), (-1, None), (5, 4)])
    def test_a_range_outside_the_object_is_refused(
        self, store: Store, put: Put, start: int, end: int | None
    ) -> None:
        """At once, not at the first chunk."""
        put("a", b"0123456789")
        with pytest.raises(RangeInvalidError):
            store.read("a", start=start, end=end)

    def test_a_reader_keeps_the_version_that_it_began_with(self, store: Store, put: Put) -> None:
        """Whatever replaces or removes the object meanwhile."""
        old = put("a", b"o" * 3_000_000)
        stored, chunks = store.read("a")
        content = next(chunks)
        put("a", b"new")
        store.delete("a")
        content += b"".join(chunks)
        assert (stored, content) == (old, b"o" * 3_000_000)

    def test_every_replacement_has_a_version_of_its_own(self, put: Put) -> None:
        """Even of the same size and within the same instant."""
        contents = [f"{number:04}".encode() for number in range(60)]
        versions = {put("a", content).version for content in contents}
        assert len(versions) == len(contents)

    def test_create_keeps_what_is_there(self, store: Store, put: Put) -> None:
        """KeyTakenError, and the first content stays."""
        first = put("a/b", b"first", create=True)
        with pytest.raises(KeyTakenError):
            put("a/b", b"second", create=True)
        assert store.head("a/b") == first

    def test_of_many_creators_of_one_key_one_succeeds(self, store: Store, put: Put) -> None:
        """Create is atomic."""

        def create(number: int) -> str | None:
            try:
                return put("deep/folder/a", str(number).encode(), create=True).version
            except KeyTakenError:
                return None

        with ThreadPoolExecutor(8) as pool:
            versions = [version for version in pool.map(create, range(32)) if version]
        assert versions == [store.head("deep/folder/a").version]

    def test_what_is_not_there_is_missing(self, store: Store, put: Put, tmp_path: Path) -> None:
        """For every way of asking; a folder of objects is no object."""
        put("folder/a", b"")
        for key in ("absent", "folder", "folder/a/b", "absent/a"):
            with pytest.raises(ObjectMissingError):
                store.head(key)
            with pytest.raises(ObjectMissingError):
                store.read(key)
            with pytest.raises(ObjectMissingError):
                store.fetch(key, tmp_path / "target")
            store.delete(key)
        assert [stored.key for stored in store.list()] == ["folder/a"]

    def test_delete_removes_one_object(self, store: Store, put: Put) -> None:
        """And may be asked twice."""
        put("a/b", b"")
        put("a/c", b"")
        store.delete("a/b")
        store.delete("a/b")
        assert [stored.key for stored in store.list()] == ["a/c"]

    def test_the_key_of_a_former_folder_is_free(self, store: Store, put: Put) -> None:
        """Folders are no objects: with its last object, nothing of one is left."""
        put("a/b/c", b"")
        store.delete("a/b/c")
        put("a", b"", create=True)
        assert [stored.key for stored in store.list()] == ["a"]

    @pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a", "a/b/c")])
    @pytest.mark.parametrize("create", [True, False])
    def test_a_key_below_another_is_kept_or_refused(
        self, store: Store, put: Put, first: str, second: str, create: bool
    ) -> None:
        """A bucket can hold both, a folder cannot; neither may lose the first."""
        stored = put(first, b"first")
        try:
            put(second, b"second", create=create)
        except KeyInvalidError:
            second = first
        assert {found.key for found in store.list()} == {first, second}
        assert store.head(first) == stored

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_an_odd_key_is_kept_faithfully_or_refused(
        self, store: Store, put: Put, key: str
    ) -> None:
        """What is listed is what was put, to the byte."""
        try:
            put(key, b"content", create=True)
        except KeyInvalidError:
            assert list(store.list()) == []
            return
        assert [stored.key for stored in store.list()] == [key]
        assert b"".join(store.read(key)[1]) == b"content"
        store.delete(key)
        assert list(store.list()) == []

    def test_keys_that_look_alike_are_apart(self, store: Store, put: Put) -> None:
        """Composed and decomposed letters, upper and lower case."""
        keys = [unicodedata.normalize(form, "é") for form in ("NFC", "NFD")] + ["a", "A"]
        for number, key in enumerate(keys):
            put(key, bytes(number))
        assert [store.head(key).size for key in keys] == [0, 1, 2, 3]

    @pytest.mark.parametrize("key", INVALID_KEYS)
    def test_an_invalid_key_is_refused_by_every_method(
        self, store: Store, put: Put, tmp_path: Path, key: str
    ) -> None:
        """Before anything is touched."""
        for ask in (
            lambda: put(key, b""),
            lambda: put(key, b"", create=True),
            lambda: store.head(key),
            lambda: store.read(key),
            lambda: store.fetch(key, tmp_path / "target"),
            lambda: store.delete(key),
        ):
            with pytest.raises(KeyInvalidError):
                ask()
        assert list(store.list()) == []

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("", {"a/b/c", "a/bc", "abc", "b"}),
            ("a", {"a/b/c", "a/bc", "abc"}),
            ("a/", {"a/b/c", "a/bc"}),
            ("a/b", {"a/b/c", "a/bc"}),
            ("a/b/", {"a/b/c"}),
            ("a/b/c", {"a/b/c"}),
            ("a/b/c/", set()),
            ("b/", set()),
            ("/", set()),
            ("../", set()),
            ("a/../", set()),
            ("none/such", set()),
        ],
    )
    def test_list_takes_any_prefix(
        self, store: Store, put: Put, prefix: str, expected: set[str]
    ) -> None:
        """It is compared with the key as text, not folder by folder."""
        made = {key: put(key, key.encode()) for key in ("a/b/c", "a/bc", "abc", "b")}
        listed = list(store.list(prefix))
        assert {stored.key for stored in listed} == expected
        assert all(made[stored.key] == stored for stored in listed)

    def test_readers_during_puts_see_only_whole_objects(
        self, store: Store, put: Put, tmp_path: Path
    ) -> None:
        """By `read` and by `fetch`, from the first put on."""
        written = threading.Event()

        def write() -> None:
            try:
                for number in range(30):
                    put("a", bytes([number]) * 1_000_000)
            finally:
                written.set()

        def look(name: str) -> int:
            seen = 0
            while not (written.is_set() and seen):
                try:
                    stored, chunks = store.read("a")
                    content = b"".join(chunks)
                    store.fetch("a", tmp_path / name)
                except ObjectMissingError:
                    continue
                fetched = (tmp_path / name).read_bytes()
                assert len(content) == len(fetched) == stored.size == 1_000_000
                assert len(set(content)) == len(set(fetched)) == 1
                seen += 1
            return seen

        with ThreadPoolExecutor(3) as pool:
            writer = pool.submit(write)
            readers = [pool.submit(look, name) for name in ("one", "two")]
            writer.result()
            assert all(reader.result() for reader in readers)

    def test_puts_and_deletes_side_by_side_leave_each_other_alone(
        self, store: Store, put: Put
    ) -> None:
        """Though the folder that they share comes and goes."""

        def toggle(name: str) -> None:
            for _ in range(25):
                put(f"shared/folder/{name}", b"content")
                store.delete(f"shared/folder/{name}")
            put(f"shared/folder/{name}", b"content")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(toggle, "abcd"))
        assert {stored.key[-1] for stored in store.list("shared/folder/")} == set("abcd")

    def test_a_mark_is_there_until_it_is_taken_away(self, store: Store) -> None:
        """For whoever opens the store; each may be left and taken away twice."""
        assert not store.bears("originals-1f")
        store.mark("originals-1f")
        store.mark("originals-1f")
        assert store.bears("originals-1f")
        assert not store.bears("originals-1")
        store.mark("variants-2a")
        store.unmark("originals-1f")
        store.unmark("originals-1f")
        assert not store.bears("originals-1f")
        assert store.bears("variants-2a")

    @pytest.mark.parametrize("folder", ["", "below/"])
    def test_a_mark_is_no_object(self, store: Store, put: Put, tmp_path: Path, folder: str) -> None:
        """Nobody reads, replaces, removes or lists it, be it that of a store below this one."""
        store.mark("a")
        key = f"{folder}.tintype-a"
        for ask in (
            lambda: put(key, b""),
            lambda: store.head(key),
            lambda: store.read(key),
            lambda: store.fetch(key, tmp_path / "target"),
            lambda: store.delete(key),
        ):
            with pytest.raises(KeyInvalidError):
                ask()
        for prefix in ("", folder, key, ".tin"):
            assert list(store.list(prefix)) == []
        assert store.bears("a")

    def test_check_leaves_nothing_behind(self, store: Store) -> None:
        """A store that can be written to passes."""
        store.check()
        assert list(store.list()) == []
