"""SVG: nothing but the file is drawn, in bounded time, at the size that the variants need."""

import base64
import gzip
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import pyvips

from tests.imaging.pictures import LIMITS, decoded, encoded, made, pixels_of, rendered, scene
from tests.imaging.test_corpus import manifest
from tintype.errors import (
    CorruptError,
    DecoderOutOfTimeError,
    NotAnImageError,
    SystemFailure,
    TooManyPixelsError,
    UnsupportedFormatError,
)
from tintype.imaging.formats import sniff
from tintype.imaging.header import inspect
from tintype.imaging.messages import (
    InputFormat,
    Output,
    Refused,
    RenderTask,
    VariantTask,
)
from tintype.imaging.operations import Operation
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.resize import Resize
from tintype.imaging.sandbox import Budget, Sandbox
from tintype.imaging.vips import prepare

WITH_SVG = replace(LIMITS, accept=("svg", "png"))
NAMESPACES = (
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:xi="http://www.w3.org/2001/XInclude"'
)
DISC = '<circle cx="8" cy="8" r="6" fill="#2040c0"/>'


def svg(inside: str = DISC, attributes: str = 'width="16" height="16"', before: str = "") -> bytes:
    return f"{before}<svg {NAMESPACES} {attributes}>{inside}</svg>".encode()


def drawn(folder: Path, content: bytes, *operations: Operation) -> pyvips.Image:
    """The PNG that becomes of it."""
    output = Output(format="png")
    _, file = rendered(folder, content, *operations, output=output, limits=WITH_SVG)
    return decoded(file)


@pytest.fixture(autouse=True)
def accepted() -> Iterator[None]:
    """For tests that go around `render`."""
    prepare(WITH_SVG.accept)
    yield
    prepare()


def test_it_is_refused_unless_the_recipe_names_it(tmp_path: Path) -> None:
    for content in (svg(), svg("<rect"), svg(before="<!DOCTYPE svg>")):
        with pytest.raises(UnsupportedFormatError, match="SVG images are not accepted"):
            rendered(tmp_path, content)


def test_its_loader_is_closed_unless_the_recipe_names_it() -> None:
    prepare(WITH_SVG.accept)
    assert pyvips.Image.svgload_buffer(svg()).width == 16
    prepare(LIMITS.accept)
    with pytest.raises(pyvips.Error, match="blocked"):
        pyvips.Image.svgload_buffer(svg())


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\ufeff",
        "\n\n",
        "<?xml version='1.0' encoding='utf-8'?>\n<!-- a -- b -->",
        '<?xml version="1.0" encoding="ISO-8859-1" standalone="no"?>',
        '<?xml version="1.0"?><?style a="b"?><!---->'
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/a.dtd"><!-- b -->',
    ],
)
def test_what_may_come_before_the_root(before: str) -> None:
    assert sniff(svg(before=before)) == "svg"


@pytest.mark.parametrize(
    "content",
    [
        b"<html><body>" + svg(),
        b"<!DOCTYPE html>" + svg(),
        b"<!-- <svg> -->",
        b"<?xml version='1.0'?><feed>" + svg(),
        b"<SVG xmlns='http://www.w3.org/2000/svg'>",
        b"<svgx/>",
        b"<!--" * 1000 + svg(),
        b"text " + svg(),
        b" " * 5000 + svg(),
        gzip.compress(svg()),
        svg().decode().encode("utf-16"),
        svg().decode().encode("utf-16-be"),
    ],
)
def test_what_is_no_svg(content: bytes) -> None:
    with pytest.raises(NotAnImageError):
        sniff(content)


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE svg [<!ENTITY a "b">]>',
        '<?xml version="1.0"?><!DOCTYPE svg SYSTEM "a.dtd" [ ]>',
        '<!DOCTYPE svg PUBLIC "a" "b" [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
        '<?xml version="1.0" encoding="UTF-7"?>',
        '<?xml version="1.0" encoding="UTF-16"?>',
        "<?xml version='1.0' encoding='EBCDIC-CP-US'?>",
    ],
)
def test_declarations_and_encodings_that_could_hide_something_are_refused(before: str) -> None:
    with pytest.raises(UnsupportedFormatError, match="SVG images"):
        sniff(svg(before=before))


def test_content_decides_and_not_what_it_is_said_to_be() -> None:
    assert sniff(encoded(scene(), "jpeg") + svg()) == "jpeg"
    assert set(LIMITS.accept) | {"svg"} == set(get_args(InputFormat))


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="30" height="20"', (30, 20)),
        ('viewBox="0 0 300 200"', (300, 200)),
        ('width="100%" height="100%" viewBox="0 0 30 20"', (30, 20)),
        ('width="60" viewBox="0 0 300 200"', (60, 40)),
        ('width="1in" height="72pt"', (96, 96)),
    ],
)
def test_the_size_is_that_of_width_and_height_or_of_the_view(
    attributes: str, size: tuple[int, int]
) -> None:
    facts = inspect(svg(attributes=attributes), WITH_SVG)
    assert (facts.format, facts.width, facts.height) == ("svg", *size)


def test_pixels_are_limited_before_any_is_drawn() -> None:
    with pytest.raises(TooManyPixelsError):
        inspect(svg(attributes='width="20000" height="20000"'), WITH_SVG)


@pytest.mark.parametrize("content", [svg()[:-3], svg("<g>"), svg("&nbsp;"), svg("<a:b/>")])
def test_what_is_not_well_formed_is_damaged(content: bytes) -> None:
    with pytest.raises(CorruptError):
        inspect(content, WITH_SVG)


def test_same_is_png_with_transparency(tmp_path: Path) -> None:
    answer, file = rendered(tmp_path, svg(), output=Output(), limits=WITH_SVG)
    assert answer.files[0].format == "png"
    image = decoded(file)
    assert (image.width, image.height, image.bands) == (16, 16, 4)
    assert image(8, 8) == [0x20, 0x40, 0xC0, 255]
    assert image(0, 0)[3] == 0


def test_it_is_drawn_at_the_size_that_is_needed(tmp_path: Path) -> None:
    """An edge of a picture that was drawn small and then enlarged would be soft."""
    edge = svg('<rect width="8" height="16"/>')
    large = drawn(tmp_path, edge, Resize(width=800, enlarge=True))
    assert (large.width, large.height) == (800, 800)
    alphas = [pixel[3] for pixel in pixels_of(large.crop(0, 400, 800, 1))]
    assert alphas == [255] * 400 + [0] * 400
    small = drawn(tmp_path, edge, Resize(width=4))
    assert [pixel[3] for pixel in pixels_of(small.crop(0, 1, 4, 1))] == [255, 255, 0, 0]
    assert drawn(tmp_path, edge, Resize(width=800)).width == 16


def test_nothing_is_scaled_after_it_was_drawn(tmp_path: Path) -> None:
    """The width decides, the height is 228.57: columns stay sharp."""
    bars = "".join(f'<path d="M{2 * x} 0h1v20h-1z"/>' for x in range(18))
    content = svg(bars, 'width="35" height="20"')
    found = drawn(tmp_path, content, Resize(width=350, height=200, fit="fill", enlarge=True))
    assert {pixel[3] for pixel in pixels_of(found)} == {0, 255}
    odd = drawn(tmp_path, content, Resize(width=400, enlarge=True))
    assert (odd.width, odd.height) == (400, 229)
    soft = [pixel[3] for pixel in pixels_of(odd.crop(0, 100, 400, 1)) if 0 < pixel[3] < 255]
    assert len(soft) <= 35


def test_a_variant_without_a_resize_has_the_size_of_the_file(tmp_path: Path) -> None:
    """Beside one that is much larger; both are made of one drawing."""
    (tmp_path / "input").write_bytes(svg())
    alone = drawn(tmp_path, svg(), Crop(width=8, height=8))
    done: list[tuple[Operation, ...]] = [(Resize(width=320, enlarge=True),)]
    done += [(Crop(width=8, height=8),), ()]
    variants = tuple(
        VariantTask(name=f"v{number}", operations=operations, output=Output(format="png"))
        for number, operations in enumerate(done)
    )
    answer = made(RenderTask(input="input", limits=WITH_SVG, variants=variants), tmp_path)
    assert [(file.width, file.height) for file in answer.files] == [(320, 320), (8, 8), (16, 16)]
    beside = decoded((tmp_path / answer.files[1].file).read_bytes())
    assert (alone.cast("int") - beside.cast("int")).abs().max() < 40


def test_no_more_is_drawn_than_an_original_may_have(tmp_path: Path) -> None:
    limits = replace(WITH_SVG, max_pixels=100 * 100)
    output = Output(format="png")
    answer, file = rendered(
        tmp_path, svg(), Resize(width=200, enlarge=True), output=output, limits=limits
    )
    assert answer.estimate
    assert decoded(file).width == 200
    assert answer.estimate.factor == pytest.approx(16 / 100)


def test_texts_are_drawn_with_our_fonts_and_alike_every_time(tmp_path: Path) -> None:
    content = svg('<text x="1" y="14" font-size="14" font-family="Arial">Aß</text>')
    first = drawn(tmp_path, content, Resize(width=160, enlarge=True))
    assert 0 < first[3].avg() < 128
    again = drawn(tmp_path, content, Resize(width=160, enlarge=True))
    assert first.write_to_memory() == again.write_to_memory()


class Requests(http.server.BaseHTTPRequestHandler):
    """Remembers what was asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """A server's address, and what it was asked for."""
    asked: list[str] = []
    handler = type("Handler", (Requests,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


OUTSIDE = {
    "image": '<image width="16" height="16" href="{}"/>',
    "xlink": '<image width="16" height="16" xlink:href="{}"/>',
    "use": '<use href="{}#a"/>',
    "feImage": '<filter id="f"><feImage href="{}"/></filter>'
    '<rect width="16" height="16" filter="url(#f)"/>',
    "pattern": '<rect width="16" height="16" fill="url({}#a)"/>',
    "include": '<xi:include href="{}" parse="xml"/>',
    "include text": '<text y="9"><xi:include href="{}" parse="text"/></text>',
    "import": '<style>@import url("{}");</style>',
    "font": '<style>@font-face {{font-family: a; src: url("{}")}}</style>'
    '<text font-family="a"> </text>',
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_nothing_outside_is_read(
    kind: str, tmp_path: Path, web: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T5: neither files beside it, by any kind of address, nor the network; the rest is drawn.

    Here, in a process that may read everything and open every connection.
    """
    red = '<g id="a"><rect id="b" width="16" height="16" fill="#ff0000"/></g>'
    (tmp_path / "secret.svg").write_bytes(svg(red))
    (tmp_path / "secret.css").write_text("circle {fill: #ff0000 !important}")
    monkeypatch.chdir(tmp_path)
    address, asked = web
    places = ["secret.svg", "./secret.svg", "/secret.svg", str(tmp_path / "secret.svg")]
    places += [(tmp_path / "secret.svg").as_uri(), f"{address}/secret.svg"]
    places += ["secret.css", (tmp_path / "secret.css").as_uri(), "input", "../secret.svg"]
    expected = pixels_of(drawn(tmp_path, svg()))
    for place in places:
        inside = OUTSIDE[kind].format(place)
        found = drawn(tmp_path, svg(inside + DISC))
        assert max(pixel[0] for pixel in pixels_of(found)) < 0x80, place
        if kind != "include text":
            assert pixels_of(found) == expected, place
    assert asked == []


def test_pictures_inside_the_file_are_drawn(tmp_path: Path) -> None:
    picture = base64.b64encode(encoded(scene(16, 16), "png")).decode()
    inside = f'<image width="16" height="16" href="data:image/png;base64,{picture}"/>'
    found = drawn(tmp_path, svg(inside)).extract_band(0, n=3)
    assert (found.cast("int") - scene(16, 16).cast("int")).abs().max() <= 1


def bombs() -> Iterator[tuple[str, bytes]]:
    copies = "".join(f'<use href="#a{{0}}" x="{number}"/>' for number in range(10))
    groups = [f'<g id="a{at}">{copies.format(at - 1)}</g>' for at in range(1, 9)]
    ring = '<circle id="a0" r="9" opacity="0.1"/>'
    yield "uses", svg(f"<defs>{ring}{''.join(groups)}</defs><use href='#a8'/>")
    turbulence = '<feTurbulence baseFrequency="0.1" numOctaves="1000000"/>'
    inside = (
        f'<filter id="f">{turbulence}</filter><rect width="99%" height="99%" filter="url(#f)"/>'
    )
    yield "filter", svg(inside, 'width="3000" height="3000"')
    dashes = '<path d="M0 0H1e9" stroke="#000000" stroke-dasharray="0.001"/>'
    yield "dashes", svg(dashes)
    yield "depth", svg("<g>" * 20_000 + "</g>" * 20_000)
    yield (
        "blur",
        svg(
            '<filter id="f"><feGaussianBlur stdDeviation="1e6"/></filter>'
            '<rect width="9" height="9" filter="url(#f)"/>',
            'width="9000" height="9000"',
        ),
    )


def ended(sandbox: Sandbox, content: bytes) -> str:
    """What becomes of it in a child: `done`, the code of its rejection, or how the child died."""
    variant = VariantTask(name="v", operations=(), output=Output())
    task = RenderTask(input="input", limits=WITH_SVG, variants=(variant,))
    with sandbox.folder() as folder:
        (folder / "input").write_bytes(content)
        try:
            reply = sandbox.render(task, folder)
        except SystemFailure as error:
            return type(error).__name__
    return reply.code if isinstance(reply, Refused) else "done"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The real decoder, with more processor time than a drawing may take."""
    with Sandbox(
        1,
        tmp_path_factory.mktemp("scratch"),
        budget=Budget(memory=256 << 20, cpu_seconds=60, wall_seconds=90),
    ) as sandbox:
        yield sandbox


def test_bombs_end_soon_and_the_next_one_is_drawn(real: Sandbox) -> None:
    ends = {name: ended(real, content) for name, content in bombs()}
    assert ends["uses"] in (DecoderOutOfTimeError.__name__, "corrupt")
    assert set(ends.values()) <= {
        "DecoderOutOfTimeError",
        "DecoderOutOfMemoryError",
        "DecoderDiedError",
        "corrupt",
        "too_many_pixels",
        "done",
    }, ends
    assert ended(real, svg()) == "done"


@pytest.mark.corpus
def test_the_svg_files_of_the_collection_are_drawn_or_refused(corpus: Path, real: Sandbox) -> None:
    ends = {
        line["file"]: ended(real, (corpus / line["file"]).read_bytes())
        for line in manifest(corpus, "formats", "malformed", "bombs")
        if line["file"].endswith(".svg")
    }
    assert len(ends) == 22
    assert ends.pop("bombs/darylldoyle__xlinkLaughsTest.svg") == "DecoderOutOfTimeError"
    assert ends.pop("bombs/darylldoyle__useDosTest.svg") in ("DecoderOutOfTimeError", "corrupt")
    assert ends.pop("formats/darylldoyle__entityTest.svg") == "not_an_image"
    assert set(ends.values()) <= {"done", "corrupt"}, ends
    assert sum(end == "done" for end in ends.values()) >= 15
