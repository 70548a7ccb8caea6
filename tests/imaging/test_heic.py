"""HEIC is read with an extra, and refused by name without it.

Nothing here can write HEIC, so a stand-in plays the library; the collection has real files.
"""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests.imaging.pictures import LIMITS, photograph, psnr, scene, size_of
from tintype.errors import CorruptError, UnsupportedFormatError
from tintype.imaging.codec import decode
from tintype.imaging.geometry import Size
from tintype.imaging.header import inspect

FILE = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x0cmdat...."


def library(monkeypatch: pytest.MonkeyPatch, opened: Any) -> None:
    """Let `opened` be what opening any file gives; an exception is raised instead."""

    def open_heif(content: bytes) -> Any:
        if isinstance(opened, Exception):
            raise opened
        return opened

    stand_in = SimpleNamespace(open_heif=open_heif, options=SimpleNamespace(DECODE_THREADS=4))
    monkeypatch.setitem(sys.modules, "pi_heif", stand_in)


def opened(image: Any, mode: str, **info: Any) -> SimpleNamespace:
    """What pi_heif gives for a picture."""
    return SimpleNamespace(
        size=(image.width, image.height),
        mode=mode,
        data=memoryview(image.write_to_memory()),
        premultiplied_alpha=mode.endswith("a"),
        info=info,
    )


def test_without_a_decoder_heic_is_unsupported_from_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T9: what cannot be decoded is not damaged, and is known before it is tried."""
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(UnsupportedFormatError, match=r"HEVC.*tintype\[heic\]"):
        inspect(FILE, LIMITS)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
def test_the_picture_is_what_the_library_decodes(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = scene(alpha=mode.endswith("A"))
    image = image.colourspace("b-w") if mode.startswith("L") else image
    library(monkeypatch, opened(image, mode))
    facts = inspect(FILE, LIMITS)
    assert (facts.format, facts.width, facts.height, facts.orientation) == ("heic", 96, 72, 1)
    assert psnr(decode(FILE, facts, 1.0).image, image) == 99.0


def test_the_picture_is_reduced_on_its_way_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    library(monkeypatch, opened(photograph(400, 300), "RGB"))
    raster = decode(FILE, inspect(FILE, LIMITS), 0.1)
    assert raster.size == Size(400, 300)
    assert size_of(raster.image) == Size(100, 75)


def test_alpha_that_is_multiplied_in_already_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    image = scene().bandjoin(200).copy(interpretation="srgb")
    premultiplied = image.premultiply().rint().cast("uchar")
    library(monkeypatch, opened(premultiplied, "RGBa"))
    assert psnr(decode(FILE, inspect(FILE, LIMITS), 1.0).image, image) > 50


def test_the_profile_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = scene().icc_transform("p3", input_profile="srgb")
    profile = stored.get("icc-profile-data")
    library(monkeypatch, opened(stored, "RGB", icc_profile=profile))
    made = decode(FILE, inspect(FILE, LIMITS), 1.0).image
    assert (made.cast("int") - scene().cast("int")).abs().avg() < 2


@pytest.mark.parametrize("error", [ValueError("x"), EOFError(), RuntimeError("x"), OSError()])
def test_what_the_library_cannot_read_is_damaged(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(monkeypatch, error)
    with pytest.raises(CorruptError, match="HEIC header"):
        inspect(FILE, LIMITS)


def test_pixels_that_the_library_cannot_decode_are_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        size = (96, 72)

        @property
        def data(self) -> bytes:
            raise ValueError("no picture")

    library(monkeypatch, Broken())
    with pytest.raises(CorruptError, match="HEIC content"):
        decode(FILE, inspect(FILE, LIMITS), 1.0)


def test_a_cut_file_is_damaged_though_the_library_would_paint_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library(monkeypatch, opened(scene(), "RGB"))
    with pytest.raises(CorruptError, match="ends too early"):
        inspect(FILE[:-1], LIMITS)
