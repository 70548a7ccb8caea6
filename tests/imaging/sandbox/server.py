"""A server to be killed: it renders each of its commands in a child of its own."""

import sys
import threading
from pathlib import Path

from tests.imaging.sandbox.play import open_sandbox, play


def main() -> None:
    """Serve until killed; a line on standard output says that the children are ready."""
    scratch, *commands = sys.argv[1:]
    sandbox = open_sandbox(Path(scratch), size=len(commands))
    for command in commands:
        threading.Thread(target=play, args=(sandbox, command)).start()
    print(sandbox._zygote.pid, flush=True)


if __name__ == "__main__":
    main()
