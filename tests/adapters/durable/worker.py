"""A worker process for the tests of the durable engine, which kill it.

Usage: worker.py URL JOURNAL SECONDS THREADS. Runs take SECONDS each; their begin and end are lines
of JOURNAL. Each line on standard input asks for something, and is answered by one on standard
output: `start JOB`, `enqueue JOB`, `paused`. At the end of the input the worker drains and exits.
"""

import os
import sys
import time

from tintype.adapters.durable import DurableEngine
from tintype.entrypoints.logs import configure_logs
from tintype.model import Run


def main(url: str, journal: str, seconds: float, threads: int) -> None:
    configure_logs()
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(event: str, run: Run) -> None:
        os.write(descriptor, f"{event} {run.id} {os.getpid()}\n".encode())

    def handle(run: Run) -> None:
        note("begin", run)
        time.sleep(seconds)
        note("end", run)

    engine = DurableEngine(url, threads=threads)
    engine.launch(handle)
    print("ready", flush=True)
    for line in sys.stdin:
        match line.split():
            case "paused", _:
                print("paused" if engine.paused else "working", flush=True)
            case verb, job:
                getattr(engine, verb)(Run(job, 1))
                print(job, flush=True)
    ended = engine.drain(2.0)
    engine.close()
    print("drained" if ended else "gave up", flush=True)
    os._exit(0)  # a thread that still runs would be waited for


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
