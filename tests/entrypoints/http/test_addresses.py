"""The addresses that responses name."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.entrypoints.http.addresses import Addresses
from tintype.model import Variant

AT = Addresses("https://img.example.com/photos/")


def made(key: str) -> str:
    variant = Variant("800x600", key, "jpeg", 800, 600, 1, "etag", "version")
    return AT.made(variant, "img_a")


def test_a_made_variant_has_its_own_key_as_its_address() -> None:
    assert made("800x600/lamp.jpg") == "https://img.example.com/photos/800x600/lamp.jpg"


@pytest.mark.parametrize(
    "key", ["v1/images", "i/a.jpg", "static/page.css", "healthz", "docs/a.jpg"]
)
def test_a_key_that_the_service_uses_itself_is_not_an_address(key: str) -> None:
    assert made(key) == "https://img.example.com/photos/i/800x600/img_a"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_key_is_what_its_address_says(key: str) -> None:
    address = urlsplit(made(f"x/{key}"))
    assert address.query == address.fragment == ""
    assert unquote(address.path) == f"/photos/x/{key}"
    assert made(f"x/{key}").isascii()
