"""A service whose jobs fail when a test wants them to, at their first attempt."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService
from tintype.ports.store import RESERVED

_RECIPE = """
version: 1
name: troubled
variants:
  - name: small
    operations: [{resize: {width: 40}}]
    key: "small/{name}.{ext}"
delivery: {access: public}
retry: {max_attempts: 1}
"""
_PATIENCE = 60.0  # a ceiling against hangs

PICTURE = encoded(photograph(80, 60))


class TroubledService(RunningService):
    """A service with a store for variants of its own, which can be spoiled."""

    def __init__(self, folder: Path, *, environ: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        recipe = folder / "recipe.yaml"
        recipe.write_text(_RECIPE)
        self._variants = folder / "variants"
        own = {"TINTYPE_VARIANTS": f"file://{self._variants}"}
        super().__init__(recipe, folder / "data", environ=own | (environ or {}))

    @contextmanager
    def trouble(self) -> Iterator[None]:
        """No variant can be stored meanwhile."""
        staging, away = self._variants / RESERVED, self._variants.with_name("away")
        staging.rename(away)
        staging.write_text("No file can be made below this one.")
        try:
            yield
        finally:
            staging.unlink()
            away.rename(staging)

    def dead(self, *names: str) -> list[dict[str, Any]]:
        """Images whose jobs failed their last attempt."""
        with self.trouble():
            sent = [self.upload(name, PICTURE)["id"] for name in names]
            images = [self.settled(each) for each in sent]
        assert {image["status"] for image in images} <= {"dead"}
        return images

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No job begins meanwhile."""
        self.act("/v1/queue/pause")
        time.sleep(1)  # what is taken from the queue just now still begins
        try:
            yield
        finally:
            self.act("/v1/queue/resume")

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """What a route answers, which must be a success."""
        answer: dict[str, Any] = self.client.get(path, params=params).raise_for_status().json()
        return answer

    def act(self, path: str, body: object = None) -> dict[str, Any]:
        """What an action answers, which must be a success."""
        response = self.client.post(path, json=body)
        assert response.is_success, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def becomes(self, job_id: str, status: str) -> dict[str, Any]:
        """One job, when it has come to a state."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            job = self.get(f"/v1/jobs/{job_id}")
            if job["status"] == status:
                return job
            time.sleep(0.05)
        raise AssertionError(f"{job_id} did not become {status}: {job}")
