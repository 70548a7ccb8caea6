"""Slots as advisory locks of a real server; nothing here asks DBOS."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.adapters.durable.stage import Database, wait_until
from tintype.adapters.durable.databases import address
from tintype.adapters.durable.sessions import SessionSlot
from tintype.errors import CatalogFailedError


@pytest.fixture
def database(postgres_url: str) -> Database:
    return Database(postgres_url)


@pytest.fixture
def claimed(database: Database) -> Iterator[Callable[[], SessionSlot]]:
    slots = []

    def claim() -> SessionSlot:
        slots.append(SessionSlot(address(database.url)))
        slots[-1].claim()
        return slots[-1]

    yield claim
    for slot in slots:
        slot.release()


class Watch:
    """Looks again and again which of some names are abandoned, as the janitor does."""

    def __init__(self, slot: SessionSlot, *names: str) -> None:
        self._slot = slot
        self._names = names
        self.visited: list[str] = []

    def look(self) -> bool:
        self._slot.visit_abandoned(self._names, self.visited.append)
        return bool(self.visited)

    def look_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.1)


def test_a_name_is_abandoned_when_its_lock_was_free_for_a_while(
    claimed: Callable[[], SessionSlot],
) -> None:
    own, living, dead = claimed(), claimed(), claimed()
    watch = Watch(own, living.name, dead.name)
    watch.look_for(3.5)
    assert watch.visited == []
    dead.release()
    freed = time.monotonic()
    wait_until(watch.look)
    assert time.monotonic() - freed >= 2.9
    assert watch.visited == [dead.name]


def test_a_name_that_was_recovered_must_be_free_for_a_while_again(
    claimed: Callable[[], SessionSlot],
) -> None:
    watch = Watch(claimed(), "worker-dead")
    wait_until(watch.look)
    watch.look()
    assert watch.visited == ["worker-dead"]


def test_a_name_that_was_not_asked_for_meanwhile_counts_anew(
    claimed: Callable[[], SessionSlot],
) -> None:
    own = claimed()
    watch = Watch(own, "worker-dead")
    watch.look()
    time.sleep(3.5)
    Watch(own).look()
    watch.look()
    assert watch.visited == []


def test_an_abandoned_name_is_held_while_it_is_visited(claimed: Callable[[], SessionSlot]) -> None:
    own, other = claimed(), claimed()
    watch = Watch(other, "worker-dead")
    seen: list[list[str]] = []

    def visit(_: str) -> None:
        watch.look_for(3.5)
        seen.append(list(watch.visited))

    def look() -> bool:
        own.visit_abandoned(["worker-dead"], visit)
        return bool(seen)

    wait_until(look)
    assert seen == [[]]


def test_a_session_that_was_ended_is_made_again_before_anybody_minds(
    claimed: Callable[[], SessionSlot], database: Database
) -> None:
    own, living = claimed(), claimed()
    watch = Watch(own, living.name)
    for _ in range(3):
        database.end_sessions(holding="advisory")
        watch.look_for(2.0)
    watch.look_for(3.5)
    assert watch.visited == []
    assert living.held
    living.release()
    wait_until(watch.look)
    assert watch.visited == [living.name]


def test_a_name_that_is_visited_cannot_be_taken_back_meanwhile(
    claimed: Callable[[], SessionSlot], database: Database
) -> None:
    owner = claimed()
    for visitor in iter(claimed, None):
        with visitor._tried(owner.name) as free:
            if free:  # the owner has not connected again yet
                wait_until(lambda: not owner.held)
                time.sleep(1.5)
                assert not owner.held
                break
        database.end_sessions(holding="advisory")
    wait_until(lambda: owner.held)


def test_the_server_ends_a_session_that_falls_silent(
    claimed: Callable[[], SessionSlot], database: Database
) -> None:
    claimed()
    limit = database.rows("SHOW idle_session_timeout")
    assert limit == [("0",)], "the limit is that of the slot's session only"
    slot = claimed()
    assert slot._connection is not None
    assert slot._connection.exec_driver_sql("SHOW idle_session_timeout").scalar() == "10s"


def test_a_server_that_cannot_be_reached_is_a_named_failure() -> None:
    slot = SessionSlot(address("postgresql://tintype@/none?host=/nowhere"))
    with pytest.raises(CatalogFailedError):
        slot.claim()
    assert not slot.held
    slot.release()
