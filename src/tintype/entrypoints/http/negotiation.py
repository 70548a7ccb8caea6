"""Which of several media types a client gets, by its Accept header (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Iterator, Mapping, Sequence

# What lies between two commas outside quotes; quotes that are not closed go on to the end.
_ELEMENT = re.compile(r'[^,"]*+(?:"(?:[^"\\]|\\.)*+(?:"|\\?\Z)[^,"]*+)*+', re.DOTALL)

_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def negotiated(accept: str, offered: Sequence[str]) -> str:
    """The media type to send of those offered, which are in order: preferred first, safest last.

    What the client likes best decides. Of what it likes alike, it gets the first that it names: to
    take anything is no promise to know everything, and browsers that know no AVIF take `image/*`.
    So where only wildcards speak for them it gets the last, and also where it accepts none: a
    picture that may be shown is worth more to it than none.
    """
    weights = _weights(accept)
    liking = {each: _liking(each, weights) for each in offered}
    best = max(liking.values())
    liked = [each for each in offered if liking[each] == best]
    named = [each for each in liked if each in weights]
    return named[0] if best and named else liked[-1]


def _weights(accept: str) -> Mapping[str, float]:
    """The weight of each media range; what cannot be read counts as not said."""
    weights: dict[str, float] = {}
    for name, weight in _ranges(accept):
        weights[name] = max(weight, weights.get(name, 0.0))
    return weights


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for element in _ELEMENT.findall(accept.lower()):
        name, *rest = (part.strip(" \t") for part in element.split(";"))
        parameters = [part for part in rest if part]
        if not parameters:
            yield name, 1.0
        elif len(parameters) == 1 and (found := _WEIGHT.fullmatch(parameters[0])):
            yield name, float(found[1])
        # Any other parameter asks for something more special than what is offered.


def _liking(offered: str, weights: Mapping[str, float]) -> float:
    """The weight of the most special range that a media type is in."""
    kind = offered.partition("/")[0]
    ranges = (offered, f"{kind}/*", "*/*")
    return next((weights[each] for each in ranges if each in weights), 0.0)
