"""Pixelate averages each block, cut ones too."""

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.pictures import picture_of, pixels_of, scene
from tintype.imaging.operations.pixelate import Pixelate


@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    block=st.one_of(st.integers(1, 80), st.just(1000)),
    gray=st.booleans(),
)
def test_every_block_is_the_average_of_its_pixels(
    width: int, height: int, block: int, gray: bool
) -> None:
    image = scene(width, height).colourspace("b-w" if gray else "srgb")
    made = Pixelate(block=block).apply(image)
    source = Image.frombytes("L" if gray else "RGB", (width, height), image.write_to_memory())
    averages = source.reduce(block)
    small = averages.tobytes()
    blocks, bands = averages.width, len(source.getbands())
    for number, pixel in enumerate(pixels_of(made)):
        y, x = divmod(number, width)
        begin = (y // block * blocks + x // block) * bands
        # Rounded once for columns, once for rows.
        assert all(
            abs(a - b) <= 1 for a, b in zip(pixel, small[begin : begin + bands], strict=True)
        )


def test_transparent_pixels_lend_no_color_to_their_block() -> None:
    image = picture_of([(255, 0, 0, 255), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 255, 255)])
    (left, same, right, _) = pixels_of(Pixelate(block=2).apply(image))
    assert left == same == (255, 0, 0, 128)
    assert right == (0, 0, 255, 128)


def test_a_block_larger_than_the_picture_is_the_whole_picture() -> None:
    image = picture_of([[0], [30], [60]])
    assert pixels_of(Pixelate(block=500).apply(image)) == [(30,)] * 3
