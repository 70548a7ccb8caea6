"""The fonts that texts are drawn with: those of packages, never those of the machine.

They reach libvips file by file, and the configuration of fontconfig names no folder. So what is
installed on a machine changes nothing, and a child needs to read nothing but code folders.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tintype.imaging.cmap import characters

CONFIGURATION = Path(__file__).with_name("fonts.conf")
"""What FONTCONFIG_FILE must name in processes that draw texts, before they draw the first."""


class _Font(NamedTuple):
    family: str
    package: str
    file: str


# The first font that has a character draws it. The one for Chinese, Japanese and Korean is last:
# it has letters of other scripts too.
_FONTS = (
    _Font("Noto Sans", "fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    _Font("Noto Sans Arabic", "fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    _Font("Heebo", "fontpkg_heebo", "files/Heebo[wght].ttf"),
    _Font(
        "Noto Sans Devanagari",
        "fontpkg_noto_sans_devanagari",
        "files/NotoSansDevanagari[wdth,wght].ttf",
    ),
    _Font("Hind Siliguri", "fontpkg_hind_siliguri", "files/HindSiliguri-Regular.ttf"),
    _Font("Noto Sans Tamil", "fontpkg_noto_sans_tamil", "files/NotoSansTamil[wdth,wght].ttf"),
    _Font("Noto Sans Telugu", "fontpkg_noto_sans_telugu", "files/NotoSansTelugu[wdth,wght].ttf"),
    _Font("Noto Sans Thai", "fontpkg_noto_sans_thai", "files/NotoSansThai[wdth,wght].ttf"),
    _Font("Noto Sans Khmer", "fontpkg_noto_sans_khmer", "files/NotoSansKhmer[wdth,wght].ttf"),
    _Font("Noto Sans CJK JP", "noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),
)

# Spaces, and what only tells how others are drawn.
_NOT_DRAWN = ("Cf", "Zs")

FAMILIES = ", ".join(font.family for font in _FONTS)
"""All families, in the order in which they are asked for a character."""


def folders() -> Iterator[Path]:
    """Where the fonts' packages are."""
    for font in _FONTS:
        yield _folder(font)


def lacking(text: str) -> str:
    """The characters of a text that no font has, each once; what is never drawn is none of them."""
    wanted = {each: None for each in text if unicodedata.category(each) not in _NOT_DRAWN}
    for font in _FONTS:
        if wanted:
            ranges = characters(_folder(font) / font.file)
            firsts = [first for first, _ in ranges]
            for each in tuple(wanted):
                at = bisect_right(firsts, ord(each)) - 1
                if at >= 0 and ord(each) <= ranges[at][1]:
                    del wanted[each]
    return "".join(wanted)


@cache  # libvips keeps what it was given for as long as the process lives
def load() -> None:
    """Give libvips the fonts; 40 ms at the first call, and 20 MB of memory that files back."""
    import pyvips

    for font in _FONTS:
        pyvips.Image.text(".", font=FAMILIES, fontfile=str(_folder(font) / font.file))


def _folder(font: _Font) -> Path:
    found = find_spec(font.package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"the package {font.package} is not installed")
    return Path(found.origin).parent
