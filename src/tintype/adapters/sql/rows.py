"""Rows into values and values into rows."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from tintype.model import (
    ApiKey,
    Event,
    Facts,
    Failure,
    Image,
    Job,
    Original,
    Scope,
    Step,
    StepStatus,
    Variant,
)

AnyRow: TypeAlias = sa.Row[*tuple[Any, ...]]


def image_of(row: AnyRow, variants: Sequence[Variant]) -> Image:
    """An image from a row of `images`."""
    return Image(
        id=row.id,
        original=original_of(row),
        state=row.state,
        created_at=row.created_at,
        updated_at=row.updated_at,
        job_id=row.job_id,
        facts=_facts_of(row),
        variants=tuple(variants),
        error=failure_of(row),
    )


def job_of(row: AnyRow, steps: Sequence[Step] = ()) -> Job:
    """A job from a row of `jobs`."""
    return Job(
        id=row.id,
        image_id=row.image_id,
        original=original_of(row),
        recipe_digest=row.recipe_digest,
        state=row.state,
        attempts=row.attempts,
        created_at=row.created_at,
        updated_at=row.updated_at,
        error=failure_of(row),
        steps=tuple(steps),
        priority=row.priority,
        forgiven=row.forgiven,
        event=Event(row.event_source, row.event_content) if row.event_source else None,
        trace=row.trace,
    )


def variant_of(row: AnyRow) -> Variant:
    """A variant from a row of `variants`."""
    return Variant(
        name=row.name,
        key=row.key,
        format=row.format,
        width=row.width,
        height=row.height,
        bytes=row.bytes,
        etag=row.etag,
        original_version=row.original_version,
    )


def step_of(row: AnyRow) -> Step:
    """A step from a row of `steps`."""
    status = StepStatus(row.status)
    return Step(row.name, status, row.attempts, row.seconds, failure_of(row))


def api_key_of(row: AnyRow) -> ApiKey:
    """An API key from a row of `api_keys`."""
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=frozenset(map(Scope, row.scopes.split())),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


def original_of(row: AnyRow) -> Original:
    """The original that a row of `images` or `jobs` is about."""
    return Original(row.key, row.name, row.version, row.size)


def failure_of(row: AnyRow) -> Failure | None:
    """The failure that a row tells of, if any."""
    return Failure(row.error_code, row.error_detail) if row.error_code else None


def original_values(original: Original) -> dict[str, Any]:
    """The columns of an original."""
    return {
        "key": original.key,
        "name": original.name,
        "version": original.version,
        "size": original.size,
    }


def event_values(event: Event | None) -> dict[str, Any]:
    """The columns of an event."""
    return {
        "event_source": event.source if event else None,
        "event_content": event.content if event else None,
    }


def failure_values(failure: Failure | None) -> dict[str, Any]:
    """The columns of a failure."""
    return {
        "error_code": failure.code if failure else None,
        "error_detail": failure.detail if failure else None,
    }


def facts_values(facts: Facts | None) -> dict[str, Any]:
    """The columns of an image's facts."""
    names = ("format", "width", "height", "bytes", "orientation", "frames")
    return {name: getattr(facts, name) if facts else None for name in names}


def variant_values(variant: Variant, image_id: str, position: int) -> dict[str, Any]:
    """A row of `variants`."""
    return {
        "key": variant.key,
        "image_id": image_id,
        "position": position,
        "name": variant.name,
        "format": variant.format,
        "width": variant.width,
        "height": variant.height,
        "bytes": variant.bytes,
        "etag": variant.etag,
        "original_version": variant.original_version,
    }


def _facts_of(row: AnyRow) -> Facts | None:
    if row.format is None:
        return None
    return Facts(row.format, row.width, row.height, row.bytes, row.orientation, row.frames)
