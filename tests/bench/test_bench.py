"""What the bench measures with."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from bench.peers.install import _magick
from bench.photographs import in_format, write_photograph
from bench.processes import Way, Worker, cpu_seconds
from bench.quality import center_boxes, references
from bench.render import FLOOR, SCENES, _takes_part
from bench.variants import EFFORTS, VARIANTS, Work
from tintype.imaging.save import AVIF_EFFORT, WEBP_EFFORT


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
    ideal = references(source)["400x300"]
    Image.fromarray(ideal.cuts[0]).save(tmp_path / "equal.png")
    small = Image.fromarray(ideal.cuts[0]).resize((200, 150))
    small.resize((400, 300)).save(tmp_path / "blurred.png")
    assert ideal.decibels(tmp_path / "equal.png") == pytest.approx(55.9, abs=0.1)
    assert ideal.decibels(tmp_path / "blurred.png") < 40
    assert ideal.looks(tmp_path / "equal.png") == pytest.approx(100, abs=0.1)
    assert ideal.looks(tmp_path / "blurred.png") < 90


def test_every_scene_has_tintype_and_what_it_is_compared_with() -> None:
    names = [FLOOR, "tintype", "tintype without its sandbox", "pyvips thumbnail", "sharp 1.2.3"]
    for scene in SCENES:
        chosen = [name for name in names if _takes_part(name, scene)]
        assert "tintype" in chosen
        assert all(any(name.startswith(each) for name in chosen) for each in scene.against)
        assert ("tintype without its sandbox" in chosen) == (len(scene.work.sizes) == 1)


def test_all_ways_use_the_efforts_that_tintype_has() -> None:
    assert EFFORTS == {"webp": WEBP_EFFORT, "avif": AVIF_EFFORT}


@pytest.mark.parametrize("form", ["png", "webp", "avif"])
def test_three_photographs_become_files_of_another_format(tmp_path: Path, form: str) -> None:
    sources = [tmp_path / f"{number}.jpg" for number in range(9)]
    for source in sources:
        write_photograph(source, 2600, 1300, progressive=False)
    made = in_format(sources, form, tmp_path / "made")
    assert [path.name for path in made] == [f"{number}.{form}" for number in (0, 3, 6)]
    for path in made:
        with Image.open(path) as image:
            assert (image.size, image.format) == ((2400, 1200), form.upper())


def test_processor_time_includes_that_of_children() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    program = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        watched = psutil.Process(process.pid)
        while cpu_seconds(watched) < 0.3:
            assert process.poll() is None
        process.communicate(b"\n")


WAYS = {
    name: ["-m", f"bench.ways.{module}"]
    for name, module in {
        "floor": "floor",
        "tintype": "tintype_sandbox",
        "without sandbox": "tintype_inside",
        "pyvips": "pyvips_thumbnail",
        "pillow draft": "pillow_draft",
        "pillow full": "pillow_full",
    }.items()
} | {name: ["-m", "bench.ways.magick", *program] for name, program in _magick().items()}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_makes_the_variants(tmp_path: Path, way: str) -> None:
    source = tmp_path / "source.jpg"
    write_photograph(source, 1700, 1100, progressive=True)
    works = [Work(), Work(("png",)), Work(("webp",), ("400x300",))]
    with Worker(Way(way, [sys.executable, *WAYS[way]])) as worker:
        for work in works:
            assert worker.make(source, tmp_path / "out", work) >= 0
    for work in works:
        for name, size in work.boxes.items():
            for form in work.formats:
                with Image.open(tmp_path / "out" / f"{name}.{form}") as image:
                    assert image.size == size
                    assert image.format == form.upper()
                    assert ("progressive" in image.info) == (form == "jpeg")
    assert not (tmp_path / "out" / "800x600.webp").exists()
