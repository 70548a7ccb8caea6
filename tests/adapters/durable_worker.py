"""A worker process for the tests of the durable engine, which kill it.

Usage: durable_worker.py DATABASE JOURNAL SECONDS. Runs take SECONDS each; their begin and end are
lines of JOURNAL. Lines on standard input start or enqueue a run: `start JOB` or `enqueue JOB`.
At the end of the input the worker drains and exits.
"""

import os
import sys
import time

from tintype.adapters.durable import DurableEngine
from tintype.model import Run


def main(database: str, journal: str, seconds: float) -> None:
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(event: str, run: Run) -> None:
        os.write(descriptor, f"{event} {run.id} {os.getpid()}\n".encode())

    def handle(run: Run) -> None:
        note("begin", run)
        time.sleep(seconds)
        note("end", run)

    engine = DurableEngine(f"sqlite:///{database}", threads=2)
    engine.launch(handle)
    print("ready", flush=True)
    for line in sys.stdin:
        verb, job = line.split()
        getattr(engine, verb)(Run(job, 1))
        print(job, flush=True)
    ended = engine.drain(2.0)
    engine.close()
    print("drained" if ended else "gave up", flush=True)
    os._exit(0)  # a thread that still runs would be waited for


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
