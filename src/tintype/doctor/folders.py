"""What a deployment finds on its disks: space, rights, kinds of file systems."""

import os
import pwd
import re
import shlex
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tintype.adapters.sql.exposure import exposure
from tintype.doctor.findings import Finding, bad, ok, warn
from tintype.doctor.words import amount, share

_LITTLE, _NONE = 0.1, 0.01  # shares of a disk that are free

# Kinds of file systems on which SQLite's locks, or its write-ahead log, cannot be relied on.
_NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"ocfs2", "smb2", "smb3", "smbfs", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs"}
    | {"fuse.rclone", "fuse.gcsfuse", "fuse.blobfuse", "fuse.blobfuse2", "fuse.mount-s3"}
)
_PASSING: Mapping[str, str] = {
    "tmpfs": "in memory, and gone after a restart",
    "ramfs": "in memory, and gone after a restart",
    "overlay": "in the container itself, and gone with it",
}


_MOUNTS = Path("/proc/self/mountinfo")


class _Mount(NamedTuple):
    where: Path
    kind: str


_UNKNOWN = _Mount(Path("/"), "unknown")


def nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(each for each in (folder, *folder.parents) if is_there(each))


def is_there(path: Path) -> bool:
    """Whether there is something, as far as can be seen."""
    try:
        path.stat()
    except OSError:  # not there, or not to be seen
        return False
    return True


def space(
    folders: Mapping[str, Path], statvfs: Callable[[Path], os.statvfs_result] = os.statvfs
) -> Iterator[Finding]:
    """Whether the disks have room; `folders` by what they are for."""
    disks: dict[int, tuple[Path, list[str]]] = {}
    for name, folder in folders.items():
        there = nearest(folder)
        disks.setdefault(there.stat().st_dev, (there, []))[1].append(name)
    for there, names in disks.values():
        yield _room(", ".join(names), statvfs(there))


def _room(names: str, disk: os.statvfs_result) -> Finding:
    # As `df` counts: without what is kept for root.
    usable = disk.f_blocks - disk.f_bfree + disk.f_bavail
    left = disk.f_bavail / usable if usable else 1.0
    told = f"{amount(disk.f_bavail * disk.f_frsize)} free ({share(left)}) for {names}"
    # Some file systems make inodes as they are needed, and tell of none.
    files = disk.f_files - disk.f_ffree + disk.f_favail
    inodes = disk.f_favail / files if files else 1.0
    if files:
        told += f"; {share(inodes)} of the inodes"
    if min(left, inodes) < _NONE:
        return bad("disk", told, "Make room: nothing more can be stored soon, or now.")
    if min(left, inodes) < _LITTLE:
        return warn("disk", told, "Make room, or let old objects expire.")
    return ok("disk", told)


def rights(data: Path, user: int | None = None) -> Finding:
    """Whether the data folder belongs to who runs this, with all in it, and to nobody else."""
    user = os.geteuid() if user is None else user
    if not is_there(data):
        above = nearest(data)
        if above.is_dir() and _may(above, os.W_OK | os.X_OK):
            return ok("data folder", f"{data} is not there yet: `tintype up` makes it")
        return bad(
            "data folder",
            f"{data} is not there, and {above} cannot be written to",
            "Make it and give it to the user that runs Tintype, or name another by TINTYPE_DATA.",
        )
    if not data.is_dir():
        return bad("data folder", f"{data} is no folder", "Name a folder by TINTYPE_DATA.")
    if not _may(data, os.R_OK | os.W_OK | os.X_OK):
        return bad(
            "data folder",
            f"{data} cannot be read and written by {_user(user)}",
            f"`chown -R {_user(user)} {data}`, or run Tintype as the user that it belongs to.",
        )
    return _owners(data, user)


def _owners(data: Path, user: int) -> Finding:
    strangers = [each for each in (data, *data.iterdir()) if each.lstat().st_uid != user]
    if strangers:
        owner = _user(strangers[0].lstat().st_uid)
        return warn(
            "data folder",
            f"{strangers[0]} belongs to {owner}, and this is {_user(user)}",
            f"Run Tintype as {owner}, or `chown -R {_user(user)} {data}`.",
        )
    mode = stat.S_IMODE(data.stat().st_mode)
    told = f"{data}, of {_user(user)}, mode {mode:03o}"
    remedy = f"`chmod 750 {shlex.quote(str(data))}`."
    if mode & stat.S_IWOTH:
        return bad("data folder", f"{told}: everybody on this machine can write", remedy)
    if mode & stat.S_IWGRP:
        return bad("data folder", f"{told}: its group can write, and put another database", remedy)
    if mode & (stat.S_IROTH | stat.S_IXOTH):
        return warn("data folder", f"{told}: everybody on this machine can read", remedy)
    return ok("data folder", told)


def secrecy(database: Path | None) -> Iterator[Finding]:
    """Whether only their owner uses the files of a SQLite database, where there is one."""
    if database is None or not is_there(database):
        return
    if exposed := exposure(database):
        yield bad("file rights", exposed.told, f"`{exposed.remedy}`")
    else:
        yield ok("file rights", f"{database}: only its owner reads and writes it")


def _may(folder: Path, mode: int) -> bool:
    return os.access(folder, mode, effective_ids=True)


def _user(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def kinds(
    folders: Mapping[str, Path], sqlite: Path | None, mounts: str | None = None
) -> Iterator[Finding]:
    """Whether the file systems are of a kind that keeps what it is given.

    `sqlite` is the database's file, where it is SQLite; `mounts` is what the kernel tells of this
    process's mounts.
    """
    table = tuple(_mounts(_MOUNTS.read_text() if mounts is None else mounts))
    found: dict[_Mount, list[str]] = {}
    for name, folder in folders.items():
        found.setdefault(_mount(folder, table), []).append(name)
    database = sqlite and _mount(sqlite, table)
    for mount, names in found.items():
        told = f"{mount.kind} at {mount.where} for {', '.join(names)}"
        if mount.kind in _PASSING:
            yield warn(
                "file system",
                f"{told}: {_PASSING[mount.kind]}",
                "Mount a disk or a volume there, unless that is what you want.",
            )
        elif mount == database and mount.kind in _NETWORK:
            yield warn(
                "file system",
                f"{told}: a network, over which SQLite may lose data",
                "Put the database on a local disk, or use Postgres (TINTYPE_DATABASE).",
            )
        else:
            yield ok("file system", told)


def _mounts(told: str) -> Iterator[_Mount]:
    """The mounts that proc(5) tells of, the newest last."""
    for line in told.splitlines():
        before, _, after = line.partition(" - ")
        where = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), before.split()[4])
        yield _Mount(Path(where), after.split()[0])


def _mount(path: Path, mounts: Sequence[_Mount]) -> _Mount:
    """The mount that a path is, or will be, on: the deepest, and of those the newest."""
    there = nearest(path).resolve()
    above = [each for each in mounts if there.is_relative_to(each.where)]
    return max(reversed(above), key=lambda each: len(each.where.parts), default=_UNKNOWN)
