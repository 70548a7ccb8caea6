"""The queue, worked off by several processes at once.

The same with 100,000 jobs, and what it costs, is `./do bench queue`.
"""

from pathlib import Path

import pytest

from bench.database import Database
from bench.queue import claims

JOBS = 2000
PROCESSES = 4


@pytest.mark.crash
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", Database)
def test_four_processes_claim_every_job_once(tmp_path: Path, database: Database) -> None:
    found = claims(database, JOBS, PROCESSES, tmp_path)
    assert (found.claims, found.twice, found.undone) == (JOBS, [], 0)
    assert all(found.of_each), "every process must have claimed some"
