"""Programs on one database, started, stopped and killed by a test, and what their jobs come to."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import httpx
import sqlalchemy as sa

from tests.support.launcher import Crash, Launched, Launcher
from tests.support.photographs import encoded, photograph
from tests.support.proof import Ledger
from tests.support.storm import RECIPE
from tintype.adapters.sql.schema import ATTEMPTS, JOBS
from tintype.model import ImageState

_PATIENCE = 60.0  # a ceiling against hangs, far above what anything here takes


class Deployment:
    """`tintype up` and `tintype worker` with one decoder each, so that work waits.

    `environ` is for all of them from their start on, LD_PRELOAD for one.
    """

    def __init__(
        self, folder: Path, database: str, environ: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.ledger = Ledger(database)
        self.sent = 0
        self._launcher = Launcher(folder / "logs", environ)
        self._shared = ["--recipe", str(RECIPE), "--data", str(folder / "data")]
        self._environ = {"TINTYPE_DATABASE": database, "TINTYPE_DECODERS": "1"}
        self._content = encoded(photograph(1600, 1200), "PNG", compress_level=1)
        self._running: list[Launched] = []

    def launch(
        self, program: str = "up", *, crash: Crash | None = None, **environ: str
    ) -> Launched:
        """Start a program, with further settings, and with `crash` one that kills itself."""
        arguments = [program, *self._shared]
        if program == "up":
            arguments += ["--no-auth", "--port", "0"]
        running = self._launcher.launch(
            arguments, name=program, environ=self._environ | environ, crash=crash
        )
        self._running.append(running)
        return running

    def start(self, program: str = "up", *, crash: Crash | None = None, **environ: str) -> Launched:
        """Start a program and wait until it is ready."""
        running = self.launch(program, crash=crash, **environ)
        assert running.wait_until_ready(), running.log.read_text()[-3000:]
        return running

    def send(self, server: Launched, count: int, wait: str = "0") -> None:
        """Upload so many photographs that take a while, and wait so many seconds for each."""
        for _ in range(count):
            params = {"name": "photograph.png", "wait": wait}
            answer = httpx.post(
                f"{server.url}/v1/images", params=params, content=self._content, timeout=_PATIENCE
            )
            assert answer.is_success, answer.text
            self.sent += 1

    def replace(self, server: Launched, name: str, content: bytes) -> None:
        """Upload a photograph in the place of the one with this name, if there is one."""
        params = {"name": name, "key": f"originals/{name}"}
        answer = httpx.post(f"{server.url}/v1/images", params=params, content=content)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text

    def states(self) -> dict[ImageState, int]:
        """How many jobs are in each state."""
        counted = sa.select(JOBS.c.state, sa.func.count()).group_by(JOBS.c.state)
        with self.ledger.reading() as connection:
            return dict(connection.execute(counted).all())

    def drain(self) -> None:
        """Wait until nothing is left to do."""
        assert self.ledger.wait_until_drained(_PATIENCE), self.ledger.unfinished()

    def assert_done(self, count: int) -> None:
        """All is drained, and each job was done by its first attempt."""
        self.drain()
        with self.ledger.reading() as connection:
            attempts = connection.execute(sa.select(ATTEMPTS.c.number, ATTEMPTS.c.error_code)).all()
        assert self.states() == {ImageState.DONE: count}
        assert attempts == [(1, None)] * count

    def close(self) -> None:
        """Kill what still runs."""
        for running in self._running:
            if not running.ended():
                running.kill_family()
        self._launcher.close()
