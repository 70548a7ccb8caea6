"""A real service in a process of its own, to be asked, stopped and killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

_READY = re.compile(r"ready at (http://\S+)/ ")
_PATIENCE = 60.0  # a ceiling against hangs, far above what anything here takes


class RunningService:
    """`tintype up` on a free port, in a process group of its own.

    Without `auth` everybody may do everything; with it, `welcome` is what is printed to let the
    first person in.
    """

    def __init__(
        self,
        recipe: Path,
        data: Path,
        *,
        environ: dict[str, str] | None = None,
        auth: bool = False,
    ) -> None:
        self.data = data
        self._log = (data.parent / f"{data.name}.log").open("ab")
        command = [sys.executable, "-m", "tintype.entrypoints.cli", "up"]
        command += [] if auth else ["--no-auth"]
        self.process = subprocess.Popen(
            [*command, "--recipe", str(recipe), "--data", str(data), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | (environ or {}),
            start_new_session=True,
            text=True,
        )
        self.url = self._ready()
        self.welcome = self._welcome() if auth else ""
        self.client = httpx.Client(base_url=self.url, timeout=_PATIENCE)

    def _ready(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = _READY.search(line)
        if not found:
            self.process.wait(_PATIENCE)
            raise AssertionError(f"the service did not start: {line!r}\n{self.log()}")
        return found[1]

    def _welcome(self) -> str:
        assert self.process.stdout
        told = ""
        while "/login?token=" not in told:
            line = self.process.stdout.readline()
            assert line, self.log()
            told += line
        return told

    def log(self) -> str:
        """What the service has written to standard error."""
        return Path(self._log.name).read_text()

    def family(self) -> list[psutil.Process]:
        """The service's process and all below it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def kill(self) -> None:
        """Kill the server with its whole process group, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self._gone()

    def kill_server(self) -> None:
        """Kill only the server's own process; its children must follow by themselves."""
        self.process.kill()
        self._gone()

    def stop(self) -> int:
        """Stop it politely; returns the exit status."""
        self.process.terminate()
        self._gone()
        return self.process.returncode

    def _gone(self) -> None:
        self.process.wait(_PATIENCE)
        assert self.process.stdout
        self.process.stdout.close()
        self._log.close()
        self.client.close()

    # --- what the tests ask ---

    def upload(self, name: str, content: bytes, **params: str) -> dict[str, Any]:
        """Upload a raw body; returns the answer, which must be a success."""
        response = self.client.post("/v1/images", params={"name": name, **params}, content=content)
        assert response.is_success, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def image(self, image_id: str) -> dict[str, Any]:
        """One image."""
        answer: dict[str, Any] = self.client.get(f"/v1/images/{image_id}").raise_for_status().json()
        return answer

    def images(self) -> list[dict[str, Any]]:
        """All images, newest first."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = self.client.get("/v1/images", params=params).raise_for_status().json()
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    def settled(self, image_id: str) -> dict[str, Any]:
        """One image, when nothing more will happen to it by itself."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            image = self.image(image_id)
            if image["status"] not in ("queued", "running"):
                return image
            time.sleep(0.05)
        raise AssertionError(f"{image_id} did not settle: {self.image(image_id)}")


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether all these processes end within the patience of a test."""
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
