"""Lengths and aspect ratios as people write them."""

import math
import re
from typing import Annotated, Any

from annotated_types import Ge, Le
from pydantic import BeforeValidator, Discriminator, StringConstraints, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from tintype.imaging.geometry import round_half_up

# The longest side that any accepted format can declare within JPEG's and PNG's common use.
LONGEST = 65535


def _kind(value: object) -> str:
    return "percent" if isinstance(value, str) else "pixels"


_SHARE = r"(?:100(?:\.0{1,6})?|[0-9]{1,2}(?:\.[0-9]{1,6})?)%"
_PERCENT = StringConstraints(pattern=f"^{_SHARE}$")

Extent = Annotated[
    Annotated[int, Ge(1), Le(LONGEST), Tag("pixels")] | Annotated[str, _PERCENT, Tag("percent")],
    Discriminator(_kind),
]
"""How long something is: pixels, or a percentage of a side such as `50%`; at least one pixel."""

Place = Annotated[
    Annotated[int, Ge(0), Le(LONGEST), Tag("pixels")] | Annotated[str, _PERCENT, Tag("percent")],
    Discriminator(_kind),
]
"""How far something is from an edge: pixels, or a percentage of a side such as `12.5%`."""

Radius = Annotated[
    Annotated[int, Ge(1), Le(LONGEST), Tag("pixels")]
    | Annotated[str, StringConstraints(pattern=f"^(?:max|{_SHARE})$"), Tag("percent")],
    Discriminator(_kind),
]
"""How large a circle is: pixels, a percentage of a side, or `max`, as large as there is room."""


def share(length: int | str, side: int) -> float:
    """A length in pixels, fractions of them included, where percentages are of `side` pixels."""
    return float(length) if isinstance(length, int) else side * float(length[:-1]) / 100


def extent(length: int | str, side: int) -> int:
    """A length in whole pixels, at least 1 and at most `side`."""
    return min(side, max(1, round_half_up(share(length, side))))


_RATIO = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,6})?):([0-9]{1,5}(?:\.[0-9]{1,6})?)")
_FLATTEST = 100.0  # beyond, nothing but lines is left of a picture


def _aspect(value: Any) -> Any:
    """The number that a ratio stands for; raises PydanticCustomError for what is neither."""
    if isinstance(value, str) and (match := _RATIO.fullmatch(value)):
        width, height = float(match[1]), float(match[2])
        value = width / height if height else math.inf
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 1 / _FLATTEST <= value <= _FLATTEST:
        raise PydanticCustomError(
            "aspect", "write a width to height ratio from 1:100 to 100:1, like 16:9 or 1.5"
        )
    return value


Aspect = Annotated[
    float,
    BeforeValidator(_aspect),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 1 / _FLATTEST, "maximum": _FLATTEST},
                {"type": "string", "pattern": f"^{_RATIO.pattern}$"},
            ]
        }
    ),
]
"""Width divided by height: a number, or a ratio such as `16:9`."""
