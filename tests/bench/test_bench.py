"""What the bench measures with."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from bench.photographs import write_photograph
from bench.processes import Way, Worker, cpu_seconds
from bench.quality import center_boxes, decibels, references
from bench.variants import VARIANTS


@pytest.mark.parametrize("progressive", [False, True])
def test_a_generated_photograph_has_the_size_and_kind_that_was_asked_for(
    tmp_path: Path, progressive: bool
) -> None:
    path = tmp_path / "photograph.jpg"
    write_photograph(path, 640, 427, progressive=progressive)
    with Image.open(path) as image:
        assert image.size == (640, 427)
        assert ("progressive" in image.info) == progressive
        assert np.asarray(image).std() > 20


def test_the_center_has_the_aspect_of_the_variant_and_lies_inside() -> None:
    for whole in ((5964, 3976), (1600, 1067), (427, 640), (800, 600)):
        for size in VARIANTS.values():
            for left, top, right, bottom in center_boxes(whole, size):
                assert 0 <= left < right <= whole[0]
                assert 0 <= top < bottom <= whole[1]
                aspect = (right - left) / (bottom - top)
                assert aspect == pytest.approx(size[0] / size[1], rel=0.01)


def test_a_blurred_picture_is_further_from_its_reference_than_a_sharp_one(tmp_path: Path) -> None:
    source = tmp_path / "source.jpg"
    write_photograph(source, 1200, 900, progressive=False)
    ideals = references(source)["400x300"]
    Image.fromarray(ideals[0]).save(tmp_path / "equal.png")
    small = Image.fromarray(ideals[0]).resize((200, 150))
    small.resize((400, 300)).save(tmp_path / "blurred.png")
    assert decibels(ideals, tmp_path / "equal.png") == pytest.approx(55.9, abs=0.1)
    assert decibels(ideals, tmp_path / "blurred.png") < 40


def test_processor_time_includes_that_of_children() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    program = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        watched = psutil.Process(process.pid)
        while cpu_seconds(watched) < 0.3:
            assert process.poll() is None
        process.communicate(b"\n")


@pytest.mark.parametrize("module", ["floor", "tintype_sandbox", "pyvips_thumbnail", "pillow_draft"])
def test_every_way_makes_the_variants(tmp_path: Path, module: str) -> None:
    source = tmp_path / "source.jpg"
    write_photograph(source, 1700, 1100, progressive=True)
    with Worker(Way(module, [sys.executable, "-m", f"bench.ways.{module}"])) as worker:
        for form in ("jpeg", "png"):
            assert worker.make(source, tmp_path / "out", form) >= 0
    for form in ("jpeg", "png"):
        for name, size in VARIANTS.items():
            with Image.open(tmp_path / "out" / f"{name}.{form}") as image:
                assert image.size == size
                assert image.format == form.upper()
                assert ("progressive" in image.info) == (form == "jpeg")
