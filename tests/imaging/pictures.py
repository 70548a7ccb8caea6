"""Pictures that the tests draw, and the tasks to render them with."""

import base64
import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyvips

from tintype.errors import REJECTIONS
from tintype.imaging.geometry import Size
from tintype.imaging.messages import Limits, Output, Refused, Rendered, RenderTask, VariantTask
from tintype.imaging.operations import Operation
from tintype.imaging.operations.resize import Resize
from tintype.imaging.render import render

LIMITS = Limits(
    accept=("jpeg", "png", "webp", "avif", "heic", "gif", "tiff"),
    max_bytes=50_000_000,
    max_pixels=100_000_000,
    max_frames=1000,
)

# Alone, these have no decoder of their own in the tests: HEIC can be read and not written.
WRITABLE = ("jpeg", "png", "webp", "avif", "gif", "tiff")


def scene(width: int = 96, height: int = 72, *, alpha: bool = False) -> pyvips.Image:
    """A colorful picture without symmetry: gradients, a red disc, a dark bar, a fine pattern."""
    position = pyvips.Image.xyz(width, height)
    across, down = position[0] / width * 255, position[1] / height * 255
    image = across.bandjoin([down, 255 - (across + down) / 2]).cast("uchar")
    image = image.copy(interpretation="srgb")
    radius = min(width, height) // 5
    image = image.draw_circle([220, 30, 40], width // 4, height // 3, radius, fill=True)
    bar = [width * 2 // 3, height // 8, max(1, width // 12), max(1, height // 2)]
    image = image.draw_rect([20, 20, 60], *bar, fill=True)
    waves = (position[0] / 3).cos().multiply((position[1] / 2).sin()) * 24
    image = (image + waves).cast("uchar").copy(interpretation="srgb")
    if alpha:
        image = image.bandjoin((255 - across).cast("uchar"))
    return image.copy_memory()


@functools.cache
def photograph(width: int, height: int) -> pyvips.Image:
    """A picture with the detail of a photograph: noise at several scales, always the same."""
    bands = []
    for seed in range(3):
        layers = [
            pyvips.Image.perlin(width, height, cell_size=size, seed=seed * 10 + number) * weight
            for number, (size, weight) in enumerate(((256, 70), (64, 40), (16, 20), (6, 12)))
        ]
        bands.append(pyvips.Image.sum(layers) + 128)
    return bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb").copy_memory()


def encoded(image: pyvips.Image, image_format: str, **options: Any) -> bytes:
    """The picture in a format, all metadata kept."""
    save = {
        "jpeg": image.jpegsave_buffer,
        "png": image.pngsave_buffer,
        "webp": image.webpsave_buffer,
        "avif": image.heifsave_buffer,
        "gif": image.gifsave_buffer,
        "tiff": image.tiffsave_buffer,
    }[image_format]
    if image_format == "avif":
        options = {"compression": "av1", "effort": 0} | options
    return bytes(save(**options))


def tagged(image: pyvips.Image, orientation: int) -> pyvips.Image:
    """The picture with an EXIF orientation."""
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return image


def decoded(content: bytes) -> pyvips.Image:
    """A picture that Tintype or the tests encoded."""
    return pyvips.Image.new_from_buffer(content, "")


def made(task: RenderTask, folder: Path) -> Rendered:
    """What rendering says; a refusal is raised as the rejection that it names."""
    answer = render(task, folder)
    if isinstance(answer, Refused):
        raise next(kind for kind in REJECTIONS if kind.code == answer.code)(answer.detail)
    return answer


def rendered(
    folder: Path,
    content: bytes,
    *operations: Operation,
    output: Output | None = None,
    limits: Limits = LIMITS,
) -> tuple[Rendered, bytes]:
    """What rendering one variant says and makes."""
    (folder / "input").write_bytes(content)
    variant = VariantTask(name="only", operations=operations, output=output or Output())
    answer = made(RenderTask(input="input", limits=limits, variants=(variant,)), folder)
    return answer, (folder / answer.files[0].file).read_bytes()


def box(width: int, height: int) -> Resize:
    """Cover exactly this box, whatever the size of the picture."""
    return Resize(width=width, height=height, fit="cover", enlarge=True)


def psnr(left: pyvips.Image, right: pyvips.Image) -> float:
    """The peak signal-to-noise ratio of two 8-bit pictures in decibels; 99 where they are equal."""
    assert size_of(left) == size_of(right)
    error = ((left.cast("float") - right.cast("float")) ** 2).avg()
    return 99.0 if error == 0 else 10 * math.log10(255**2 / error)


def picture_of(pixels: Sequence[Sequence[int]]) -> pyvips.Image:
    """A picture one pixel high: gray or RGB, with alpha where the pixels have 2 or 4 values."""
    content = bytes(value for pixel in pixels for value in pixel)
    bands = len(pixels[0])
    image = pyvips.Image.new_from_memory(content, len(pixels), 1, bands, "uchar")
    return image.copy(interpretation="b-w" if bands < 3 else "srgb").copy_memory()


def pixels_of(image: pyvips.Image) -> list[tuple[int, ...]]:
    """The pixels of an 8-bit picture, line by line."""
    assert image.format == "uchar"
    values = iter(bytes(image.write_to_memory()))
    return list(zip(*[values] * image.bands, strict=True))


def size_of(image: pyvips.Image) -> Size:
    """The size of an image."""
    return Size(image.width, image.height)


def logo(width: int = 40, height: int = 20) -> bytes:
    """A PNG file to lay over others: an orange disc on nothing, and a half transparent bar."""
    cover = pyvips.Image.black(width, height)
    cover = cover.draw_circle(255, width // 4, height // 2, height // 3, fill=True)
    cover = cover.draw_rect(128, width // 2, height // 4, width // 3, height // 2, fill=True)
    flat = cover.new_from_image([240, 120, 20]).copy(interpretation="srgb")
    return bytes(flat.bandjoin(cover).pngsave_buffer())


def embedded(content: bytes) -> str:
    """A PNG file as it stands in a resolved recipe."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"
