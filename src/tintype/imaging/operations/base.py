"""What every operation has in common."""

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    import pyvips


class Phase(IntEnum):
    """When an operation runs. Inside a phase the recipe's order holds.

    Orientation and color come before all phases, encoding after all of them.
    """

    GEOMETRY = 1
    FILTERS = 2


class Operation(Protocol):
    """One transformation in a variant: a frozen dataclass whose fields are its parameters."""

    name: ClassVar[str]
    """What recipes call it."""

    phase: ClassVar[Phase]
    """When it runs."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The transformed picture.

        Pictures are 8-bit gray or sRGB, with straight (not premultiplied) alpha or without, in both
        directions. The input can be read in any order.
        """
        ...
