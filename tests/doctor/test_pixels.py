"""Whether pictures can be read and written."""

import json

import pytest

from tintype.doctor import Verdict, pixels


def printing(heic: str = "", **formats: str) -> str:
    content = {"libvips": "8.18.7", "libheif": "1.23.0", "heic": heic, "formats": formats}
    return f"print({json.dumps(json.dumps(content))})"


def test_every_codec_is_really_tried() -> None:
    vips, heic = pixels.codecs(["jpeg", "heic"])
    assert vips.verdict is heic.verdict is Verdict.OK
    for name in ("jpeg", "png", "webp", "avif", "gif", "tiff"):
        assert name in vips.detail


def test_a_format_that_does_not_work_is_named_with_its_reason() -> None:
    found = next(pixels.codecs((), printing(jpeg="", avif="class heifsave_buffer not found")))
    assert found.verdict is Verdict.BAD
    assert "avif: class heifsave_buffer not found" in found.detail
    assert "jpeg" not in found.detail


@pytest.mark.parametrize(("accepted", "verdict"), [(["heic"], "warn"), (["jpeg"], "ok")])
def test_heic_is_missed_only_where_it_is_accepted(accepted: list[str], verdict: str) -> None:
    start = printing(heic="pi-heif is not installed", jpeg="")
    assert [each.verdict for each in pixels.codecs(accepted, start)] == ["ok", verdict]


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "died of SIGSEGV"),
        ("raise OSError('cannot load library libvips.so.42')", "libvips.so.42"),
        ("import sys; sys.exit(3)", "exit status 3"),
    ],
)
def test_a_library_that_cannot_be_loaded_takes_only_the_trial_down(start: str, told: str) -> None:
    (found,) = pixels.codecs((), start)
    assert found.verdict is Verdict.BAD
    assert told in found.detail
