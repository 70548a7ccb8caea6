"""What variants keep of an original's metadata: EXIF, XMP and IPTC.

All of it comes from outside. It is taken apart and put together anew, so that what leaves is well
formed, has nothing else in it, and is no larger than `LARGEST` each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tintype.imaging import exif, heic, iptc, xmp
from tintype.imaging.icc import is_srgb
from tintype.imaging.profile import profile as built
from tintype.imaging.signaling import SRGB
from tintype.imaging.vips import damage, load

if TYPE_CHECKING:
    import pyvips

Kept = Literal["strip", "copyright", "keep"]
"""What is kept: nothing, who made the picture and whose it is, or all that is still true."""

LARGEST = 60_000
"""The most bytes that EXIF, XMP and IPTC may have each; what is larger is left out whole."""

_LARGEST_READ = 100_000
_LONGEST = 2_000  # characters of a text on rights
_MOST = 50  # creators, or languages of a text

_BLOBS = ("exif-data", "xmp-data", "iptc-data", "icc-profile-data")
_FLAGS = (1, 2, 4, 8)  # of libvips' savers, for each of these
_KEEP = "tintype-keep"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What goes into a file besides the pixels; each empty where there is none."""

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    profile: bytes = b""

    def put(self, image: "pyvips.Image") -> "pyvips.Image":
        """The image with this metadata and no other; `flags` says how to have it written.

        The profile is one of an RGB space. A gray picture that gets it becomes RGB, and does
        without where it is sRGB's anyway.
        """
        import pyvips

        profile = self.profile
        if profile and image.bands < 3:
            image, profile = (
                (image, b"") if is_srgb(profile) else (image.colourspace("srgb"), profile)
            )
        image = image.copy()
        for name in image.get_fields():
            if _holds_metadata(name):
                image.remove(name)
        keep = 0
        blobs = (self.exif, self.xmp, self.iptc, profile)
        for name, flag, blob in zip(_BLOBS, _FLAGS, blobs, strict=True):
            if blob:
                image.set_type(pyvips.GValue.blob_type, name, blob)
                keep |= flag
        image.set_type(pyvips.GValue.gint_type, _KEEP, keep)
        return image


def _holds_metadata(field: str) -> bool:
    """Whether a field of an image is metadata of its file.

    libvips' savers have more sources than the four blobs: what EXIF shows of the original has a
    field of its own (`jpeg-thumbnail-data`), and is written wherever EXIF is.
    """
    return field == "orientation" or field.startswith("exif-") or field.endswith("-data")


NONE = Metadata()
"""No metadata at all."""


def flags(image: "pyvips.Image") -> int:
    """What tells libvips' savers to write what was put into the image, and nothing else."""
    return int(image.get(_KEEP)) if image.get_typeof(_KEEP) else 0


def read(input_format: str, content: bytes) -> Metadata:
    """The original's metadata, unchecked but for its size; raises CorruptError."""
    if input_format == "svg":
        return NONE
    if input_format == "heic":
        blobs: Mapping[str, bytes] = heic.metadata(content)
    else:
        with damage():
            blobs = _blobs(load(input_format, content))
        if input_format == "tiff":  # the file is its own EXIF data
            blobs = {**blobs, "exif-data": content}
    return Metadata(
        exif=blobs.get("exif-data", b""),
        xmp=_small(blobs.get("xmp-data", b""), _LARGEST_READ),
        iptc=_small(blobs.get("iptc-data", b""), _LARGEST_READ),
        profile=blobs.get("icc-profile-data", b""),
    )


def _blobs(header: "pyvips.Image") -> dict[str, bytes]:
    found = {name: bytes(header.get(name)) for name in _BLOBS if header.get_typeof(name)}
    for name in header.get_fields():
        if name.endswith("Raw profile type exif"):
            found["exif-data"] = exif.raw_profile(header.get(name))
    return found


def kept(original: Metadata, choice: Kept, profile: bytes) -> Metadata:
    """What a variant gets of the original's metadata, and the profile of its own colors.

    `profile` is empty for sRGB. Then there is none with `strip`, and otherwise sRGB's where the
    original had any.
    """
    if choice == "strip":
        return Metadata(profile=profile)
    srgb = not profile
    chosen = _rights(original, srgb) if choice == "copyright" else _still_true(original, srgb)
    return Metadata(
        exif=_small(chosen.exif, LARGEST),
        xmp=_small(chosen.xmp, LARGEST),
        iptc=_small(chosen.iptc, LARGEST),
        profile=profile or (built(SRGB, gray=False) if original.profile else b""),
    )


def _small(blob: bytes, largest: int) -> bytes:
    return blob if len(blob) <= largest else b""


def _still_true(original: Metadata, srgb: bool) -> Metadata:
    return Metadata(
        exif=exif.without_original(original.exif, srgb=srgb),
        xmp=xmp.without_original(original.xmp),
        iptc=iptc.block(iptc.without_original(iptc.datasets(original.iptc))),
    )


def _rights(original: Metadata, srgb: bool) -> Metadata:
    """Who made the picture, whose it is and who is to be credited, wherever the original says so.

    The three kinds of metadata rank like this where they say different things: XMP, IPTC, EXIF.
    What one says is written to all, because no format of variants has them all.
    """
    datasets = iptc.datasets(original.iptc)
    artist, notice = exif.owner(original.exif)
    said = {name: _clean(texts) for name, texts in xmp.rights(original.xmp).items()}
    for name, values in (
        (xmp.RIGHTS, iptc.texts(datasets, iptc.COPYRIGHT)[:1] or [notice]),
        (xmp.CREATOR, iptc.texts(datasets, iptc.BYLINE) or artist.split(b";")),
        (xmp.CREDIT, iptc.texts(datasets, iptc.CREDIT)[:1]),
    ):
        said[name] = said.get(name) or _clean([("", _decoded(value)) for value in values])
    copyright_, creators, credit = (
        [text.encode() for _, text in said[name]] for name in (xmp.RIGHTS, xmp.CREATOR, xmp.CREDIT)
    )
    in_iptc = [
        *((iptc.BYLINE, creator) for creator in creators),
        *((iptc.CREDIT, text) for text in credit[:1]),
        *((iptc.COPYRIGHT, text) for text in copyright_[:1]),
    ]
    return Metadata(
        exif=exif.of_owner(b"; ".join(creators), b"".join(copyright_[:1]), srgb=srgb),
        xmp=xmp.of_rights(said),
        iptc=iptc.block(iptc.in_utf8(in_iptc)) if in_iptc else b"",
    )


def _decoded(value: bytes) -> str:
    """A text in UTF-8, or in Latin-1 where it is not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _clean(values: Sequence[tuple[str, str]]) -> xmp.Texts:
    """The texts without what is no text, not too long and not too many."""
    cleaned = (
        (language, " ".join(_printable(text[: 2 * _LONGEST]).split())[:_LONGEST])
        for language, text in values[:_MOST]
    )
    return tuple((language, text) for language, text in cleaned if text)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
