"""What the grammar is going to have and this release refuses by name.

The paths are written without indexes. Some of it is built already and waits for what it depends on:
the schema accepts it, and it is refused all the same.
"""

from collections.abc import Mapping

FIELDS = frozenset(
    {
        "analyze",
        "groups",
        "notify",
        "optimize",
        "oversize",
        "retention",
        "variants[].groups",
        "variants[].operations[].redact",
        "variants[].optimize",
        "variants[].output.optimize",
    }
)
"""Fields."""

VALUES: Mapping[str, frozenset[str]] = {
    "variants[].operations[]": frozenset({"redact"}),
    "variants[].operations[].crop.gravity": frozenset({"faces"}),
    "variants[].operations[].resize.gravity": frozenset({"faces"}),
}
"""Values of fields that exist."""
