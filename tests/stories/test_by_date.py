"""Uploads that are kept by date, over HTTP and over two days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService

RECIPE = """
version: 1
name: diary
originals: {partition: date}
variants:
  - name: thumb
    operations: [{resize: {width: 40, height: 30, fit: cover}}]
    output: {format: webp}
delivery: {access: public}
"""
DAY = timedelta(days=1)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """A clock that shows noon, so that no midnight passes by itself."""
    made, now = Clock.build(tmp_path), datetime.now(UTC)
    made.jump(int((now.replace(hour=12, minute=0) + DAY - now).total_seconds()))
    return made


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[RunningService]:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    running = RunningService(recipe, tmp_path / "data", environ=dict(clock.environ))
    yield running
    assert running.stop() == 0


def test_each_day_has_its_folder_and_its_list(service: RunningService, clock: Clock) -> None:
    first_day = (datetime.now(UTC) + timedelta(seconds=clock.seconds)).date()
    second_day = first_day + DAY
    content = [encoded(photograph(80, 60, seed=number)) for number in range(3)]
    sent = [service.upload("photo.jpg", content[number]) for number in (0, 1)]
    clock.jump(int(DAY.total_seconds()))
    sent.append(service.upload("photo.jpg", content[2]))

    days = (first_day, first_day, second_day)
    for answer, day, original in zip(sent, days, content, strict=True):
        assert answer["key"] == f"originals/{day:%Y/%m/%d}/{answer['id']}/photo.jpg"
        assert (service.data / "objects" / answer["key"]).read_bytes() == original
        service.settled(answer["id"])
        (variant,) = service.image(answer["id"])["variants"]
        assert variant["key"] == f"thumb/{day:%Y/%m/%d}/{answer['id']}/photo.webp"
        assert service.client.get(f"/{variant['key']}").headers["content-type"] == "image/webp"

    def listed(**times: str) -> list[str]:
        page = service.client.get("/v1/images", params=times).raise_for_status().json()
        return [image["id"] for image in page["items"]]

    one, other, third = (answer["id"] for answer in sent)
    assert listed(**{"from": str(first_day), "to": str(second_day)}) == [other, one]
    assert listed(**{"from": str(second_day)}) == [third]
    assert listed(to=str(first_day)) == []

    service.client.delete(f"/v1/images/{third}").raise_for_status()
    objects = service.data / "objects" / "originals" / f"{first_day:%Y/%m/%d}"
    assert {folder.name for folder in objects.iterdir()} == {one, other}
