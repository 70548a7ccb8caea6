"""What the grammar is going to have and this release refuses by name.

The paths are written without indexes. What a release makes available is accepted by the schema, and
then nothing here applies to it any more.
"""

from collections.abc import Mapping

FIELDS = frozenset(
    {
        "analyze",
        "groups",
        "notify",
        "optimize",
        "originals.partition",
        "oversize",
        "retention",
        "variants[].groups",
        "variants[].optimize",
        "variants[].output.formats",
        "variants[].output.max_bytes",
        "variants[].output.optimize",
    }
)
"""Fields."""

VALUES: Mapping[str, frozenset[str]] = {
    "variants[].output.animation": frozenset({"keep"}),
    "variants[].output.color": frozenset({"keep"}),
    "variants[].output.format": frozenset({"auto", "gif"}),
    "variants[].output.metadata": frozenset({"copyright", "keep"}),
    "variants[].output.quality": frozenset({"auto"}),
}
"""Values of fields that exist."""
