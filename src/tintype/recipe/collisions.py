"""Which objects would get the same key: found by naming the variants of a few sample originals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, groupby

from tintype.errors import KeyInvalidError
from tintype.imaging.encode import chosen_formats
from tintype.imaging.messages import EXTENSIONS, InputFormat, Output
from tintype.recipe.keys import expand, partition
from tintype.recipe.schema import Originals, Recipe, Variant

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_FIRST, _SECOND = "img_1", "img_2"


@dataclass(frozen=True, slots=True)
class Naming:
    """What the keys of a variant depend on."""

    name: str
    template: str
    output: Output

    @classmethod
    def of(cls, variant: Variant) -> "Naming":
        """What the keys of this variant depend on."""
        return cls(variant.name, variant.key, variant.output)


@dataclass(frozen=True, slots=True)
class _Sample:
    """An original that could be uploaded."""

    key: str
    format: InputFormat
    id: str = _FIRST


def is_inside(naming: Naming, prefix: str) -> bool:
    """Whether a variant's keys all lie under the originals' prefix."""
    template = naming.template.replace("{variant}", naming.name).replace("{key}", prefix)
    return template.startswith(prefix)


def clashes(variants: Sequence[Naming], originals: Originals) -> Iterator[tuple[int, int, str]]:
    """Pairs of variants (by index) that give one original the same key, and that key.

    A template that begins with the original's folder can meet the others only where an original
    lies in a folder of their name, so each of these folders gets a sample. Where uploads have
    folders by date, so does one.
    """
    prefix = originals.prefix
    neighborhoods = dict(_neighborhoods(variants))
    if originals.partition == "date":
        neighborhoods[_dated(_FIRST)] = range(len(variants))
    found: set[tuple[int, int]] = set()
    for folder, candidates in neighborhoods.items():
        for form in originals.accept:
            owners: dict[str, int] = {}
            sample = _sample(prefix, folder, "photo", form)
            for index in candidates:
                for key in _keys(variants[index], sample, prefix):
                    first = owners.setdefault(key, index)
                    if first != index and (first, index) not in found:
                        found.add((first, index))
                        yield first, index, key


def _neighborhoods(variants: Sequence[Naming]) -> Mapping[str, Sequence[int]]:
    """Folders of sample originals, each with the variants whose keys can meet there."""
    everyone = range(len(variants))
    firsts = [
        naming.template.replace("{variant}", naming.name).partition("/")[0] for naming in variants
    ]
    floating = [index for index in everyone if "{" in firsts[index]]
    neighborhoods: dict[str, Sequence[int]] = {"": everyone, "folder": everyone}
    if floating:
        fixed = [index for index in everyone if "{" not in firsts[index]]
        for first, group in groupby(sorted(fixed, key=firsts.__getitem__), firsts.__getitem__):
            neighborhoods[first] = sorted([*floating, *group])
    return neighborhoods


def warnings(recipe: Recipe) -> tuple[str, ...]:
    """Which different originals would get the same key, and how to keep them apart.

    One warning for each reason. Nothing is lost in such a case: the catalog gives the later one a
    key of its own. Where uploads have folders by date, these are looked at, and no others.
    """
    prefix, accept = recipe.originals.prefix, recipe.originals.accept
    first = accept[0]
    dated = recipe.originals.partition == "date"
    here, beside, within = (
        (_dated(_FIRST), _dated(_SECOND), _dated(_SECOND)) if dated else ("", "", "folder")
    )
    photo = _sample(prefix, here, "photo", first)
    other = _sample(prefix, beside, "other", first, _SECOND)
    inner = _sample(prefix, within, "photo", first, _SECOND)
    formats = [
        (_sample(prefix, here, "photo", one), _sample(prefix, beside, "photo", two, _SECOND))
        for one, two in combinations(accept, 2)
    ]
    reasons = (
        ([(photo, other)], "{name}, {id} or {hash}"),
        ([(photo, inner)], "{name}, {dir}, {id} or {hash}"),
        (formats, "{dir}/{filename}, {id} or {hash}"),
    )
    warned: set[Naming] = set()
    texts = []
    for pairs, remedy in reasons:
        alike = {
            naming: shared
            for naming in map(Naming.of, recipe.variants)
            if naming not in warned and (shared := _shared(naming, pairs, prefix))
        }
        warned.update(alike)
        if alike:
            texts.append(_warning(alike, remedy))
    return tuple(texts)


def _warning(alike: Mapping[Naming, tuple[_Sample, _Sample, str]], remedy: str) -> str:
    names = ", ".join(naming.name for naming in alike)
    one, two, key = next(iter(alike.values()))
    return (
        f"{names}: {one.key} and {two.key} would share the key {key}; the later one"
        f" gets `-` and 8 characters of its id before the extension."
        f" {remedy} in the key keeps them apart."
    )


def _shared(
    naming: Naming, pairs: Sequence[tuple[_Sample, _Sample]], prefix: str
) -> tuple[_Sample, _Sample, str] | None:
    for one, two in pairs:
        others = _keys(naming, two, prefix)
        for key in _keys(naming, one, prefix):
            if key in others:
                return one, two, key
    return None


def _dated(image_id: str) -> str:
    """The folders of an upload that is kept by date."""
    return partition(_ANY_DAY.date(), image_id).removesuffix("/")


def _sample(
    prefix: str, folder: str, stem: str, form: InputFormat, image_id: str = _FIRST
) -> _Sample:
    folders = f"{folder}/" if folder else ""
    return _Sample(f"{prefix}{folders}{stem}.{form}", form, image_id)


def _keys(naming: Naming, sample: _Sample, prefix: str) -> tuple[str, ...]:
    """The keys of a sample's variant, one for each of its formats; none where there is none."""
    try:
        return tuple(
            expand(
                naming.template,
                original_key=sample.key,
                prefix=prefix,
                image_id=sample.id,
                variant=naming.name,
                extension=EXTENSIONS[form],
                content_hash=sample.id,
                uploaded_at=_ANY_DAY,
            )
            for form in chosen_formats(naming.output, sample.format)
        )
    except KeyInvalidError:
        return ()
