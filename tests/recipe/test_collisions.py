"""Warnings of keys that different originals would share."""

import pytest

from tintype.recipe.collisions import warnings
from tintype.recipe.loader import loads


def warned(
    key: str, *, form: str = "same", accept: str = "[jpeg, png]", partition: str = "none"
) -> tuple[str, ...]:
    text = (
        f"version: 1\nname: a\noriginals: {{accept: {accept}, partition: {partition}}}\n"
        f"variants: [{{name: v, key: '{key}', output: {{format: {form}}}}}]\n"
    )
    return warnings(loads(text, {}))


@pytest.mark.parametrize("key", ["x/y.jpg", "x/{variant}.{ext}", "{yyyy}/{mm}/{dd}/x", "{dir}/x"])
def test_a_key_that_all_originals_share_is_warned_of(key: str) -> None:
    (warning,) = warned(key)
    assert "originals/photo.jpeg and originals/other.jpeg would share the key" in warning


@pytest.mark.parametrize("key", ["x/{filename}", "x/{stem}.{ext}", "{yyyy}/{filename}"])
def test_a_key_without_folders_is_warned_of(key: str) -> None:
    (warning,) = warned(key)
    assert "originals/photo.jpeg and originals/folder/photo.jpeg would share" in warning


@pytest.mark.parametrize(
    ("key", "form"), [("x/{name}", "same"), ("x/{name}.jpg", "jpeg"), ("x/{name}.{ext}", "webp")]
)
def test_a_key_without_the_extension_that_sets_originals_apart_is_warned_of(
    key: str, form: str
) -> None:
    (warning,) = warned(key, form=form)
    assert "originals/photo.jpeg and originals/photo.png would share the key" in warning


def test_formats_that_become_another_are_warned_of() -> None:
    (warning,) = warned("x/{name}.{ext}", accept="[jpeg, png, heic]")
    assert (
        "originals/photo.jpeg and originals/photo.heic would share the key x/photo.jpg" in warning
    )


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("x/{name}.{ext}", "same"),
        ("x/{name}-{id}.{ext}", "webp"),
        ("x/{hash}.{ext}", "webp"),
        ("x/{dir}/{filename}", "webp"),
        ("x/{key}", "webp"),
    ],
)
def test_a_key_of_its_own_for_every_original_gets_no_warning(key: str, form: str) -> None:
    assert warned(key, form=form) == ()


def test_one_reason_is_one_warning_for_all_its_variants() -> None:
    names = ["a", "b", "c"]
    variants = "".join(f"  - {{name: {each}, key: '{each}/{{filename}}'}}\n" for each in names)
    (warning,) = warnings(loads(f"version: 1\nname: r\nvariants:\n{variants}", {}))
    assert warning.startswith("a, b, c: ")
    assert warning.endswith("{name}, {dir}, {id} or {hash} in the key keeps them apart.")


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("{variant}/{name}.{ext}", "webp"),
        ("x/{name}", "same"),
        ("x/{dir}/{stem}.{ext}", "webp"),
        ("x/{key}", "webp"),
    ],
)
def test_folders_by_date_keep_apart_what_has_them_in_its_key(key: str, form: str) -> None:
    assert warned(key, form=form, accept="[jpeg, png, heic]", partition="date") == ()
    assert warned("{yyyy}/{mm}/{dd}/{id}/{filename}", partition="date") == ()


@pytest.mark.parametrize("key", ["x/{filename}", "{yyyy}/{mm}/{dd}/{stem}.{ext}"])
def test_folders_by_date_keep_nothing_apart_that_leaves_them_out(key: str) -> None:
    (warning,) = warned(key, partition="date")
    assert (
        "originals/2026/01/01/img_1/photo.jpeg and originals/2026/01/01/img_2/photo.jpeg"
        " would share the key" in warning
    )


def test_a_key_for_everything_is_warned_of_with_folders_by_date_too() -> None:
    (warning,) = warned("{yyyy}/{mm}/{dd}/x", partition="date")
    assert "img_1/photo.jpeg and originals/2026/01/01/img_2/other.jpeg would share" in warning
