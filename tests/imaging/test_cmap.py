"""Which characters the fonts have, by their tables and by another library."""

from pathlib import Path

import pytest
from PIL import ImageFont

from tintype.imaging import fonts
from tintype.imaging.cmap import characters


def test_what_the_fonts_have_is_what_is_drawn() -> None:
    """The table of every font against what another library finds in it."""
    for font in fonts._FONTS:
        file = fonts._folder(font) / font.file
        ranges = characters(file)
        assert list(ranges) == sorted(ranges)
        image = ImageFont.truetype(str(file), 20)
        missing = image.getmask("\U0010ffff").getbbox(), bytes(image.getmask("\U0010ffff"))
        first, last = ranges[len(ranges) // 2]
        for character in (chr(first), chr(last)):
            mask = image.getmask(character)
            assert (mask.getbbox(), bytes(mask)) != missing, (font.family, character)


def test_a_file_without_a_table_is_no_font(tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_bytes(b"\0\1\0\0" + bytes(8))
    with pytest.raises(ValueError, match="cmap"):
        characters(tmp_path / "font.ttf")
