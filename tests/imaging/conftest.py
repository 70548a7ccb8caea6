"""What every test of this folder needs."""

from collections.abc import Iterator

import pytest

from tintype.imaging import fonts


@pytest.fixture(autouse=True, scope="module")
def fonts_of_our_own() -> Iterator[None]:
    """Tests draw in their own process too; decoder children are told by the sandbox.

    Only here: a browser that is started with this finds no fonts, and dies.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FONTCONFIG_FILE", str(fonts.CONFIGURATION))
        yield
