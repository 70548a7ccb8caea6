"""The orientation in EXIF data that libvips leaves alone.

Before PNG had a chunk of its own for EXIF (2017), ImageMagick put it into a text chunk, as the word
`exif`, its length and its bytes in hexadecimal; such files are still about.
"""

from typing import Literal

_ORIENTATION = 0x0112


def raw_profile(text: str) -> bytes:
    """The bytes in an ImageMagick text profile; none where it is not one."""
    words = text.split()
    try:
        return bytes.fromhex("".join(words[2:]))
    except ValueError:
        return b""


def orientation(exif: bytes) -> int:
    """The orientation tag of the first directory (TIFF 6.0, section 2); 1 where there is none."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    first = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[first : first + 2], order)
    for entry in range(first + 2, min(first + 2 + 12 * count, len(tiff)), 12):
        if int.from_bytes(tiff[entry : entry + 2], order) == _ORIENTATION:
            return int.from_bytes(tiff[entry + 8 : entry + 10], order)
    return 1
