"""Key templates."""

import posixpath
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tintype.errors import KeyInvalidError
from tintype.recipe.keys import (
    DEFAULT_KEY,
    PLACEHOLDERS,
    check_key,
    check_template,
    expand,
    partition,
    with_suffix,
)

PREFIX = "originals/"
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def expanded(template: str, below: str = "trips/rome/dome.v2.jpeg", **changes: object) -> str:
    given_values: dict[str, object] = {
        "original_key": PREFIX + below,
        "prefix": PREFIX,
        "image_id": "img_abc",
        "variant": "small",
        "extension": "webp",
        "content_hash": '"5d41402a"',
        "uploaded_at": NOON,
    }
    return expand(template, **(given_values | changes))  # type: ignore[arg-type]  # checked by use


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("x/{name}", "x/trips/rome/dome.v2"),
        ("x/{key}", "x/originals/trips/rome/dome.v2.jpeg"),
        ("x/{filename}", "x/dome.v2.jpeg"),
        ("x/{dir}/y", "x/trips/rome/y"),
        ("x/{stem}", "x/dome.v2"),
        ("x.{ext}", "x.webp"),
        ("{variant}/x", "small/x"),
        ("{id}/x", "img_abc/x"),
        ("{yyyy}/{mm}/{dd}/x", "2026/03/09/x"),
        (DEFAULT_KEY, "small/trips/rome/dome.v2.webp"),
        ("800x600/{filename}", "800x600/dome.v2.jpeg"),
    ],
)
def test_each_placeholder_means_what_the_grammar_says(template: str, key: str) -> None:
    assert expanded(template) == key


@pytest.mark.parametrize(
    ("below", "key"),
    [
        ("photo.jpg", "s/photo.webp"),
        ("photo", "s/photo.webp"),
        (".jpg", "s/.jpg.webp"),
        ("a.b/photo", "s/a.b/photo.webp"),
        ("photo.tar.gz", "s/photo.tar.webp"),
    ],
)
def test_a_name_loses_only_the_last_extension_of_the_file(below: str, key: str) -> None:
    assert expanded("s/{name}.{ext}", below) == key


def test_a_missing_folder_takes_its_slash_with_it() -> None:
    assert expanded("x/{dir}/{filename}", "photo.jpg") == "x/photo.jpg"


def test_the_hash_is_16_hexadecimal_digits_that_follow_the_content() -> None:
    one = expanded("x/{hash}")
    assert one == expanded("x/{hash}", "other.png")
    assert one != expanded("x/{hash}", content_hash="another")
    assert len(one) == len("x/") + 16
    assert int(one.removeprefix("x/"), 16) >= 0


def test_the_date_of_the_upload_is_that_of_utc() -> None:
    late = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert expanded("{yyyy}-{mm}-{dd}", uploaded_at=late) == "2025-12-31"


def test_a_key_under_the_prefix_is_refused_because_it_would_be_an_original() -> None:
    with pytest.raises(KeyInvalidError, match="would be an original again"):
        expanded("{dir}/{stem}-small.{ext}", "originals/photo.jpg")


def test_an_original_outside_the_prefix_has_no_keys() -> None:
    with pytest.raises(KeyInvalidError, match="is not below originals/"):
        expanded(DEFAULT_KEY, original_key="elsewhere/photo.jpg")


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{nam}.jpg", "there is no '{nam}'; did you mean 'name'"),
        ("{}", "there is no '{}'"),
        ("{name!r}", "there is no '{name!r}'"),
        ("{name", "a brace is not closed"),
        ("name}", "a brace is not closed"),
        ("{{name}}", "a brace is not closed"),
        ("{dir}", "must be followed by /"),
        ("x/{dir}/", "empty"),
        ("/{name}", "empty"),
        ("a//{name}", "empty"),
        ("../{name}", "`..` part"),
        ("a/./{name}", "`.`"),
        ("a\\{name}", "backslash"),
        ("a\n{name}", "control"),
        ("", "empty"),
        ("x" * 1025, "1,025 bytes"),
    ],
)
def test_a_template_that_cannot_work_is_refused_with_its_reason(template: str, reason: str) -> None:
    with pytest.raises(KeyInvalidError) as caught:
        check_template(template)
    assert reason in caught.value.detail


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "a/b.jpg",
        "ü ñ 日本.jpg",
        "100%.jpg",
        "a+b",
        "-x",
        "a b",
        "[1]{2}'\"$;",
        "x#1",
        "..a",
        "a..",
    ],
)
def test_odd_names_are_kept_as_they_are(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "./a",
        "a\0b",
        "a\x7f",
        "a\x85",
        "a\\b",
        "\udce9",
    ],
)
def test_a_key_that_no_store_could_keep_faithfully_is_refused(key: str) -> None:
    with pytest.raises(KeyInvalidError):
        check_key(key)


def test_a_key_has_at_most_1024_bytes_of_utf_8() -> None:
    check_key("é" * 512)
    with pytest.raises(KeyInvalidError, match="1,026 bytes"):
        check_key("é" * 513)


@pytest.mark.parametrize(
    ("key", "result"),
    [
        ("a/photo.jpg", "a/photo-x1.jpg"),
        ("a.b/photo", "a.b/photo-x1"),
        (".jpg", ".jpg-x1"),
        ("a.tar.gz", "a.tar-x1.gz"),
    ],
)
def test_a_suffix_goes_before_the_last_extension(key: str, result: str) -> None:
    assert with_suffix(key, "x1") == result


def test_a_suffix_that_makes_a_key_too_long_is_refused() -> None:
    with pytest.raises(KeyInvalidError):
        with_suffix("x/" * 508 + "a.jpg", "12345678")


characters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\")
names = st.text(st.one_of(st.sampled_from("./ab"), characters), min_size=1, max_size=40)
pieces = st.one_of(
    st.sampled_from([f"{{{name}}}" for name in PLACEHOLDERS] + ["/", ".", "-", "{dir}/"]),
    st.text(characters, max_size=5),
)
templates = st.lists(pieces, min_size=1, max_size=8).map("".join)


def is_key(key: str) -> bool:
    try:
        check_key(key)
    except KeyInvalidError:
        return False
    return True


@given(templates, names)
def test_no_key_ever_leaves_the_store(template: str, below: str) -> None:
    try:
        check_template(template)
        key = expanded(template, below)
    except KeyInvalidError:
        return
    assert not key.startswith(("/", PREFIX))
    assert not {"", ".", ".."} & set(key.split("/"))
    assert len(key.encode()) <= 1024
    assert key == expanded(template, below)


@given(names, names)
def test_different_names_get_different_default_keys(one: str, two: str) -> None:
    assume(is_key(PREFIX + one) and is_key(PREFIX + two))
    same_name = posixpath.splitext(one)[0] == posixpath.splitext(two)[0]
    assert (expanded(DEFAULT_KEY, one) == expanded(DEFAULT_KEY, two)) == same_name


@given(names)
def test_a_valid_original_always_has_a_default_key(below: str) -> None:
    assume(is_key(PREFIX + below))
    assert is_key(expanded(DEFAULT_KEY, below))


def test_composed_and_decomposed_letters_stay_different() -> None:
    composed, decomposed = (unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD"))
    assert expanded(DEFAULT_KEY, composed) != expanded(DEFAULT_KEY, decomposed)
    assert expanded("x/{filename}", decomposed) == "x/" + decomposed


@given(names, st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8))
def test_a_suffix_changes_only_the_file_name(key: str, suffix: str) -> None:
    assume(is_key(key))
    result = with_suffix(key, suffix)
    assert result.replace(f"-{suffix}", "", 1) == key or suffix in key
    assert result.rpartition("/")[0] == key.rpartition("/")[0]


def test_a_long_name_makes_room_for_its_suffix() -> None:
    for letter in ("y", "ü", "日"):
        name = letter * (246 // len(letter.encode())) + ".jpg"
        longer = with_suffix(f"originals/{name}", "abcd2345")
        assert longer.endswith("-abcd2345.jpg")
        assert longer.startswith(f"originals/{letter}")
        assert len(longer.removeprefix("originals/").encode()) <= 255


@given(day=st.dates(), ids=st.sets(st.from_regex(r"img_[a-z2-7]{26}", fullmatch=True), min_size=2))
def test_uploads_of_one_name_and_day_have_keys_of_their_own_in_the_day_s_folder(
    day: date, ids: set[str]
) -> None:
    keys = {partition(day, image_id) + "photo.jpg" for image_id in ids}
    assert len(keys) == len(ids)
    now = datetime.combine(day, time(23, 59, 59), UTC)
    for image_id in ids:
        below = partition(day, image_id) + "photo.jpg"
        check_key(PREFIX + below)
        template = "x/{yyyy}/{mm}/{dd}/{id}/{filename}"
        assert expanded(template, below, image_id=image_id, uploaded_at=now) == f"x/{below}"
        assert expanded("x/{dir}/{filename}", below) == f"x/{below}"
