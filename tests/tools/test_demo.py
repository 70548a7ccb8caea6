"""The demonstration runs, and leaves nothing running."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
from PIL import Image

from tests.support.photographs import write_photograph

# Where the tests run in the background of a shell, Ctrl-C is ignored unless it is asked for.
SCRIPT = """
import signal
import sys
from pathlib import Path
from tools.demo import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[2:], Path(sys.argv[1])))
"""
ROOT = Path(__file__).parents[2]


def test_the_demonstration_shows_variants_until_it_is_interrupted(tmp_path: Path) -> None:
    photograph = write_photograph(tmp_path / "lamp.jpg", 1000, 700)
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SCRIPT, str(tmp_path / "demo"), str(photograph)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    told = ""
    while "Press Ctrl-C" not in told:
        line = process.stdout.readline()
        assert line, told
        told += line
    family = psutil.Process(process.pid).children(recursive=True)
    try:
        addresses = re.findall(r"http://\S+/lamp\.jpg", told)
        assert len(addresses) == 3
        for address in addresses:
            assert httpx.get(address).raise_for_status().headers["content-type"] == "image/jpeg"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert not psutil.wait_procs(family, timeout=10)[1]
    with Image.open(tmp_path / "demo" / "developed" / "800x600" / "lamp.jpg") as developed:
        assert developed.size == (800, 600)
