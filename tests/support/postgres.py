"""A Postgres server of the tests' own: started, stopped and killed like any other process."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

_PATIENCE = 30.0


class PostgresServer:
    """A server in a folder of its own, reached by a socket in that folder; no TCP port is taken.

    `folder` must be one that every user can enter: Postgres refuses to run as root, so that as root
    it is started as the user whom Debian's package makes for it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._run("initdb", "--auth=trust", "--username=tintype", "--no-sync", "--encoding=UTF8")
        self._databases = 0
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={self._folder} -c fsync=off"
            " -c max_connections=200 -c log_min_messages=warning"
        )
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self._folder / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode `immediate` is what a crash does."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def freeze(self) -> None:
        """Stop the whole server in its tracks, as a network that swallows everything would."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"tintype_{self._databases}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql://tintype@/{database}?host={self._folder}"

    def _signal(self, number: int) -> None:
        leader = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
        for pid in [leader, *map(int, children)]:
            with suppress(ProcessLookupError):  # a thawed server may end a session meanwhile
                os.kill(pid, number)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [binary(program), "-D", self._data, *arguments],
            user=self._user,
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_PATIENCE,
        )


def binary(program: str) -> str:
    """A program of the newest Postgres here: Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    path = str(found[-1]) if found else shutil.which(program)
    if path is None:
        raise RuntimeError(f"Postgres is needed for this test: there is no {program}")
    return path


@contextmanager
def running_postgres(folder: Path) -> Iterator[PostgresServer]:
    """A server that is gone at the end."""
    folder.mkdir(mode=0o755)
    server = PostgresServer(folder)
    try:
        yield server
    finally:
        server.stop("immediate")


def wait_for(url: str) -> None:
    """Wait until a database answers again."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
