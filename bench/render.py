"""(a) The processor time per photograph of every way, for several works; and how good it looks."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median

from bench.peers.install import THUMBOR, Peers
from bench.photographs import in_format
from bench.processes import Way, Worker
from bench.quality import Ideal, references
from bench.served import Asked
from bench.variants import THREE, VARIANTS, Work

FLOOR = "codec floor"
TINTYPE = "tintype"
SHARP = "sharp"
PYVIPS = "pyvips thumbnail"

_PROGRAMS = {
    FLOOR: "floor",
    TINTYPE: "tintype_sandbox",
    f"{TINTYPE} without its sandbox": "tintype_inside",
    PYVIPS: "pyvips_thumbnail",
    "Pillow draft": "pillow_draft",
    "Pillow full": "pillow_full",
}
_SERVERS = ("ipx", "thumbor")


@dataclass(frozen=True)
class Scene:
    """A work, what it is made of, and who takes part."""

    title: str
    work: Work
    ways: tuple[str, ...]  # the beginnings of their names, as these have versions
    against: tuple[str, ...]  # the same: whose processor time that of all others is compared with
    source: str = ""  # the format that the photographs are turned into first


_LIBRARIES = (TINTYPE, PYVIPS, SHARP)
SCENES = (
    Scene(
        "photographs to three JPEG",
        THREE,
        (FLOOR, *_LIBRARIES, "Pillow", "ImageMagick", "GraphicsMagick", *_SERVERS),
        (FLOOR, SHARP),
    ),
    Scene(
        "photographs to three JPEG and three WebP",
        Work(("jpeg", "webp")),
        (*_LIBRARIES, "Pillow draft"),
        (SHARP,),
    ),
    Scene(
        "photographs to three WebP and three AVIF",
        Work(("webp", "avif")),
        _LIBRARIES,
        (SHARP,),
    ),
    Scene(
        "photographs to one JPEG",
        Work(sizes=("800x600",)),
        (f"{TINTYPE} without its sandbox", TINTYPE, PYVIPS, SHARP),
        (PYVIPS,),
    ),
    Scene("PNG to three PNG", Work(("png",)), (*_LIBRARIES, "Pillow full"), (SHARP,), "png"),
    Scene("WebP to three WebP", Work(("webp",)), (*_LIBRARIES, "Pillow full"), (SHARP,), "webp"),
    Scene("AVIF to three AVIF", Work(("avif",)), _LIBRARIES, (SHARP,), "avif"),
)


@dataclass(frozen=True)
class Measured:
    """What was measured of one way at one work."""

    work: str
    way: str
    milliseconds: list[float]  # per photograph; one figure per round
    kilobytes: float  # of all variants, per photograph
    decibels: dict[str, float]  # per size: the median over the photographs; none of the floor
    looks: dict[str, float]  # per format: the mean SSIMULACRA 2 of the encoded 800x600

    @property
    def cost(self) -> float:
        """The median round's milliseconds of processor time per photograph."""
        return median(self.milliseconds)


def measure(
    sources: list[Path], rounds: int, folder: Path, peers: Peers
) -> Iterator[tuple[Scene, list[Measured]]]:
    """Measure scene by scene."""
    for number, scene in enumerate(SCENES):
        place = folder / str(number)
        place.mkdir(parents=True)
        taken = in_format(sources, scene.source, place / "from") if scene.source else sources
        yield scene, _scene(scene, taken, rounds, place, peers)


def _scene(
    scene: Scene, sources: list[Path], rounds: int, folder: Path, peers: Peers
) -> list[Measured]:
    """Measure the ways, photograph by photograph in turn, so that all see the same machine."""
    pixels = Work(("png",), scene.work.sizes)  # what is compared is what was to be encoded
    with ExitStack() as stack:
        makers: dict[str, Worker | Asked] = {}
        for name, start in _ways(peers, sources[0].parent, folder).items():
            if _takes_part(name, scene):
                maker = makers[name] = start()
                stack.enter_context(maker)
        names = list(makers)
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for number in range(rounds + 1):
            spent = dict.fromkeys(names, 0.0)
            turn = number % len(names)
            for source in sources:
                for name in names[turn:] + names[:turn]:
                    target = folder / name / source.stem
                    spent[name] += makers[name].make(source, target, scene.work)
            for name, total in spent.items():
                if number:  # the first round warms up
                    seconds[name].append(total * 1000 / len(sources))
        for source in sources:
            for name in names:
                makers[name].make(source, folder / name / source.stem / "pixels", pixels)
    ideals = {source.stem: references(source, scene.work) for source in sources}
    return [
        _judged(scene, name, seconds[name], {stem: folder / name / stem for stem in ideals}, ideals)
        for name in names
    ]


def _judged(
    scene: Scene,
    name: str,
    milliseconds: list[float],
    made: Mapping[str, Path],
    ideals: Mapping[str, Mapping[str, Ideal]],
) -> Measured:
    """What was measured of a way, with what it is worth; `made` has a folder per photograph."""
    judged = name != FLOOR  # which has its pixels from elsewhere
    return Measured(
        work=scene.title,
        way=name,
        milliseconds=milliseconds,
        kilobytes=mean(kilobytes(path, scene.work) for path in made.values()),
        decibels={
            size: median(
                ideals[stem][size].decibels(path / "pixels" / f"{size}.png")
                for stem, path in made.items()
            )
            for size in scene.work.sizes
            if judged
        },
        looks={
            form: mean(
                ideals[stem][_LARGEST].looks(path / f"{_LARGEST}.{form}")
                for stem, path in made.items()
            )
            for form in scene.work.formats
            if judged and form != "png"
        },
    )


_LARGEST = max(VARIANTS, key=lambda name: VARIANTS[name])


def kilobytes(folder: Path, work: Work) -> float:
    """The size of the variants in a folder."""
    files = [folder / f"{size}.{form}" for size in work.sizes for form in work.formats]
    return sum(path.stat().st_size for path in files) / 1000


def _takes_part(name: str, scene: Scene) -> bool:
    return name in scene.ways or any(
        name.startswith(each) for each in scene.ways if each != TINTYPE
    )


def _ways(peers: Peers, root: Path, folder: Path) -> dict[str, Callable[[], Worker | Asked]]:
    """How to start each way that can run on this machine, the floor first."""
    commands = {
        name: [sys.executable, "-m", f"bench.ways.{module}"] for name, module in _PROGRAMS.items()
    }
    if peers.node:
        commands[f"{SHARP} {peers.version('sharp')}"] = ["node", str(peers.node / "sharp.mjs")]
    for name, program in peers.magick.items():
        commands[name] = [sys.executable, "-m", "bench.ways.magick", *program]
    found: dict[str, Callable[[], Worker | Asked]] = {
        name: partial(Worker, Way(name, command)) for name, command in commands.items()
    }
    if peers.node:
        found[f"ipx {peers.version('ipx')}"] = partial(Asked.ipx, peers, root, folder)
    if peers.thumbor:
        found[f"thumbor {THUMBOR}"] = partial(Asked.thumbor, peers, root, folder)
    return found
