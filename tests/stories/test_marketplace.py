"""System S2: product photographs become exactly three sizes, served under their own names."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"
SIZES = ("800x600", "400x300", "200x150")
PHOTOGRAPHS = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "hubble_deep_field.jpg")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(RECIPE, tmp_path_factory.mktemp("marketplace") / "data")
    yield running
    assert running.stop() == 0


def real_photograph(name: str) -> bytes:
    return (Path(skimage.__file__).parent / "data" / name).read_bytes()


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_real_photograph_becomes_three_sizes_in_its_own_format(
    service: RunningService, name: str
) -> None:
    content = real_photograph(name)
    image = service.settled(service.upload(name, content)["id"])
    assert image["status"] == "done"
    assert [variant["name"] for variant in image["variants"]] == list(SIZES)
    source = Image.open(io.BytesIO(content))
    for variant in image["variants"]:
        response = service.client.get(f"/{variant['name']}/{name}").raise_for_status()
        made = Image.open(io.BytesIO(response.content))
        assert made.size == tuple(int(side) for side in variant["name"].split("x"))
        assert made.format == source.format
        assert response.headers["content-type"] == f"image/{variant['format']}"
        assert len(response.content) == variant["bytes"]


def test_the_crop_is_taken_from_the_center(service: RunningService) -> None:
    wide = Image.new("RGB", (1600, 600), "red")
    wide.paste(Image.new("RGB", (800, 600), "blue"), (400, 0))
    image = service.settled(service.upload("wide.png", encoded(wide, "PNG"))["id"])
    assert image["status"] == "done"
    made = service.client.get("/800x600/wide.png").content
    assert (np.asarray(Image.open(io.BytesIO(made))) == (0, 0, 255)).all()


def test_jpeg_variants_are_progressive(service: RunningService) -> None:
    content = encoded(photograph(1200, 900), quality=90)
    image = service.settled(service.upload("progressive.jpg", content)["id"])
    assert image["status"] == "done"
    made = Image.open(io.BytesIO(service.client.get("/400x300/progressive.jpg").content))
    assert made.info["progressive"]


def test_small_pictures_are_enlarged_to_exactly_the_size(service: RunningService) -> None:
    content = encoded(photograph(90, 50), quality=90)
    image = service.settled(service.upload("tiny.jpg", content)["id"])
    sizes = [(variant["width"], variant["height"]) for variant in image["variants"]]
    assert sizes == [(800, 600), (400, 300), (200, 150)]


def test_what_is_no_image_is_rejected_with_a_reason(service: RunningService) -> None:
    image = service.settled(service.upload("notes.jpg", b"these are only words\n" * 50)["id"])
    assert image["status"] == "rejected"
    assert image["error"]["code"] == "not_an_image"
    assert image["variants"] == []


def test_the_same_name_twice_is_two_images_with_addresses_of_their_own(
    service: RunningService,
) -> None:
    first = service.settled(service.upload("twin.png", encoded(photograph(64, 48), "PNG"))["id"])
    second = service.settled(
        service.upload("twin.png", encoded(photograph(64, 48, seed=1), "PNG"))["id"]
    )
    assert first["key"] == "originals/twin.png"
    assert second["key"] != first["key"]
    assert not {each["key"] for each in first["variants"]} & {
        each["key"] for each in second["variants"]
    }


def test_a_new_version_of_a_key_replaces_the_variants(service: RunningService) -> None:
    before = encoded(Image.new("RGB", (900, 900), "red"), "PNG")
    after = encoded(Image.new("RGB", (900, 900), "blue"), "PNG")
    image_id = service.upload("shoe.png", before)["id"]
    service.settled(image_id)
    replaced = service.upload("shoe.png", after, key="originals/shoe.png")
    assert replaced["id"] == image_id
    service.settled(image_id)
    made = Image.open(io.BytesIO(service.client.get("/200x150/shoe.png").content))
    assert made.convert("RGB").getpixel((100, 75)) == (0, 0, 255)


def test_the_service_survives_a_restart_with_everything(tmp_path: Path) -> None:
    first = RunningService(RECIPE, tmp_path / "data")
    image_id = first.upload("kept.jpg", encoded(photograph(1000, 800)))["id"]
    assert first.settled(image_id)["status"] == "done"
    assert first.stop() == 0
    second = RunningService(RECIPE, tmp_path / "data")
    try:
        assert second.image(image_id)["status"] == "done"
        assert second.client.get("/800x600/kept.jpg").is_success
    finally:
        assert second.stop() == 0
