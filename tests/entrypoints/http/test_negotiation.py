"""Which format a client gets, by what it says it takes."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.entrypoints.http.negotiation import negotiated

OFFERED = ("image/avif", "image/webp", "image/jpeg")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        # browsers: Chrome and Firefox for images and for pages, Safari, old Firefox, old Edge
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "avif"),
        ("text/html,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "avif"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "avif"),
        ("image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5", "webp"),
        ("image/webp,*/*", "webp"),
        ("image/png, image/svg+xml, image/*;q=0.8, */*;q=0.5", "jpeg"),
        # clients that say nothing of formats
        ("", "jpeg"),
        ("*/*", "jpeg"),
        ("image/*", "jpeg"),
        ("*/*;q=0.1", "jpeg"),
        # weights
        ("image/avif;q=0.5, image/webp;q=0.9, image/jpeg", "jpeg"),
        ("image/jpeg;q=0.5, image/webp;q=0.501", "webp"),
        ("image/webp;q=0.8, image/avif;q=0.8", "avif"),
        ("image/avif;q=0, image/*", "jpeg"),
        ("image/jpeg;q=0, image/*", "webp"),
        ("image/jpeg;q=0.9, */*", "webp"),
        ("image/webp;q=0.2, */*;q=0.1", "webp"),
        ("image/webp;q=0.1, image/webp;q=0.9, image/jpeg;q=0.5", "webp"),
        # the most special range counts, wherever it stands
        ("*/*;q=1, image/*;q=0.1, image/webp;q=0.2", "webp"),
        ("text/*, image/webp;q=0.1", "webp"),
        # nothing that there is
        ("image/png", "jpeg"),
        ("text/html", "jpeg"),
        ("*/*;q=0", "jpeg"),
        ("image/avif;q=0", "jpeg"),
        # how it may be written
        ("IMAGE/AVIF;Q=0.5 , Image/WebP ;q=1.000", "webp"),
        (",, ,image/webp,,", "webp"),
        ("\timage/webp\t;\tq=0.3\t", "webp"),
        ("image/webp;", "webp"),
        # parameters that no file here has, also with commas in quotes
        ("image/avif;profile=main, image/webp", "webp"),
        ('text/x;a="x, image/avif;q=1, \\" image/avif", image/webp', "webp"),
        ('text/x;a="never closed, image/avif', "jpeg"),
        # weights that are none
        ("image/avif;q=2, image/webp;q=0.1", "webp"),
        ("image/avif;q=-1, image/webp;q=0.1", "webp"),
        ("image/avif;q=0.1234, image/webp;q=0.1", "webp"),
        ("image/avif;q=, image/webp;q=0.1", "webp"),
        ("image/avif;q=\u0660, image/webp;q=0.1", "webp"),
        ("avif, image/webp", "webp"),
    ],
)
def test_a_client_gets_what_it_likes_best(accept: str, chosen: str) -> None:
    assert negotiated(accept, OFFERED) == f"image/{chosen}"


def test_the_recipe_decides_among_what_a_client_likes_alike() -> None:
    accept = "image/avif,image/webp,*/*;q=0.8"
    assert negotiated(accept, OFFERED) == "image/avif"
    assert negotiated(accept, ("image/webp", "image/avif", "image/jpeg")) == "image/webp"
    assert negotiated(accept, ("image/png", "image/jpeg")) == "image/jpeg"


WEIGHTS = st.one_of(st.none(), st.integers(0, 1000))
RANGES = st.dictionaries(st.sampled_from((*OFFERED, "image/png", "image/*", "*/*")), WEIGHTS)


@given(RANGES, st.permutations(OFFERED), st.randoms())
def test_nothing_is_sent_that_is_liked_less_than_another(
    ranges: dict[str, int | None], offered: list[str], dice: Random
) -> None:
    elements = [
        name if weight is None else f"{name};q={weight / 1000:.3f}"
        for name, weight in ranges.items()
    ]
    dice.shuffle(elements)
    accept = ", ".join(elements)
    said = {name: 1000 if weight is None else weight for name, weight in ranges.items()}

    def liking(media_type: str) -> int:
        return said.get(media_type, said.get("image/*", said.get("*/*", 0)))

    chosen = negotiated(accept, offered)
    alike = [each for each in offered if liking(each) == max(map(liking, offered))]
    named = [each for each in alike if each in said and liking(each)]
    assert chosen == (named[0] if named else alike[-1])


@given(st.text(), st.sampled_from([OFFERED, OFFERED[:1]]))
def test_whatever_a_client_says_it_gets_something(accept: str, offered: tuple[str, ...]) -> None:
    assert negotiated(accept, offered) in offered


@pytest.mark.parametrize("part", ['"', '"\\"', "\\", ",", ";", '"a', 'a"', " ", ";q=0.1,"])
def test_a_header_of_any_length_is_read_in_one_go(part: str) -> None:
    assert negotiated(part * 100_000, OFFERED) == "image/jpeg"
