"""The demonstration's photographs."""

from pathlib import Path

from PIL import Image

from tools.photographs import PHOTOGRAPHS, write_photographs


def test_every_photograph_becomes_a_jpeg_file_that_opens(tmp_path: Path) -> None:
    written = write_photographs(tmp_path / "originals")
    assert [path.name for path in written] == list(PHOTOGRAPHS.values())
    for path in written:
        with Image.open(path) as image:
            image.load()
            assert image.format == "JPEG"
            assert min(image.size) >= 300
