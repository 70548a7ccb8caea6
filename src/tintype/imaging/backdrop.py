"""What is around a picture that does not fill its frame."""

from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints

from tintype.imaging.alpha import premultiplied
from tintype.imaging.color import with_background
from tintype.imaging.framing import part
from tintype.imaging.geometry import Size, offset

if TYPE_CHECKING:
    import pyvips

Backdrop = Annotated[str, StringConstraints(pattern=r"^(?:blur|#[0-9a-fA-F]{6}|#[0-9a-fA-F]{8})$")]
"""A color (`#rrggbb`, or `#rrggbbaa` with an opacity), or `blur`: the picture, blurred."""

# A picture of this longest side is enough to draw the blur from: what is finer is blurred away.
_DRAFT = 64
# On the draft, so about 4 % of the frame: shapes are gone, only where the colors are can be told.
_SIGMA = 2.5


def framed(
    image: "pyvips.Image", frame: Size, left: int, top: int, backdrop: str
) -> "pyvips.Image":
    """The picture with its corner at (left, top) of a frame that holds all of it."""
    if frame == Size(image.width, image.height):
        return image
    if backdrop == "blur":
        return _blurred(image, frame).insert(image, left, top)
    image, background = with_background(image, backdrop)
    return image.embed(
        left, top, frame.width, frame.height, extend="background", background=background
    )


def _blurred(image: "pyvips.Image", frame: Size) -> "pyvips.Image":
    """The picture scaled to cover the frame and blurred.

    The blur is worked out on a draft and enlarged: the time does not depend on how wide it is.
    """
    picture = Size(image.width, image.height)
    kept = part(picture, None, None, frame.width / frame.height)
    left, top = offset(picture, kept)
    longest = max(frame.width, frame.height)
    width, height = (max(1, round(side * _DRAFT / longest)) for side in (frame.width, frame.height))

    def draw(whole: "pyvips.Image") -> "pyvips.Image":
        used = whole.crop(left, top, kept.width, kept.height)
        small = used.resize(width / kept.width, vscale=height / kept.height)
        # With whole numbers, the default, the mask's rounding would lift levels by 1 %.
        blurred = small.gaussblur(_SIGMA, precision="float")
        draft = blurred.rint().cast(whole.format).copy_memory()
        return draft.resize(frame.width / width, vscale=frame.height / height, kernel="linear")

    return premultiplied(image, draw)
