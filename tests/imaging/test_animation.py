"""Animations stay what they were: frames, times, transparency, and the same done to all frames."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.pictures import LIMITS, encoded, psnr, rendered, scene
from tests.imaging.test_operations import EVERY
from tintype.errors import CorruptError, Rejection, TooManyFramesError, TooManyPixelsError
from tintype.imaging import animation
from tintype.imaging.animation import Animation
from tintype.imaging.codec import frames_of, timing_of
from tintype.imaging.filmstrip import first_of, hundredths
from tintype.imaging.header import inspect
from tintype.imaging.messages import Limits, Output, RenderedFile
from tintype.imaging.operations import Operation, perform
from tintype.imaging.operations.blur import Blur
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.normalize import Normalize
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.trim import Trim
from tintype.imaging.raster import Raster

DELAYS = [70, 0, 20, 1000, 10, 330]


def flat(*color: int, width: int = 40, height: int = 30) -> pyvips.Image:
    """A picture of one color."""
    return (
        (pyvips.Image.black(width, height) + list(color)).cast("uchar").copy(interpretation="srgb")
    )


def animated(
    frames: Sequence[pyvips.Image],
    image_format: str = "gif",
    delays: Sequence[int] = DELAYS,
    loop: int = 0,
) -> bytes:
    """A file with the frames."""
    strip = pyvips.Image.arrayjoin(list(frames), across=1).copy()
    strip.set_type(pyvips.GValue.array_int_type, "delay", list(delays[: len(frames)]))
    strip.set_type(pyvips.GValue.gint_type, "loop", loop)
    options: dict[str, Any] = {"page_height": frames[0].height}
    options |= {"lossless": True} if image_format == "webp" else {"keep_duplicate_frames": True}
    return encoded(strip, image_format, **options)


FRAMES = [flat(255, 0, 0), flat(0, 255, 0), flat(0, 0, 255), flat(9, 9, 9), flat(0, 90, 0)]
FRAMES.append(flat(200, 200, 0))


def shown(content: bytes) -> list[Image.Image]:
    """The frames as another library sees them."""
    with Image.open(io.BytesIO(content)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(image.convert("RGBA"))
    return frames


def delays_in(content: bytes) -> list[int]:
    """The delays in milliseconds, read from the file itself."""
    if content.startswith(b"GIF"):
        with Image.open(io.BytesIO(content)) as image:
            found = []
            for number in range(image.n_frames):  # type: ignore[attr-defined]
                image.seek(number)
                found.append(int(image.info.get("duration", 100)))
        return found
    found, at = [], 12
    while at < len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == b"ANMF":
            found.append(int.from_bytes(content[at + 20 : at + 23], "little"))
        at += 8 + length + length % 2
    return found


def loops_in(content: bytes) -> int | None:
    """The loop count as it stands in the file."""
    with Image.open(io.BytesIO(content)) as image:
        return image.info.get("loop")


def kept(
    folder: Path,
    content: bytes,
    *operations: Operation,
    limits: Limits = LIMITS,
    **output: Any,
) -> tuple[RenderedFile, bytes]:
    """The first file of a variant that keeps animations."""
    wanted = Output(**{"animation": "keep"} | output)
    answer, made = rendered(folder, content, *operations, output=wanted, limits=limits)
    return answer.files[0], made


def strip_of(content: bytes, *operations: Operation) -> list[pyvips.Image]:
    """The frames after operations, before they are encoded."""
    facts = inspect(content, LIMITS)
    strip = Animation(content, facts, "srgb", LIMITS, ()).operated(operations)
    height = strip.get("page-height")
    return [strip.crop(0, top, strip.width, height) for top in range(0, strip.height, height)]


@pytest.mark.parametrize("made", ["gif", "webp"])
@pytest.mark.parametrize("original", ["gif", "webp"])
@pytest.mark.parametrize("loop", [0, 1, 3])
def test_frames_delays_and_loops_are_kept(
    tmp_path: Path, original: str, made: str, loop: int
) -> None:
    delays = [70, 40, 20, 1000, 50, 330]
    content = animated(FRAMES, original, delays, loop)
    file, result = kept(tmp_path, content, Resize(width=20), format=made)
    assert (file.format, file.width, file.height) == (made, 20, 15)
    frames = shown(result)
    assert len(frames) == len(FRAMES)
    for frame, expected in zip(frames, FRAMES, strict=True):
        assert frame.size == (20, 15)
        for got, wanted in zip(frame.getpixel((10, 7)), [*expected(0, 0), 255], strict=True):  # type: ignore[arg-type]
            assert abs(got - wanted) < 8
    assert delays_in(result) == delays
    # GIF counts repetitions and has nothing for none, WebP counts how often it is played.
    in_gif = {0: 0, 1: None, 3: 2}
    assert loops_in(result) == (in_gif[loop] if made == "gif" else loop)


@pytest.mark.parametrize("made", ["gif", "webp"])
def test_zero_and_tiny_delays_stay_what_they_are(tmp_path: Path, made: str) -> None:
    """T18: encoders make 100 ms of them, and a file of another length."""
    _, result = kept(tmp_path, animated(FRAMES), format=made)
    assert delays_in(result) == DELAYS


def test_milliseconds_become_hundredths_of_the_same_length(tmp_path: Path) -> None:
    content = animated(FRAMES, "webp", [33, 33, 33, 33, 34, 34])
    _, result = kept(tmp_path, content, format="gif")
    assert delays_in(result) == [30, 40, 30, 30, 40, 30]


@given(st.lists(st.integers(20, 5000), min_size=1, max_size=50))
def test_rounding_adds_up_to_nothing(delays: list[int]) -> None:
    made = hundredths(delays)
    assert abs(sum(made) * 10 - sum(delays)) <= 5
    assert all(abs(one * 10 - other) <= 10 for one, other in zip(made, delays, strict=True))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=50))
def test_a_short_frame_never_becomes_one_that_browsers_show_longer(delays: list[int]) -> None:
    for made, delay in zip(hundredths(delays), delays, strict=True):
        assert (made <= 1) == (delay <= 10)
        assert (made == 0) == (delay == 0)


@pytest.mark.parametrize(("made", "expected"), [("gif", [70, 0, 20, 50]), ("webp", [90, 50])])
def test_frames_that_are_alike_keep_their_time(
    tmp_path: Path, made: str, expected: list[int]
) -> None:
    frames = [FRAMES[0], FRAMES[0], FRAMES[0], FRAMES[1]]
    _, result = kept(tmp_path, animated(frames, "gif", [70, 0, 20, 50]), format=made)
    assert delays_in(result) == expected


def test_same_keeps_a_gif(tmp_path: Path) -> None:
    file, result = kept(tmp_path, animated(FRAMES))
    assert (file.format, len(shown(result))) == ("gif", len(FRAMES))


@pytest.mark.parametrize("made", ["gif", "webp"])
def test_transparency_is_kept_where_no_frame_fills_the_picture(tmp_path: Path, made: str) -> None:
    """Encoders store opaque pieces only, and may forget that there is nothing around them."""
    nothing = pyvips.Image.black(40, 30, bands=4).copy(interpretation="srgb")
    red, blue = flat(255, 0, 0, width=10, height=10), flat(0, 0, 255, width=10, height=10)
    frames = [nothing.insert(red.bandjoin(255), 0, 0), nothing.insert(blue.bandjoin(255), 20, 10)]
    first, second = shown(kept(tmp_path, animated(frames), format=made)[1])
    assert [each.getpixel((35, 25))[3] for each in (first, second)] == [0, 0]  # type: ignore[index]
    assert second.getpixel((2, 2))[3] == 0  # type: ignore[index]
    assert second.getpixel((25, 15))[3] == 255  # type: ignore[index]


@pytest.mark.parametrize("made", ["jpeg", "png", "avif"])
def test_other_formats_have_the_first_frame(tmp_path: Path, made: str) -> None:
    content = animated(FRAMES)
    file, result = kept(tmp_path, content, format=made)
    _, first = kept(tmp_path, content, format=made, animation="first")
    assert (file.width, file.height, result) == (40, 30, first)


def test_one_variant_moves_and_stands_still(tmp_path: Path) -> None:
    output = Output(formats=("webp", "jpeg"), animation="keep")
    answer, _ = rendered(tmp_path, animated(FRAMES), output=output)
    moving, still = (shown((tmp_path / each.file).read_bytes()) for each in answer.files)
    assert (len(moving), len(still)) == (len(FRAMES), 1)


def test_auto_is_webp_and_finds_its_quality_on_the_first_frame(tmp_path: Path) -> None:
    content = animated([scene(64, 48), scene(64, 48).invert()], "webp")
    file, result = kept(tmp_path, content, format="auto", quality="auto")
    assert (file.format, len(shown(result))) == ("webp", 2)


def test_max_bytes_holds_for_the_whole_animation(tmp_path: Path) -> None:
    content = animated([scene(64, 48), scene(64, 48).invert()], "webp")
    for made in ("gif", "webp"):
        free, _ = kept(tmp_path, content, format=made)
        file, result = kept(tmp_path, content, format=made, max_bytes=free.bytes - 1)
        assert (len(shown(result)), file.bytes < free.bytes) == (2, True)


@pytest.mark.parametrize("operation", EVERY, ids=lambda each: each.name)
def test_every_operation_does_to_each_frame_what_it_does_to_a_picture(
    operation: Operation,
) -> None:
    """All frames are the same here, so that nothing depends on which one was looked at."""
    content = animated([scene(64, 48)] * 3)
    raster = Raster.whole(strip_of(content)[0])
    expected = bytes(perform(operation, raster).image.write_to_memory())
    frames = strip_of(content, operation)
    assert [bytes(each.write_to_memory()) == expected for each in frames] == [True] * 3


def test_frames_do_not_mix() -> None:
    black, white = flat(0, 0, 0), flat(255, 255, 255)
    frames = strip_of(animated([black, white, black]), Resize(height=7), Blur(sigma=20))
    levels = [each.extract_band(0, n=3) for each in frames]
    assert [(each.min(), each.max()) for each in levels] == [(0, 0), (255, 255), (0, 0)]


@pytest.mark.parametrize("gravity", ["attention", "entropy"])
def test_all_frames_are_cut_where_the_first_is(gravity: Any) -> None:
    left = flat(90, 90, 90, width=90).insert(scene(30, 30), 0, 0)
    right = flat(90, 90, 90, width=90).insert(scene(30, 30), 60, 0)
    content = animated([left, right], "webp")
    for operation in (
        Crop(width=30, gravity=gravity),
        Resize(width=30, height=30, gravity=gravity),
    ):
        first, second = strip_of(content, operation)
        assert psnr(first.extract_band(0, n=3), operation.apply(left)) == 99.0
        assert second[0].deviate() == 0


def test_what_is_border_in_every_frame_is_trimmed() -> None:
    one = flat(255, 255, 255).insert(flat(0, 0, 0, width=5, height=5), 10, 10)
    two = flat(255, 255, 255).insert(flat(0, 0, 0, width=5, height=5), 25, 20)
    frames = strip_of(animated([one, two, flat(255, 255, 255)]), Trim())
    assert {(each.width, each.height) for each in frames} == {(20, 15)}
    assert (frames[0](0, 0)[0], frames[1](19, 14)[0]) == (0, 0)


def test_tones_are_stretched_over_all_frames() -> None:
    dark, light = flat(50, 50, 50), flat(150, 150, 150)
    first, second = strip_of(animated([dark, light]), Normalize(), Grayscale())
    assert (first[0].avg(), second[0].avg()) == (0, 255)


def test_more_frames_than_fit_are_decoded_again_and_come_out_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = animated([scene(64, 48), scene(64, 48).invert()], "webp")
    operations = (Trim(), Normalize(), Crop(width=20, height=20, gravity="attention"))
    held = [bytes(each.write_to_memory()) for each in strip_of(content, *operations)]
    monkeypatch.setattr(animation, "HELD", 0)
    assert [bytes(each.write_to_memory()) for each in strip_of(content, *operations)] == held


def limited(**limits: int) -> Limits:
    """The usual limits but for these."""
    return Limits(
        **{"accept": LIMITS.accept, "max_bytes": 10**7, "max_pixels": 10**7, "max_frames": 1000}  # type: ignore[arg-type]
        | limits
    )


def test_frames_are_limited_where_they_are_kept(tmp_path: Path) -> None:
    content, limits = animated(FRAMES), limited(max_frames=len(FRAMES) - 1)
    with pytest.raises(TooManyFramesError, match="6 frames, more than 5"):
        kept(tmp_path, content, limits=limits)
    kept(tmp_path, content, limits=limits, animation="first")
    kept(tmp_path, content, limits=limited(max_frames=len(FRAMES)))


def test_all_frames_together_have_no_more_pixels_than_an_original_may(tmp_path: Path) -> None:
    content, limits = animated(FRAMES), limited(max_pixels=40 * 30 * len(FRAMES))
    kept(tmp_path, content, limits=limits)
    with pytest.raises(TooManyPixelsError):
        kept(tmp_path, content, limits=limited(max_pixels=40 * 30 * len(FRAMES) - 1))
    with pytest.raises(TooManyPixelsError):
        kept(tmp_path, content, Resize(width=80, enlarge=True), limits=limits)
    kept(tmp_path, content, limits=limits, animation="first")


def test_damage_in_a_later_frame_matters_where_it_is_kept(tmp_path: Path) -> None:
    content = bytearray(animated([scene(64, 48), scene(64, 48).invert()], "gif"))
    middle = len(content) * 3 // 4
    content[middle : middle + 60] = b"\xff" * 60
    kept(tmp_path, bytes(content), animation="first")
    with pytest.raises(CorruptError):
        kept(tmp_path, bytes(content))


def test_an_image_with_pages_is_no_animation(tmp_path: Path) -> None:
    pages = flat(255, 0, 0).join(flat(0, 0, 255), "vertical")
    content = encoded(pages, "tiff", page_height=30)
    file, result = kept(tmp_path, content, format="webp")
    assert (file.height, len(shown(result))) == (30, 1)


def test_the_first_frame_of_a_strip_is_a_picture() -> None:
    content = animated(FRAMES)
    strip = Animation(content, inspect(content, LIMITS), "srgb", LIMITS, ()).operated(())
    first = first_of(strip)
    assert (first.height, first.get_typeof("page-height")) == (30, 0)


# What is where no frame ever was, or was taken away, in a GIF without transparency: the other
# library says the background color or black, the decoder black or the background color.
NOTHING_THERE = (
    "google__background-color.gif",
    "google__multiple-loop-counts.gif",
    "python-pillow__dispose_bgnd.gif",
)
# Files whose frames the other library cannot read, or sees larger than the picture.
READ_BY_US_ALONE = ("google__frame-out-of-bounds.gif",)


@pytest.mark.corpus
@pytest.mark.timeout(300)
def test_animations_of_the_collection_are_what_another_library_sees(
    corpus: Path, tmp_path: Path
) -> None:
    """Every disposal and blend there is, by frames, times and loops."""
    seen = 0
    for path in sorted((corpus / "animated").iterdir()):
        content = path.read_bytes()
        try:
            facts = inspect(content, LIMITS)
        except Rejection:
            continue
        if path.suffix not in (".gif", ".webp") or facts.frames == 1:
            continue
        if path.name in READ_BY_US_ALONE or path.name.endswith("invalid_multiframe.gif"):
            continue
        expected = shown(content)
        frames = [each.image for each in frames_of(content, facts)]
        assert len(frames) == len(expected), path
        if path.name not in NOTHING_THERE:
            assert [on_gray(as_pillow(each)) for each in frames] == [
                on_gray(each) for each in expected
            ], path
        _, made = kept(tmp_path, content, Resize(width=16), format="gif")
        assert len(shown(made)) == len(expected)
        timing = timing_of(content, facts)
        assert sum(delays_in(made)) == sum(timing.delays), path
        seen += 1
    assert seen > 25


def as_pillow(image: pyvips.Image) -> Image.Image:
    """The picture for the other library."""
    image = image.colourspace("srgb")
    mode = "RGBA" if image.hasalpha() else "RGB"
    pixels = bytes(image.write_to_memory())
    return Image.frombytes(mode, (image.width, image.height), pixels).convert("RGBA")


def on_gray(image: Image.Image) -> bytes:
    """What one sees of a picture on gray."""
    gray = Image.new("RGBA", image.size, (128, 128, 128, 255))
    return Image.alpha_composite(gray, image).tobytes()
