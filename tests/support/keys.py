"""API keys for tests that are about something else than making them."""

from pathlib import Path

from tintype.bootstrap import open_access
from tintype.model import Scope
from tintype.settings import load_settings


def new_key(data: Path, *scopes: str) -> str:
    """The secret of a new API key in the database of a data folder."""
    with open_access(load_settings(data=data), make=True) as authority:
        return authority.access.create("test", map(Scope, scopes))[1]
