"""Signatures: any change is refused, time ends them, and secrets take turns."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tintype.errors import SignatureExpiredError, SignatureInvalidError
from tintype.pipeline.signing import Seal, Signer, is_signed

NOW = 1_800_000_000
LIFETIME = 3600

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
options = st.lists(st.tuples(texts, texts), max_size=3).filter(lambda made: not is_signed(made))


class Shared:
    """Secrets that a test rotates, and how often they were asked for."""

    def __init__(self, *secrets: str) -> None:
        self.secrets = secrets
        self.asked = 0

    def __call__(self) -> tuple[str, ...]:
        self.asked += 1
        return self.secrets


class Clock:
    """A clock that a test moves, in seconds."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def signer(shared: Shared | None = None, clock: Clock | None = None) -> Signer:
    seal = Seal(shared or Shared("secret"), ticks=Clock(0.0))
    return Signer(seal, lifetime=LIFETIME, clock=clock or Clock())


def parsed(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def flipped(text: str, place: int) -> str:
    """The text with one bit of its UTF-8 turned over, where that is text again."""
    content = bytearray(text.encode())
    place %= 8 * len(content)
    content[place // 8] ^= 1 << place % 8
    try:
        return content.decode()
    except UnicodeDecodeError:
        assume(False)
        raise


@given(texts, options)
def test_a_signed_address_is_believed_in_any_order(path: str, given: list[tuple[str, str]]) -> None:
    query = parsed(signer().sign(f"/{path}", given))
    assert signer().verify(f"/{path}", query) >= LIFETIME
    assert signer().verify(f"/{path}", query[::-1]) >= LIFETIME


@given(texts, options, st.integers(0))
def test_one_bit_of_the_path_matters(path: str, given: list[tuple[str, str]], place: int) -> None:
    query = parsed(signer().sign(f"/{path}", given))
    with pytest.raises(SignatureInvalidError):
        signer().verify(flipped(f"/{path}", place), query)


@given(options, st.integers(0), st.integers(0), st.booleans())
def test_one_bit_of_the_query_matters(
    given: list[tuple[str, str]], which: int, place: int, value: bool
) -> None:
    """Names and values of the options, of the expiry and of the signature alike."""
    query = parsed(signer().sign("/a.jpg", given))
    which %= len(query)
    assume(query[which][value])
    changed = list(query)
    pair = list(query[which])
    pair[value] = flipped(pair[value], place)
    changed[which] = (pair[0], pair[1])
    assume(sorted(changed) != sorted(query))
    with pytest.raises((SignatureInvalidError, SignatureExpiredError)) as refused:
        signer().verify("/a.jpg", changed)
    assert refused.type is SignatureInvalidError


@given(options, st.tuples(texts, texts))
def test_an_option_more_matters(given: list[tuple[str, str]], more: tuple[str, str]) -> None:
    query = parsed(signer().sign("/a.jpg", given))
    with pytest.raises(SignatureInvalidError):
        signer().verify("/a.jpg", [*query, more])
    for gone in range(len(query)):
        with pytest.raises(SignatureInvalidError):
            signer().verify("/a.jpg", query[:gone] + query[gone + 1 :])


def test_every_bit_of_the_signature_matters() -> None:
    """Base64 leaves two bits of its last character unread; they count all the same."""
    expiry, (name, signature) = parsed(signer().sign("/a.jpg"))
    for place in range(8 * len(signature)):
        content = bytearray(signature.encode())
        content[place // 8] ^= 1 << place % 8
        with pytest.raises(SignatureInvalidError):
            signer().verify("/a.jpg", [expiry, (name, content.decode("latin-1"))])


@pytest.mark.parametrize(
    "query",
    [
        [],
        [("exp", "1900000000")],
        [("sig", "a" * 43)],
        [("exp", ""), ("sig", "")],
        [("exp", "1900000000"), ("sig", "\ud800")],
    ],
)
def test_what_has_no_signature_is_not_right(query: list[tuple[str, str]]) -> None:
    with pytest.raises(SignatureInvalidError):
        signer().verify("/a.jpg", query)


@given(texts, texts, texts)
def test_parts_cannot_pass_for_each_other(path: str, name: str, value: str) -> None:
    """What is moved from the path into an option, or from a name into its value, is another."""
    assume(not is_signed([(name, value), (name + value, "")]))
    assume(value)
    mark = parsed(signer().sign(f"/{path}", [(name, value)], expires_at=NOW + 5))[1:]
    for other_path, other in (
        (f"/{path}{name}", [("", value)]),
        (f"/{path}", [(name + value, "")]),
        (f"/{path}?{name}={value}", []),
    ):
        if (other_path, other) != (f"/{path}", [(name, value)]):
            with pytest.raises(SignatureInvalidError):
                signer().verify(other_path, [*other, *mark])


@given(st.integers(0, 10 * LIFETIME), st.integers(-5, 5))
def test_an_address_ends_with_its_time(lifetime: int, off: int) -> None:
    clock = Clock()
    query = parsed(signer(clock=clock).sign("/a.jpg", expires_at=NOW + lifetime))
    clock.now = NOW + lifetime + off
    if off < 0:
        assert signer(clock=clock).verify("/a.jpg", query) == -off
    else:
        with pytest.raises(SignatureExpiredError):
            signer(clock=clock).verify("/a.jpg", query)


@pytest.mark.parametrize("expires_at", [0, -1, 10**12])
def test_a_time_that_cannot_be_written_has_passed(expires_at: int) -> None:
    query = parsed(signer().sign("/a.jpg", expires_at=expires_at))
    with pytest.raises(SignatureExpiredError):
        signer().verify("/a.jpg", query)


@given(st.integers(0, 10**9), st.integers(1, 10**8), st.floats(0, 1))
def test_an_address_lasts_its_time_and_at_most_a_quarter_more(
    now: int, lifetime: int, part: float
) -> None:
    given_out = Signer(Seal(Shared("s")), lifetime=lifetime, clock=Clock(now + part)).expiry()
    assert now + part + lifetime <= given_out <= now + part + lifetime + lifetime / 4 + 2


def test_the_same_address_is_given_out_for_a_quarter_of_its_time() -> None:
    clock = Clock()
    made = signer(clock=clock)
    addresses = []
    for second in range(0, 2 * LIFETIME, 60):
        clock.now = NOW + second
        addresses.append(made.sign("/a.jpg"))
    assert len(set(addresses)) <= 9


def test_the_secret_before_the_newest_is_believed_and_the_one_before_that_is_not() -> None:
    shared, ticks = Shared("first"), Clock(0.0)
    signing = Signer(Seal(shared, ticks=ticks), lifetime=LIFETIME, clock=Clock())
    old = parsed(signing.sign("/a.jpg"))
    shared.secrets = ("second", "first")
    ticks.now += 5
    new = parsed(signing.sign("/a.jpg"))
    assert new != old
    for query in (old, new):
        signing.verify("/a.jpg", query)
    shared.secrets = ("third", "second")
    ticks.now += 5
    signing.verify("/a.jpg", new)
    with pytest.raises(SignatureInvalidError):
        signing.verify("/a.jpg", old)


def test_a_signature_with_a_secret_newer_than_those_known_is_believed_at_once() -> None:
    shared = Shared("first")
    here = signer(shared)
    here.sign("/a.jpg")
    shared.secrets = ("second", "first")
    elsewhere = signer(Shared("second", "first")).sign("/a.jpg")
    here.verify("/a.jpg", parsed(elsewhere))


def test_secrets_are_not_read_each_time() -> None:
    shared, ticks = Shared("secret"), Clock(0.0)
    seal = Seal(shared, ticks=ticks)
    for _ in range(10):
        assert seal.is_known("text", seal.mark("text"))
    assert shared.asked == 1
    ticks.now += 5
    seal.mark("text")
    assert shared.asked == 2


def test_a_mark_says_nothing_of_another_text_or_secret() -> None:
    seal = Seal(Shared("secret"))
    assert len(seal.mark("text")) == 43
    assert not seal.is_known("texts", seal.mark("text"))
    assert not Seal(Shared("other")).is_known("text", seal.mark("text"))
