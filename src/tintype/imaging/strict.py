"""How pydantic reads Tintype's dataclasses: no parameter but the known ones, each described."""

from pydantic import ConfigDict

STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)
