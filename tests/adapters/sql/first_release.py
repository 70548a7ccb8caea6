"""The catalog as release 0001 left it: its tables, and the rows that it wrote."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tintype.adapters.sql import migrating
from tintype.adapters.sql.engines import Transactions
from tintype.model import job_id, new_image_id

RECIPE = "digest-1"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
_MOMENT = sa.DateTime(timezone=True)


def _table(name: str, words: str, numbers: str, moments: str) -> sa.TableClause:
    return sa.table(
        name,
        *(sa.column(each, sa.Text) for each in words.split()),
        *(sa.column(each, sa.BigInteger) for each in numbers.split()),
        *(sa.column(each, _MOMENT) for each in moments.split()),
    )


IMAGES = _table(
    "images",
    "id key name version state job_id error_code error_detail",
    "size",
    "created_at updated_at",
)
JOBS = _table(
    "jobs",
    "id image_id key name version recipe_digest state error_code error_detail",
    "size attempts",
    "startable_at created_at updated_at",
)
LEASES = _table("leases", "key job_id", "token", "began_at")
ATTEMPTS = _table("attempts", "job_id error_code error_detail", "number", "started_at finished_at")


def migrate_to_first(engine: sa.Engine) -> None:
    """Make the tables of revision 0001."""
    config = Config()
    folder = Path(migrating.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with Transactions(engine).commit() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")


class FirstRelease:
    """Writes images and their jobs, one after the other."""

    def __init__(self) -> None:
        self.rows: dict[sa.TableClause, list[dict[str, Any]]] = {
            table: [] for table in (IMAGES, JOBS, LEASES, ATTEMPTS)
        }

    def image(self) -> str:
        """An image with a job of version v1, not written yet; returns its key."""
        number = len(self.rows[IMAGES])
        key = f"originals/{number}.jpg"
        self.rows[IMAGES].append({"id": new_image_id(), "key": key})
        return key

    def job(
        self,
        key: str,
        state: str,
        *,
        version: str = "v1",
        attempts: int = 0,
        startable: bool = False,
        error: str | None = None,
    ) -> str:
        """The newest job of an image; returns its id."""
        image = next(row for row in self.rows[IMAGES] if row["key"] == key)
        made_at = NOON + timedelta(seconds=len(self.rows[JOBS]))
        same = {"key": key, "name": "a.jpg", "version": version, "size": 10, "state": state}
        same |= {"error_code": error, "error_detail": "It failed." if error else None}
        same |= {"created_at": made_at, "updated_at": made_at}
        job = job_id(image["id"], version, RECIPE)
        row = same | {"id": job, "image_id": image["id"], "recipe_digest": RECIPE}
        row |= {"attempts": attempts, "startable_at": made_at if startable else None}
        self.rows[JOBS].append(row)
        image.update(same | {"job_id": job})
        return job

    def lease(self, key: str, job: str | None, token: int) -> None:
        """The lease of a key."""
        row = {"key": key, "job_id": job, "token": token, "began_at": NOON}
        self.rows[LEASES].append(row)

    def attempt(self, job: str, number: int, error: str | None) -> None:
        """An attempt that ended."""
        row = {"job_id": job, "number": number, "started_at": NOON, "finished_at": NOON}
        row |= {"error_code": error, "error_detail": "It failed." if error else None}
        self.rows[ATTEMPTS].append(row)

    def write(self, connection: sa.Connection) -> None:
        """Write all of it."""
        for table, rows in self.rows.items():
            if rows:
                connection.execute(table.insert(), rows)
