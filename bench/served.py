"""Peers that are servers, as ways: what is counted is the processor time of the server alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from bench.peers.install import Peers
from bench.processes import Server
from bench.service import (
    answers,
    free_port,
    ipx_command,
    ipx_path,
    thumbor_command,
    thumbor_path,
)
from bench.variants import THREE, Work


@dataclass
class Asked:
    """A running server that is asked for one variant after another."""

    command: list[str]
    port: int
    path: Callable[[Path, str, str], str]  # of a file's variant in a format
    log: Path
    client: httpx.Client = field(init=False)
    server: Server = field(init=False)

    @classmethod
    def ipx(cls, peers: Peers, root: Path, folder: Path) -> Self:
        """The server that is sharp's."""
        port = free_port()
        return cls(ipx_command(peers, root, port), port, ipx_path, folder / "ipx.log")

    @classmethod
    def thumbor(cls, peers: Peers, root: Path, folder: Path) -> Self:
        """The server that is Pillow's, in one process."""
        port = free_port()
        command = thumbor_command(peers, root, port, folder, processes=1)
        return cls(command, port, thumbor_path, folder / "thumbor.log")

    def __enter__(self) -> Self:
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        self.server = Server(self.command, lambda: answers(self.client, "/"), self.log)
        self.server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.__exit__(kind, error, trace)
        self.client.close()

    def make(self, source: Path, folder: Path, work: Work = THREE) -> float:
        """Have the variants made; returns the processor time in seconds."""
        folder.mkdir(parents=True, exist_ok=True)
        before = self.server.cpu_seconds()
        for size in work.sizes:
            for form in work.formats:
                answer = self.client.get(self.path(source, size, form)).raise_for_status()
                if answer.headers["content-type"] != f"image/{form}":
                    raise RuntimeError(f"{answer.url} is {answer.headers['content-type']}")
                (folder / f"{size}.{form}").write_bytes(answer.content)
        return self.server.cpu_seconds() - before
