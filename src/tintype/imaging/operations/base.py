"""What every operation has in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

from tintype.imaging.geometry import Size
from tintype.imaging.raster import Raster

if TYPE_CHECKING:
    import pyvips


class Phase(IntEnum):
    """When an operation runs. Inside a phase the recipe's order holds.

    Orientation and color come before all phases, encoding after all of them. Overlays come after
    the filters, so that no filter changes them, and before the finish, which shapes them too.
    """

    REDACTION = 0
    GEOMETRY = 1
    FILTERS = 2
    OVERLAYS = 3
    FINISH = 4


class Operation(Protocol):
    """One transformation in a variant: a frozen dataclass whose fields are its parameters."""

    name: ClassVar[str]
    """What recipes call it."""

    phase: ClassVar[Phase]
    """When it runs."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The transformed picture.

        Pictures are 8-bit gray or RGB, with straight (not premultiplied) alpha or without, in both
        directions. The input can be read in any order.
        """
        ...


class Shaping(ABC):
    """An operation that has to do with faces: it uses them, or its outcome has them elsewhere.

    Rasters at a reduced scale are given to redaction alone, and to a resize that comes first or
    right after it.
    """

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The transformed picture, where no faces are known."""
        return self.draw(Raster.whole(image)).image

    @abstractmethod
    def draw(self, raster: Raster) -> Raster:
        """The transformed picture, with its faces where they are then."""

    def least(self, picture: Size) -> Size:
        """How large the outcome is at least, of any picture at least this large.

        Recipes that make too much of every picture are refused by what it says.
        """
        return picture


class Settling(ABC):
    """An operation that looks at the picture to decide what it does to it.

    Were that decided for each frame of an animation, the frames would not fit together.
    """

    @abstractmethod
    def settled(self, frames: Iterable[Raster]) -> Operation:
        """The operation that does the same to every frame.

        The frames are as the operation finds them, at least one, and can be gone through again.
        """


class Sizing(ABC):
    """An operation that may make the picture larger. Memory is estimated by what it says."""

    @abstractmethod
    def frame(self, picture: Size) -> Size:
        """How large a picture of this size is afterwards, at most."""


class Holding(ABC):
    """An operation that holds more of the picture than the few hundred lines that any may.

    Memory is estimated by what it says.
    """

    @abstractmethod
    def held(self, picture: Size, bands: int) -> float:
        """How many bytes it holds beside these lines, at most, of a picture that it is given."""
