"""What questions cost: each has an index, so that the millionth image costs what the first did."""

import itertools
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.adapters.sql.conftest import enqueue
from tests.adapters.sql.first_release import FirstRelease
from tintype.adapters.sql import SqlCatalog
from tintype.adapters.sql.rows import original_values
from tintype.adapters.sql.schema import IMAGES
from tintype.model import ImageState, Run, new_image_id
from tintype.ports.catalog import Which
from tintype.testing.catalog_setting import (
    DIED,
    Clock,
    accept,
    begin,
    dead,
    done,
    original,
    variant,
)
from tintype.testing.key_contract import api_key

Statements = list[tuple[str, Any]]


@contextmanager
def recorded(engine: sa.Engine) -> Iterator[Statements]:
    """The statements that are executed meanwhile, each with parameters."""
    statements: Statements = []

    def record(_c: Any, _u: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        statements.append((statement, parameters[0] if many else parameters))

    sa.event.listen(engine, "before_cursor_execute", record)
    yield statements
    sa.event.remove(engine, "before_cursor_execute", record)


def ask_everything(catalog: SqlCatalog, clock: Clock) -> None:
    first = accept(catalog, idempotency=("key", "print"))
    lease = begin(catalog, first.run)
    catalog.claim_keys(lease, {"small": "small/a.jpg"})
    catalog.current(lease)
    accept(catalog, version="v2")
    catalog.retry(lease, DIED, delay=1)
    accepted = done(catalog, "originals/b.jpg")
    catalog.waits("originals/a.jpg")
    catalog.knows("originals/a.jpg")
    catalog.failures(first.job.id)
    catalog.attempts(first.job.id)
    catalog.overdue(5)
    catalog.image_by_key("originals/b.jpg")
    catalog.variant_by_key("small/originals/b.jpg")
    catalog.job(accepted.job.id)
    cursor = catalog.images(limit=1).next
    catalog.images(cursor=cursor, state=accepted.image.state)
    catalog.images(since=accepted.image.created_at, until=accepted.image.created_at)
    catalog.jobs(cursor=catalog.jobs(limit=1).next, state=accepted.image.state)
    letters = [dead(catalog, f"originals/dead-{number}") for number in range(4)]
    begin(catalog, Run(catalog.revive(accepted.job.id).id, 2))
    assert accepted.run
    catalog.repair(accepted.run, (variant(),))
    catalog.cancel(accepted.job.id)
    cursor = catalog.dead_letters(limit=1).next
    moment = letters[0].updated_at
    for which in (
        Which(),
        Which(job_id=letters[0].id),
        Which(code=DIED.code),
        Which(prefix="originals/"),
        Which(since=moment, until=moment + timedelta(days=1)),
    ):
        catalog.dead_letters(which, cursor=cursor)
        catalog.redrive(which, limit=1)
        catalog.drop(which, limit=1)
    catalog.backlog()
    catalog.counts()
    catalog.keep_key(api_key(clock), "digest")
    catalog.key("digest")
    catalog.touch_key("key_unknown", moment)
    catalog.secrets("links")
    catalog.rotate_secret("links")
    accept(catalog, idempotency=("key", "print"))


def test_no_question_reads_a_whole_table_or_sorts_what_it_reads(
    engine: sa.Engine, clock: Clock
) -> None:
    with recorded(engine) as statements:
        ask_everything(SqlCatalog(engine, enqueue, clock=clock), clock)
    found = plans(engine, statements, pressed=True)
    assert len(found) > 40
    dear = {
        statement: steps
        for statement, plan in found.items()
        if not ORDERED_BY_HAND.match(statement)
        and (steps := [step for step in plan if is_dear(step)])
    }
    assert dear == {}


def is_dear(step: str) -> bool:
    """Whether a step of a plan reads all of a table, or sorts."""
    if step.startswith("SCAN") and step != "SCAN CONSTANT ROW":
        return " USING " not in step
    return any(words in step for words in ("TEMP B-TREE FOR ORDER BY", "Seq Scan", "Sort"))


# A handful of rows that are found by their ids, then put in order.
ORDERED_BY_HAND = re.compile(r"SELECT variants\.|SELECT jobs\.[^?%]* AS present_id")


def plans(
    engine: sa.Engine, statements: Statements, *, pressed: bool = False
) -> dict[str, list[str]]:
    """How the database would execute each statement, in steps.

    Postgres reads small tables as a whole; `pressed`, only where it knows no other way.
    """
    server = engine.dialect.name == "postgresql"
    explain = "EXPLAIN" if server else "EXPLAIN QUERY PLAN"
    found = {}
    with engine.connect() as connection:
        for kind in ("seqscan", "sort", "bitmapscan") if server and pressed else ():
            connection.exec_driver_sql(f"SET enable_{kind} = off")
        for statement, parameters in statements:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")) and "advisory" not in statement:
                rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
                found[statement] = [row[-1] for row in rows]
        connection.rollback()
    return found


def test_what_waits_and_what_failed_have_indexes_of_their_own(
    engine: sa.Engine, clock: Clock
) -> None:
    """Among many more jobs that are done."""
    catalog = SqlCatalog(engine, enqueue, clock=clock)
    wrote = FirstRelease()
    for number in range(3000):
        kind = number % 30
        state = {0: "queued", 1: "dead"}.get(kind, "done")
        error = "host_died" if number % 300 == 1 else "store_failed"
        wrote.job(
            wrote.image(),
            state,
            attempts=1,
            startable=number % 300 == 0,
            error=error if state == "dead" else None,
        )
    with engine.begin() as connection:
        wrote.write(connection)
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
    for ask, index in (
        (catalog.backlog, "ix_jobs_queued"),
        (catalog.backlog, r"ix_jobs_dead_letters\w*"),
        (catalog.dead_letters, "ix_jobs_dead_letters"),
        (lambda: catalog.dead_letters(Which(code="host_died")), "ix_jobs_dead_letters_code"),
        (lambda: catalog.overdue(5), "ix_jobs_startable_at"),
    ):
        with recorded(engine) as statements:
            ask()
        (plan,) = plans(engine, statements).values()
        assert any(re.search(rf"\b{index}\b", step) for step in plan), plan


THE_DAY, DAYS, PER_DAY = datetime(2026, 6, 1, tzinfo=UTC), 150, 10


@pytest.mark.parametrize("state", [None, ImageState.DONE])
@pytest.mark.parametrize("paged", [False, True])
def test_the_images_of_a_time_cost_the_same_however_many_came_before_and_after(
    engine: sa.Engine, clock: Clock, state: ImageState | None, paged: bool
) -> None:
    """Both ends are found in the index; what lies beyond them is never looked at."""
    catalog = SqlCatalog(engine, enqueue, clock=clock)
    fill(engine, [0])
    until = THE_DAY + timedelta(days=1)
    cursor = None
    if paged:
        cursor = catalog.images(limit=4, state=state, since=THE_DAY, until=until).next
    with recorded(engine) as statements:
        found = catalog.images(
            cursor=cursor, limit=PER_DAY, state=state, since=THE_DAY, until=until
        )
    assert len(found.items) == (PER_DAY - 4 if paged else PER_DAY)
    ((statement, parameters),) = [each for each in statements if "FROM images" in each[0]]
    alone = work(engine, statement, parameters)
    fill(engine, itertools.chain(range(-DAYS, 0), range(1, DAYS)))
    among_others = work(engine, statement, parameters)
    assert among_others <= 1.2 * alone + 1


def fill(engine: sa.Engine, days: Iterable[int]) -> None:
    """Ten images each of some days after the first of June."""
    rows = [
        {
            **original_values(original(f"originals/{moment:%Y-%m-%d-%H}.jpg")),
            "id": new_image_id(),
            "job_id": f"job_{moment}",
            "state": ImageState.DONE,
            "created_at": moment,
            "updated_at": moment,
        }
        for day in days
        for hour in range(PER_DAY)
        for moment in [THE_DAY + timedelta(days=day, hours=hour)]
    ]
    with engine.begin() as connection:
        connection.execute(IMAGES.insert(), rows)
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")


def work(engine: sa.Engine, statement: str, parameters: Any) -> int:
    """What a question takes: on Postgres the rows it looks at, on SQLite the steps of its program.

    Rows that are looked at and left out count.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            ((report,),) = connection.exec_driver_sql(explain, parameters).scalars()
            return rows_read(report["Plan"])
        steps = itertools.count()
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(lambda: next(steps) < 0, 1)
        connection.exec_driver_sql(statement, parameters).all()
        driver.set_progress_handler(None, 0)
        return next(steps)


def rows_read(node: dict[str, Any]) -> int:
    """The rows that the scans of a plan have looked at."""
    below = sum(map(rows_read, node.get("Plans", ())))
    if "Scan" not in node["Node Type"]:
        return below
    return int(below + node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
