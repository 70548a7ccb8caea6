"""A large photograph is rendered in little memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.imaging.pictures import photograph

RENDER_AND_TELL = """
import sys
from pathlib import Path
from pydantic import TypeAdapter
from tintype.imaging.messages import RenderTask
from tintype.imaging.render import render
task = TypeAdapter(RenderTask).validate_json(sys.argv[1])
print(len(render(task, Path(sys.argv[2])).files))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""

TASK = """
{"input": "input",
 "limits": {"accept": ["jpeg"], "max_bytes": 50000000, "max_pixels": 100000000, "max_frames": 1},
 "variants": [
  {"name": "800x600", "operations": [{"resize": {"width": 800, "height": 600}}], "output": {}},
  {"name": "200x150", "operations": [{"resize": {"width": 200, "height": 150}}], "output": {}}]}
"""


@pytest.mark.parametrize(("progressive", "megabytes"), [(False, 120), (True, 250)])
def test_a_photograph_of_24_megapixels_takes_little_memory(
    progressive: bool, megabytes: int, tmp_path: Path
) -> None:
    """T11: a progressive JPEG is kept whole by its decoder, as coefficients."""
    image = photograph(600, 400).replicate(10, 10)
    image.jpegsave(str(tmp_path / "input"), interlace=progressive)
    done = subprocess.run(
        [sys.executable, "-c", RENDER_AND_TELL, TASK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    files, kilobytes = map(int, done.stdout.split())
    assert files == 2
    assert kilobytes / 1024 < megabytes
