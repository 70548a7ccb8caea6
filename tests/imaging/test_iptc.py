"""IPTC datasets are read from Photoshop's resources and written back alone."""

from hypothesis import given
from hypothesis import strategies as st

from tintype.imaging.iptc import (
    BYLINE,
    COPYRIGHT,
    Dataset,
    block,
    datasets,
    in_utf8,
    texts,
    without_original,
)

SETS = [Dataset(1, 90, b"\x1b%G"), Dataset(2, BYLINE, b"Ann"), Dataset(2, COPYRIGHT, b"(c) Ann")]
THUMBNAIL = b"8BIM\x04\x0c\x03abc\0\0\0\x04\xff\xd8\xff\xd9"


def test_a_block_has_what_it_was_made_of() -> None:
    assert datasets(block(SETS)) == SETS
    assert texts(SETS, BYLINE) == [b"Ann"]
    assert block([]) == b""


def test_other_resources_are_passed_over_and_dropped() -> None:
    content = block(SETS)
    with_others = content[:14] + THUMBNAIL + content[14:] + THUMBNAIL
    assert datasets(with_others) == SETS
    assert b"\xff\xd8" not in block(datasets(with_others))


def test_bare_datasets_are_read_too() -> None:
    assert datasets(b"\x1c\x02\x50\0\x03Ann\0\0\0") == [SETS[1]]


def test_previews_go() -> None:
    assert without_original([*SETS, Dataset(2, 202, b"\xff\xd8")]) == SETS


def test_texts_are_marked_as_utf8() -> None:
    assert datasets(block(in_utf8([(BYLINE, b"Ann")]))) == SETS[:2]


@given(content=st.binary(max_size=200), wrapped=st.booleans())
def test_garbage_ends_in_datasets(*, content: bytes, wrapped: bool) -> None:
    start = b"Photoshop 3.0\x008BIM\x04\x04\0\0" if wrapped else b"\x1c\x02"
    found = datasets(start + content)
    assert datasets(block(found)) == found
