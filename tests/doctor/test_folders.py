"""Space, rights and kinds of file systems."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.nobody import open_folder, without_rights
from tintype.doctor import Verdict, folders


@pytest.fixture
def reachable() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def disk(free: float, inodes: float = 0.5) -> Callable[[Path], os.statvfs_result]:
    """A disk of a million blocks and files with such shares free, 5 % kept for root."""
    available, files = int(free * 950_000), int(inodes * 1_000_000)
    fields = (4096, 4096, 1_000_000, available + 50_000, available, 1_000_000, files, files, 0, 255)
    return lambda _: os.statvfs_result(fields)


@pytest.mark.parametrize(
    ("free", "inodes", "verdict"),
    [
        (0.5, 0.5, "ok"),
        (0.09, 0.5, "warn"),
        (0.009, 0.5, "bad"),
        (0.0, 0.5, "bad"),
        (0.5, 0.09, "warn"),
        (0.5, 0.0, "bad"),
    ],
)
def test_a_disk_that_fills_up_is_told(
    tmp_path: Path, free: float, inodes: float, verdict: str
) -> None:
    (found,) = folders.space({"data": tmp_path}, disk(free, inodes))
    assert found.verdict == verdict
    assert "data" in found.detail


def test_a_file_system_without_a_number_of_inodes_is_judged_by_its_space(tmp_path: Path) -> None:
    fields = (4096, 4096, 1000, 900, 900, 0, 0, 0, 0, 255)
    (found,) = folders.space({"data": tmp_path}, lambda _: os.statvfs_result(fields))
    assert found.verdict is Verdict.OK
    assert "inodes" not in found.detail


def test_folders_on_one_disk_are_one_finding_even_before_they_are_made(tmp_path: Path) -> None:
    (found,) = folders.space({"data": tmp_path, "originals": tmp_path / "not" / "yet"})
    assert "data, originals" in found.detail


def test_a_data_folder_of_ones_own_is_fine(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    assert folders.rights(tmp_path).verdict is Verdict.OK


def test_a_data_folder_that_can_be_made_is_fine(tmp_path: Path) -> None:
    found = folders.rights(tmp_path / "a" / "b")
    assert found.verdict is Verdict.OK
    assert "not there yet" in found.detail
    assert not (tmp_path / "a").exists()


def test_a_data_folder_that_cannot_be_made_is_bad(reachable: Path) -> None:
    reachable.chmod(0o555)
    with without_rights():
        found = folders.rights(reachable / "data")
    assert found.verdict is Verdict.BAD
    assert f"{reachable} cannot be written to" in found.detail


def test_a_data_folder_that_cannot_be_read_is_bad(reachable: Path) -> None:
    data = reachable / "data"
    data.mkdir(mode=0o000)
    with without_rights():
        found = folders.rights(data)
    assert found.verdict is Verdict.BAD
    assert found.remedy.startswith("`chown -R ")


def test_a_data_folder_that_is_a_file_is_bad(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()
    assert folders.rights(file).verdict is Verdict.BAD


def test_a_file_of_somebody_else_is_told_by_name(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "tintype.db").touch()
    found = folders.rights(tmp_path, user=os.geteuid() + 1)
    assert found.verdict is Verdict.WARN
    assert "belongs to" in found.detail


@pytest.mark.parametrize(
    ("mode", "verdict"),
    [(0o757, "bad"), (0o770, "bad"), (0o755, "warn"), (0o751, "warn"), (0o750, "ok")],
)
def test_a_data_folder_that_is_open_to_others_is_told(
    tmp_path: Path, mode: int, verdict: str
) -> None:
    tmp_path.chmod(mode)
    found = folders.rights(tmp_path)
    assert found.verdict == verdict
    assert found.remedy == ("" if verdict == "ok" else f"`chmod 750 {tmp_path}`.")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The files of a database in use, in a folder whose name a shell would take apart."""
    folder = tmp_path / "a b"
    folder.mkdir()
    for name in ("tintype.db", "tintype.db-wal", "tintype.db-shm", "else"):
        (folder / name).touch(0o600)
    return folder / "tintype.db"


def test_a_database_of_ones_own_is_fine_and_none_is_no_finding(database: Path) -> None:
    (database.parent / "else").chmod(0o666)
    (found,) = folders.secrecy(database)
    assert found.verdict is Verdict.OK
    assert list(folders.secrecy(None)) == []
    assert list(folders.secrecy(database.with_name("missing.db"))) == []


@pytest.mark.parametrize("name", ["tintype.db", "tintype.db-wal", "tintype.db-shm"])
@pytest.mark.parametrize(
    ("mode", "what"),
    [(0o640, "read"), (0o604, "read"), (0o620, "read and write"), (0o602, "read and write")],
)
def test_a_database_that_others_may_use_is_bad_and_its_remedy_mends_it(
    database: Path, name: str, mode: int, what: str
) -> None:
    database.with_name(name).chmod(mode)
    (found,) = folders.secrecy(database)
    assert found.verdict is Verdict.BAD
    assert f"may {what} {database.with_name(name)} (mode {mode:o})" in found.detail
    subprocess.run(["sh", "-c", found.remedy.strip("`")], check=True)
    (mended,) = folders.secrecy(database)
    assert mended.verdict is Verdict.OK


def test_every_open_file_of_a_database_is_named_at_once(database: Path) -> None:
    for end in ("", "-wal", "-shm"):
        database.with_name(database.name + end).chmod(0o644)
    (found,) = folders.secrecy(database)
    assert found.remedy.count("tintype.db") == 3


def mounts(*kinds: tuple[str, str]) -> str:
    lines = (
        f"{number} 1 0:{number} / {where} rw shared:1 - {kind} source rw\n"
        for number, (where, kind) in enumerate(kinds, 20)
    )
    return "".join(lines)


@pytest.mark.parametrize(
    ("kind", "verdict", "told"),
    [
        ("ext4", "ok", "ext4"),
        ("nfs4", "warn", "SQLite may lose data"),
        ("fuse.sshfs", "warn", "SQLite may lose data"),
        ("tmpfs", "warn", "gone after a restart"),
        ("overlay", "warn", "gone with it"),
    ],
)
def test_the_kind_of_the_file_system_decides(
    tmp_path: Path, kind: str, verdict: str, told: str
) -> None:
    table = mounts(("/", "ext4"), (str(tmp_path), kind))
    database = tmp_path / "tintype.db"
    (found,) = folders.kinds({"data": tmp_path, "objects": tmp_path / "o"}, database, table)
    assert found.verdict == verdict
    assert told in found.detail
    assert "data, objects" in found.detail


def test_a_network_is_fine_for_objects_alone(tmp_path: Path) -> None:
    table = mounts(("/", "ext4"), (str(tmp_path), "nfs4"))
    (found,) = folders.kinds({"originals": tmp_path}, None, table)
    assert found.verdict is Verdict.OK


def test_the_newest_mount_and_the_deepest_one_count(tmp_path: Path) -> None:
    strange = tmp_path / "a b"
    strange.mkdir()
    where = str(strange).replace(" ", "\\040")
    table = mounts(("/", "ext4"), (where, "ext4"), (where, "tmpfs"), (str(tmp_path), "nfs"))
    (found,) = folders.kinds({"data": strange}, None, table)
    assert "tmpfs" in found.detail


def test_the_kernels_own_table_is_understood() -> None:
    (found,) = folders.kinds({"proc": Path("/proc")}, None)
    assert found.detail == "proc at /proc for proc"
