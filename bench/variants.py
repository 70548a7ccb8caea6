"""What every way has to make: the three variants of the marketplace, cover-cropped at the center.

Nothing but the standard library is imported here, so that no way carries another's weight.
"""

from typing import Final

VARIANTS: Final = {"800x600": (800, 600), "400x300": (400, 300), "200x150": (200, 150)}
QUALITY: Final = 80
