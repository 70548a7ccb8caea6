"""The JSON shapes of responses; clients rely on their field names."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tintype import model
from tintype.pipeline.addresses import Addresses
from tintype.ports.catalog import Acceptance

# What every count of attempts is.
LAST_NUMBER = "The number of the last attempt; not each number below it need be one's."


class Shape(BaseModel):
    """A part of a response."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Failure(Shape):
    """Why something failed."""

    code: str = Field(description="For programs: these words do not change.")
    detail: str = Field(description="For people.")


class Facts(Shape):
    """What an original's header says."""

    format: str
    width: int = Field(description="Pixels as stored, before the orientation is applied.")
    height: int
    bytes: int
    orientation: int = Field(description="The EXIF value: 1 is upright.")
    frames: int


class Variant(Shape):
    """A variant that was made."""

    name: str
    url: str
    key: str
    format: str
    width: int
    height: int
    bytes: int
    original_version: str = Field(description="The version of the original that it shows.")


class Step(Shape):
    """A part of a job, as it went."""

    name: str
    status: model.StepStatus
    attempts: int
    seconds: float
    error: Failure | None


class Work(Shape):
    """How far an image's present job is."""

    id: str
    attempts: int = Field(description=LAST_NUMBER)
    steps: list[Step]


class ImageSummary(Shape):
    """An image in a list."""

    id: str
    key: str
    name: str
    status: model.ImageState
    created_at: datetime
    updated_at: datetime
    facts: Facts | None
    variants: list[Variant]
    error: Failure | None


class Image(ImageSummary):
    """An image and all that is known of it."""

    findings: dict[str, Any] = Field(description="What analyzers saw, by name.")
    job: Work


class Accepted(Shape):
    """An upload that is safe and will be worked on."""

    id: str
    key: str
    status: model.ImageState
    status_url: str
    variants: dict[str, str] = Field(
        description="Each variant's address, which answers once made, in the format that suits."
    )


class ImagePage(Shape):
    """A part of the list of images, newest first."""

    items: list[ImageSummary]
    next: str | None = Field(description="The cursor of what follows; null at the end.")


class Health(Shape):
    """The service answers."""

    status: str = "ok"
    service: str = Field("tintype", description="Whose answer this is.")


def accepted(acceptance: Acceptance, variants: Iterable[str], at: Addresses) -> Accepted:
    """The answer to an upload; `variants` are the names that the recipe makes."""
    image = acceptance.image
    return Accepted(
        id=image.id,
        key=image.original.key,
        status=acceptance.job.state,
        status_url=at.image(image.id),
        variants={name: at.variant(name, image.id) for name in variants},
    )


def image_summary(image: model.Image, at: Addresses) -> ImageSummary:
    """An image as a list shows it."""
    return ImageSummary(**_image_fields(image, at))


def image(image: model.Image, job: model.Job, at: Addresses) -> Image:
    """An image with its present job."""
    work = Work(id=job.id, attempts=job.attempts, steps=steps(job))
    return Image(**_image_fields(image, at), findings={}, job=work)


def _image_fields(image: model.Image, at: Addresses) -> dict[str, Any]:
    return {
        "id": image.id,
        "key": image.original.key,
        "name": image.original.name,
        "status": image.state,
        "created_at": image.created_at,
        "updated_at": image.updated_at,
        "facts": image.facts and Facts.model_validate(image.facts),
        "variants": [_variant(variant, image.id, at) for variant in image.variants],
        "error": image.error and Failure.model_validate(image.error),
    }


def _variant(variant: model.Variant, image_id: str, at: Addresses) -> Variant:
    return Variant(
        name=variant.name,
        url=at.made(variant, image_id),
        key=variant.key,
        format=variant.format,
        width=variant.width,
        height=variant.height,
        bytes=variant.bytes,
        original_version=variant.original_version,
    )


def steps(job: model.Job) -> list[Step]:
    """The steps of a job's last attempt."""
    return [Step.model_validate(step) for step in job.steps]
