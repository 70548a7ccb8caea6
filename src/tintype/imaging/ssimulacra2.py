"""SSIMULACRA 2: how good a compressed picture looks beside the picture it was made from.

The metric of Jon Sneyers (Cloudinary), version 2.1 of April 2023. Its definition is the program of
that name in https://github.com/libjxl/libjxl; what is here was written anew as libvips pipelines,
without a loop over pixels. It compares local means, variances and edges, in colors as eyes tell
them apart, at several scales, weighted as fits what people say of compressed pictures. 100 is
equal, 90 hard to tell apart side by side, 70 of high quality and 50 of medium.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvips

# How much light the three kinds of receptors take of red, green and blue, and what is added to it.
_ABSORBED = (
    (0.3, 0.622, 0.078),
    (0.23, 0.692, 0.078),
    (0.24342268924547819, 0.20476744424496821, 0.55180986650955360),
)
_BIAS = 0.0037930732552754493

_LEVELS = 65535
"""How finely light is divided where its cube root is looked up; far below what counts."""

_SMALLEST = 128
"""The least width and height for all scales; smaller pictures are mirrored up to this size."""

_STABLE = 0.0009
"""What keeps the quotient of variances calm where there is no detail."""

_X, _Y, _B = range(3)
_MIXED = ((7.0, -7.0, 0.0), (0.5, 0.5, 0.0), (-0.5, -0.5, 1.0))
_ADDED = (0.42, 0.01, 0.55)
"""How each channel is mixed of what the receptors see, and moved to where it is positive."""

_SSIM, _ARTIFACT, _LOST = range(3)
_MEAN, _PEAKS = range(2)


@dataclass(frozen=True, slots=True)
class _Term:
    """A part of the score: which map of which channel, summed up how, and how much it counts."""

    channel: int
    map: int
    norm: int
    weight: float


_TERMS: Sequence[Sequence[_Term]] = (
    (
        _Term(_Y, _SSIM, _PEAKS, 7.466890328078848),
        _Term(_Y, _LOST, _PEAKS, 17.445833984131262),
    ),
    (
        _Term(_X, _SSIM, _PEAKS, 1.1041726426657346),
        _Term(_Y, _SSIM, _PEAKS, 6.683678146179332),
        _Term(_Y, _LOST, _PEAKS, 1.027889937768264),
    ),
    (
        _Term(_X, _SSIM, _PEAKS, 1.8422455520539298),
        _Term(_X, _ARTIFACT, _PEAKS, 11.441172603757666),
        _Term(_Y, _SSIM, _MEAN, 225.20515300849274),
        _Term(_Y, _SSIM, _PEAKS, 19.213238186143016),
    ),
    (
        _Term(_X, _SSIM, _PEAKS, 1.8787594979546387),
        _Term(_X, _ARTIFACT, _PEAKS, 10.94906990605142),
        _Term(_Y, _SSIM, _MEAN, 176.39317598450694),
        _Term(_Y, _SSIM, _PEAKS, 24.43300999870476),
        _Term(_Y, _ARTIFACT, _PEAKS, 0.28520802612117757),
        _Term(_B, _SSIM, _PEAKS, 8.826982764996862),
        _Term(_B, _ARTIFACT, _PEAKS, 23.19243343998926),
    ),
    (
        _Term(_X, _ARTIFACT, _MEAN, 0.9677937080626833),
        _Term(_X, _ARTIFACT, _PEAKS, 0.9981766977854967),
        _Term(_Y, _SSIM, _PEAKS, 34.77906344483772),
        _Term(_Y, _ARTIFACT, _PEAKS, 44.835625328877896),
        _Term(_B, _SSIM, _MEAN, 95.1080498811086),
        _Term(_B, _ARTIFACT, _MEAN, 0.9863978034400682),
        _Term(_B, _LOST, _MEAN, 0.9834382792465353),
        _Term(_B, _ARTIFACT, _PEAKS, 171.2667255897307),
        _Term(_B, _LOST, _PEAKS, 0.9807858872435379),
    ),
)
"""For each scale (0 is the picture itself, each further one half as large), what counts.

The parts whose weight is below 0.003 are left out, some hundredths of a point all together; with
them go two of three channels of the largest scale, and all of the sixth.
"""


class Reference:
    """A picture that others are compared with; what depends on it alone is computed once."""

    def __init__(self, image: "pyvips.Image") -> None:
        """`image` is 8-bit gray or sRGB, without alpha."""
        self._curves = _Curves.made()
        self._scales = tuple(_Scale.of(each) for each in _scales(image, self._curves))

    def score(self, other: "pyvips.Image") -> float:
        """How good a picture of the same size looks beside this one, 100 at most."""
        error = sum(
            _error(terms, ours, two)
            for terms, ours, two in zip(
                _TERMS, self._scales, _scales(other, self._curves), strict=True
            )
        )
        error *= 0.9562382616834844
        fitted = (6.248496625763138e-05 * error - 0.020884521182843837) * error + 2.326765642916932
        return float(100 - 10 * max(0.0, fitted * error) ** 0.6276336467831387)


@dataclass(frozen=True, slots=True)
class _Scale:
    """A scale of the reference: its channels as bands, and what follows from them."""

    one: "pyvips.Image"
    mean: "pyvips.Image"
    variance: "pyvips.Image"
    """With _STABLE added."""

    smoothness: "pyvips.Image"
    """1 where a pixel is equal to those around it, less at edges."""

    @classmethod
    def of(cls, one: "pyvips.Image") -> "_Scale":
        mean, square = _blurred([one, one * one])
        variance = square - mean * mean + _STABLE
        smoothness = 1 / (1 + (one - mean).abs())
        return cls(one, mean, variance.copy_memory(), smoothness.copy_memory())


@dataclass(frozen=True, slots=True)
class _Curves:
    """Tables of functions of one value: they cost less than to compute each pixel's."""

    light: "pyvips.Image"
    """From a level of sRGB to its light, 0 to 1."""

    seen: "pyvips.Image"
    """From light, in parts of _LEVELS, to how strong it looks."""

    @classmethod
    def made(cls) -> "_Curves":
        import pyvips

        level = pyvips.Image.identity() / 255
        light = (level <= 0.04045).ifthenelse(level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
        seen = (pyvips.Image.identity(ushort=True) / _LEVELS + _BIAS) ** (1 / 3)
        return cls(
            light.cast("float").copy_memory(),
            (seen - _BIAS ** (1 / 3)).cast("float").copy_memory(),
        )


def _scales(image: "pyvips.Image", curves: _Curves) -> Iterator["pyvips.Image"]:
    """For each scale the channels that its terms are about, as bands, in order."""
    width, height = max(image.width, _SMALLEST), max(image.height, _SMALLEST)
    if (width, height) != (image.width, image.height):
        image = image.embed(0, 0, width, height, extend="mirror")
    if image.bands == 1:
        image = image.bandjoin([image, image])
    light = image.maplut(curves.light).copy_memory()
    for scale, terms in enumerate(_TERMS):
        if scale:
            light = light.shrink(2, 2, ceil=True).copy_memory()
        yield _channels(light, _wanted(terms), curves)


def _wanted(terms: Sequence[_Term]) -> Sequence[int]:
    return sorted({term.channel for term in terms})


def _channels(light: "pyvips.Image", wanted: Sequence[int], curves: _Curves) -> "pyvips.Image":
    """X (red against green), Y (lightness) and B (blue against yellow), as far as wanted."""
    import pyvips

    rows = _ABSORBED if _B in wanted else _ABSORBED[:2]
    levels = pyvips.Image.new_from_array([[each * _LEVELS for each in row] for row in rows])
    seen = (light.recomb(levels) + 0.5).cast("ushort").maplut(curves.seen)
    mixed = [list(_MIXED[channel][: len(rows)]) for channel in wanted]
    return (
        seen.recomb(pyvips.Image.new_from_array(mixed)) + [_ADDED[each] for each in wanted]
    ).copy_memory()


def _blurred(images: Sequence["pyvips.Image"]) -> Sequence["pyvips.Image"]:
    """The local means of pictures of equal kind: a Gaussian of 1.5 pixels, 11 wide."""
    import pyvips

    weights = [math.exp(-(offset**2) / (2 * 1.5**2)) for offset in range(-5, 6)]
    mask = pyvips.Image.new_from_array([weights], sum(weights))
    bands = images[0].bands
    blurred = images[0].bandjoin(list(images[1:])).convsep(mask, precision="float").copy_memory()
    return [blurred.extract_band(index * bands, n=bands) for index in range(len(images))]


def _error(terms: Sequence[_Term], ours: _Scale, two: "pyvips.Image") -> float:
    """What a scale adds to the error: its maps, summed up and weighted."""
    mean, square, product = _blurred([two, two * two, ours.one * two])
    apart = ours.mean - mean
    covariance = (product - ours.mean * mean).linear(2, _STABLE)
    variances = ours.variance + (square - mean * mean)
    edges = (1 + (two - mean).abs()) * ours.smoothness - 1
    maps = {
        _SSIM: 1 - (1 - apart * apart) * covariance / variances,
        _ARTIFACT: edges,
        _LOST: -edges,
    }
    kinds, channels = sorted({term.map for term in terms}), _wanted(terms)
    whole = maps[kinds[0]].bandjoin([maps[kind] for kind in kinds[1:]])
    whole = (whole + whole.abs()).copy_memory()  # twice what is above zero
    means, peaks = _means(whole), _means(whole * whole, squares=True)
    error = 0.0
    for term in terms:
        band = kinds.index(term.map) * len(channels) + channels.index(term.channel)
        error += term.weight / 2 * (means[band] if term.norm == _MEAN else peaks[band] ** 0.25)
    return error


def _means(image: "pyvips.Image", *, squares: bool = False) -> Sequence[float]:
    """The mean of each band, or of its squares."""
    column, count = 3 if squares else 2, image.width * image.height
    _, *rows = image.stats().tolist()
    return [row[column] / count for row in rows]
