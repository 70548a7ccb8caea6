"""Fills the queue: a hundred thousand jobs in seconds, as if each had been accepted."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from tintype.model import Job, Run, job_id, new_image_id

_BATCH = 2000


def fill(url: str, model: Job, count: int) -> None:
    """Copy a job that waits in the engine's queue, and its image, so many times.

    The copies' rows differ from the model's in their ids, keys and names, as those of other
    uploads do. The model comes last.
    """
    address = sa.make_url(url)
    sqlite = address.drivername == "sqlite"
    engine = sa.create_engine(address.set(drivername="sqlite" if sqlite else "postgresql+psycopg"))
    schema = "" if sqlite else "dbos."
    run_id = Run(model.id, model.attempts + 1).id
    with engine.begin() as connection:
        rows = {
            "images": _row(connection, "images", "id", model.image_id),
            "jobs": _row(connection, "jobs", "id", model.id),
        }
        for table in ("workflow_status", "workflow_input"):
            rows[schema + table] = _row(connection, schema + table, "workflow_uuid", run_id)
        for batch in _batches(count):
            copies = [(_names(model, number), count - number) for number in batch]
            for table, row in rows.items():
                names = ", ".join(row)
                values = ", ".join(f":{name}" for name in row)
                connection.execute(
                    sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"),
                    [_copy(row, renamed, age) for renamed, age in copies],
                )
    engine.dispose()


def _batches(count: int) -> Iterator[range]:
    for first in range(0, count, _BATCH):
        yield range(first, min(first + _BATCH, count))


def _row(connection: sa.Connection, table: str, column: str, value: str) -> dict[str, Any]:
    query = sa.text(f"SELECT * FROM {table} WHERE {column} = :value")
    return dict(connection.execute(query, {"value": value}).mappings().one())


def _names(model: Job, number: int) -> dict[str, str]:
    """What the model's names become in a copy."""
    image_id = new_image_id()
    return {
        model.id: job_id(image_id, model.original.version, model.recipe_digest),
        model.image_id: image_id,
        model.original.key: f"originals/{image_id}-{number}.jpg",
        model.original.name: f"{image_id}-{number}.jpg",
    }


def _copy(row: dict[str, Any], renamed: dict[str, str], age: int) -> dict[str, Any]:
    """A row with other names; the engine's is older by so many milliseconds."""
    copied = dict(row)
    for column, value in row.items():
        if isinstance(value, str):
            for old, new in renamed.items():
                copied[column] = copied[column].replace(old, new)
        elif column == "created_at" and isinstance(value, int):
            copied[column] = value - age
    return copied
