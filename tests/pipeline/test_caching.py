"""What objects in a bucket tell the caches before it."""

from typing import Literal

import pytest

from tintype.pipeline.caching import in_store
from tintype.recipe.schema import Delivery


@pytest.mark.parametrize(
    ("access", "kind"), [("public", "public"), ("signed", "private"), ("private", "private")]
)
def test_a_shared_cache_keeps_only_what_everybody_may_see(
    access: Literal["signed", "public", "private"], kind: str
) -> None:
    assert in_store(Delivery(access=access)).startswith(f"{kind}, ")
