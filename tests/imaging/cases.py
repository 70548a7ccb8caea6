"""Every operation at work: what the golden images show, and what other tests go through."""

from tests.imaging.pictures import embedded, logo
from tintype.imaging.geometry import FocalPoint
from tintype.imaging.operations import Operation
from tintype.imaging.operations.blur import Blur
from tintype.imaging.operations.brightness import Brightness
from tintype.imaging.operations.contrast import Contrast
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.flip import Flip
from tintype.imaging.operations.gamma import Gamma
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.hue import Hue
from tintype.imaging.operations.normalize import Normalize
from tintype.imaging.operations.pad import Pad
from tintype.imaging.operations.pixelate import Pixelate
from tintype.imaging.operations.redact import Redact
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.operations.round_corners import RoundCorners
from tintype.imaging.operations.saturation import Saturation
from tintype.imaging.operations.sepia import Sepia
from tintype.imaging.operations.sharpen import Sharpen
from tintype.imaging.operations.tint import Tint
from tintype.imaging.operations.trim import Trim
from tintype.imaging.operations.vignette import Vignette
from tintype.imaging.operations.watermark import Watermark

FRAME = Pad(all=3, left=12, background="#204060")

CASES: dict[str, Operation | tuple[Operation, ...]] = {
    "resize-cover": Resize(width=28, height=28),
    "resize-cover-southwest": Resize(width=28, height=28, gravity="southwest"),
    "resize-cover-focal-point": Resize(width=20, height=28, gravity=FocalPoint(x=0.3, y=0.4)),
    "resize-cover-attention": Resize(width=20, height=28, gravity="attention"),
    "resize-cover-entropy": Resize(width=20, height=28, gravity="entropy"),
    "resize-cover-enlarge": Resize(width=72, height=60, enlarge=True),
    "resize-contain": Resize(width=40, height=40, fit="contain", background="#204060"),
    "resize-contain-clear": Resize(width=40, height=40, fit="contain", background="#00000000"),
    "resize-fill": Resize(width=40, height=14, fit="fill"),
    "resize-inside": Resize(width=34, height=34, fit="inside"),
    "resize-outside": Resize(width=34, height=34, fit="outside"),
    "resize-cover-faces": Resize(width=14, height=28, gravity="faces"),
    "resize-contain-blur": Resize(width=40, height=40, fit="contain", background="blur"),
    "resize-aspect": Resize(width=16, aspect=2.0, dpr=2),
    "crop": Crop(width=34, height=20, gravity="east"),
    "crop-faces": Crop(aspect=0.5, gravity="faces"),
    "crop-offset": Crop(x="50%", y=4, width="40%", height=34),
    "trim": (FRAME, Trim()),
    "trim-equal": (FRAME, Trim(background="#204060", equal="horizontal")),
    "pad": FRAME,
    "pad-clear": Pad(width=64, height=64, gravity="north", background="#00000000"),
    "pad-blur": Pad(width=84, height=56, background="blur"),
    "rotate-quarter": Rotate(angle=90),
    "rotate": Rotate(angle=30, background="#ffcc00"),
    "flip-horizontal": Flip(),
    "flip-vertical": Flip(direction="vertical"),
    "blur": Blur(sigma=2),
    "sharpen": Sharpen(sigma=1, amount=4),
    "grayscale": Grayscale(),
    "sepia": Sepia(),
    "brightness": Brightness(),
    "contrast": Contrast(factor=1.5),
    "saturation": Saturation(factor=2),
    "hue": Hue(angle=90),
    "gamma": Gamma(value=2.2),
    "tint": Tint(),
    "tint-half": Tint(color="#3060a0", amount=0.5),
    "normalize": Normalize(lower=10, upper=80),
    "vignette": Vignette(),
    "vignette-color": Vignette(amount=1, size=0.6, color="#ffffff"),
    "pixelate": Pixelate(block=8),
    "watermark-text": Watermark(
        text="Aß مرحبا 2", scale=1, outline="#000000", opacity=1, position="center"
    ),
    "watermark-shadow": Watermark(
        text="日本", size=16, color="#ffcc00", shadow="#000000", opacity=1, position="north", x=4
    ),
    "watermark-tile": Watermark(text="© x", tile=True, spacing=4, angle=-30, scale=0.3),
    "watermark-image": Watermark(
        image=embedded(logo()), position="northeast", x=4, y="10%", scale=0.5, opacity=0.8
    ),
    "round-corners": RoundCorners(radius=10),
    "round-corners-max": RoundCorners(),
    "redact": Redact(),
    "redact-pixelate": Redact(style="pixelate", cells=4, margin=0),
}


def steps(name: str) -> tuple[Operation, ...]:
    """The operations of a case."""
    case = CASES[name]
    return case if isinstance(case, tuple) else (case,)
