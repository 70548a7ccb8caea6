"""The thread that looks for abandoned runs."""

import threading
from collections.abc import Callable
from typing import cast

import pytest
from structlog.testing import capture_logs

from tintype.adapters.durable import janitor
from tintype.adapters.durable.janitor import Janitor
from tintype.adapters.durable.slots import Slot
from tintype.errors import CatalogFailedError

PATIENCE = 30.0


class AwayForAWhile:
    """A slot, and runs of a database that is away for five looks."""

    held = True
    name = "one"

    def __init__(self) -> None:
        self.looks = 0
        self.back = threading.Event()

    def owners(self) -> set[str]:
        self.looks += 1
        if self.looks <= 5:
            raise CatalogFailedError
        if self.looks == 7:
            raise CatalogFailedError("Another outage")
        if self.looks > 7:
            self.back.set()
        return set()

    def visit_abandoned(self, _names: set[str], _visit: Callable[[str], None]) -> None:
        """Nobody is dead."""


def test_an_outage_is_told_once_and_the_next_one_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(janitor, "_INTERVAL_SECONDS", 0.01)
    away = AwayForAWhile()
    looking = Janitor(cast("Slot", away), cast("janitor.Runs", away))
    with capture_logs() as lines:
        looking.start()
        assert away.back.wait(PATIENCE)
        looking.stop()
    told = [line["detail"] for line in lines if line["event"] == "janitor.failed"]
    assert told == ["The database failed.", "Another outage"]
