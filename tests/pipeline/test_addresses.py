"""The addresses that responses name."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.errors import SignatureInvalidError
from tintype.model import Variant
from tintype.pipeline.addresses import Addresses
from tintype.pipeline.signing import Seal, Signer

AT = Addresses("https://img.example.com/photos/")
SIGNER = Signer(Seal(lambda: ("secret",)), lifetime=3600)
SIGNED = Addresses("https://img.example.com/photos/", SIGNER)


def made(key: str, at: Addresses = AT, *, download: bool = False) -> str:
    variant = Variant("800x600", key, "jpeg", 800, 600, 1, "etag", "version")
    return at.made(variant, "img_a", download=download)


def test_a_made_variant_has_its_own_key_as_its_address() -> None:
    assert made("800x600/lamp.jpg") == "https://img.example.com/photos/800x600/lamp.jpg"


@pytest.mark.parametrize(
    "key", ["v1/images", "i/a.jpg", "static/page.css", "healthz", "docs/a.jpg"]
)
def test_a_key_that_the_service_uses_itself_is_not_an_address(key: str) -> None:
    assert made(key) == "https://img.example.com/photos/i/800x600/img_a?format=jpeg"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_key_is_what_its_address_says(key: str) -> None:
    address = urlsplit(made(f"x/{key}"))
    assert address.query == address.fragment == ""
    assert unquote(address.path) == f"/photos/x/{key}"
    assert made(f"x/{key}").isascii()


def test_a_download_is_an_address_of_its_own() -> None:
    assert made("a.jpg", download=True) == "https://img.example.com/photos/a.jpg?download"
    assert made("v1/a.jpg", download=True).endswith("/i/800x600/img_a?format=jpeg&download")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.booleans())
def test_a_signature_is_for_the_path_below_the_public_url(key: str, download: bool) -> None:
    address = urlsplit(made(f"x/{key}", SIGNED, download=download))
    query = parse_qsl(address.query, keep_blank_values=True)
    assert SIGNER.verify(unquote(address.path).removeprefix("/photos"), query) >= 3600
    assert (("download", "") in query) is download


def test_a_format_is_a_part_of_what_is_signed() -> None:
    address = urlsplit(SIGNED.variant("800x600", "img_a", only="webp"))
    query = parse_qsl(address.query)
    assert ("format", "webp") in query
    path = address.path.removeprefix("/photos")
    assert SIGNER.verify(path, query) >= 3600
    for other in ([("format", "jpeg")], []):
        with pytest.raises(SignatureInvalidError):
            SIGNER.verify(path, [*other, *(each for each in query if each[0] != "format")])


def test_what_shows_no_picture_is_not_signed() -> None:
    assert SIGNED.image("img_a") == "https://img.example.com/photos/v1/images/img_a"


def test_an_address_can_end_at_a_moment_of_choice() -> None:
    at = Addresses("https://img.example.com", SIGNER, expires_at=1_900_000_000)
    assert "?exp=1900000000&sig=" in at.variant("800x600", "img_a")
