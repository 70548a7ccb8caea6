"""A profile is taken for sRGB where it surely is, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imaging.pictures import scene
from tintype.imaging.icc import is_srgb


def profile(name: str) -> bytes:
    """A profile that libvips has built in."""
    image = scene().icc_transform(name, input_profile="srgb")
    return bytes(image.get("icc-profile-data"))


SRGB = profile("srgb")


def test_the_usual_srgb_profile_is_srgb() -> None:
    assert is_srgb(profile("srgb"))


@pytest.mark.parametrize("name", ["p3", "cmyk"])
def test_other_profiles_are_not(name: str) -> None:
    assert not is_srgb(profile(name))


def test_leaving_out_the_conversion_from_srgb_to_srgb_changes_nothing_one_can_see() -> None:
    image = scene()
    tagged = image.icc_transform("srgb", input_profile="srgb")
    converted = tagged.icc_transform("srgb", embedded=True)
    assert (converted.cast("int") - tagged.cast("int")).abs().max() <= 1


@pytest.mark.parametrize("tag", [b"rXYZ", b"gXYZ", b"bXYZ"])
def test_a_profile_with_another_primary_is_not_srgb(tag: bytes) -> None:
    changed = bytearray(profile("srgb"))
    entry = changed.index(tag, 128)
    at = int.from_bytes(changed[entry + 4 : entry + 8], "big")
    changed[at + 10] ^= 0x40
    assert not is_srgb(bytes(changed))


def test_a_profile_with_another_curve_is_not_srgb() -> None:
    changed = bytearray(profile("srgb"))
    entry = changed.index(b"gTRC", 128)
    at = int.from_bytes(changed[entry + 4 : entry + 8], "big")
    changed[at + 12 : at + 16] = b"\0\1\xcd\0"  # as a `para` curve: a gamma of 1.8
    assert not is_srgb(bytes(changed))


def test_a_profile_with_a_lookup_table_is_not_srgb() -> None:
    assert not is_srgb(profile("srgb").replace(b"wtpt", b"A2B0", 1))


@given(st.binary(max_size=400))
def test_garbage_is_not_srgb(content: bytes) -> None:
    assert not is_srgb(content)


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=8))
def test_a_damaged_profile_ends_in_a_verdict(at: int, noise: bytes) -> None:
    content = bytearray(SRGB)
    content[at : at + len(noise)] = noise
    assert is_srgb(bytes(content)) in (True, False)
