"""A process that claims and ends runs, in a race with others.

Usage: claimer.py URL JOB...: the first attempts of these jobs. Prints each job that it ended.
"""

import sys
from contextlib import suppress

import sqlalchemy as sa

from tintype.adapters.sql import SqlCatalog, open_engine
from tintype.errors import LeaseLostError
from tintype.model import ImageState, Priority, Run


def enqueue(connection: sa.Connection, run: Run, delay: float, priority: Priority) -> None:
    """No queue: nothing is tried again."""


def main(url: str, *jobs: str) -> None:
    engine = open_engine(url)
    catalog = SqlCatalog(engine, enqueue)
    catalog.check()
    print("ready", flush=True)
    sys.stdin.readline()
    for job in jobs:
        lease = catalog.claim(Run(job, 1))
        with suppress(LeaseLostError):
            if lease:
                catalog.finish(lease, ImageState.DONE)
                print(job, flush=True)
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
