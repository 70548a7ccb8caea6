"""Tells a want of memory from a fault of the image."""

import re

# How libvips, libjpeg, libpng, libtiff, libheif, libaom and the C++ library say that memory could
# not be had. libheif says nearly the same of an image that is larger than it likes.
_NO_MEMORY = re.compile(
    "out of memory|insufficient memory|(cannot|failed to|unable to) allocate|bad_alloc"
    "|memory allocation error(?!: security)",
    re.IGNORECASE,
)


def wanted_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, says that memory could not be had."""
    while error is not None:
        if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False
