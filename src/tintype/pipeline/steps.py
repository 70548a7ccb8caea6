"""The steps of a job, each safe to do again: validate, render, record.

Validation and rendering are one visit to a decoder child, so that nothing is read twice; they are
recorded as the two steps they are.
"""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tintype.errors import (
    REJECTIONS,
    LeaseLostError,
    ObjectMissingError,
    OriginalChangedError,
    Rejection,
    StoreFailedError,
    TintypeError,
    TooManyBytesError,
)
from tintype.imaging.messages import (
    CONTENT_TYPES,
    EXTENSIONS,
    Refused,
    Rendered,
    RenderedFile,
    RenderTask,
)
from tintype.imaging.sandbox import Sandbox
from tintype.model import Failure, Job, Original, Variant
from tintype.pipeline.record import Record
from tintype.ports.catalog import Catalog, Lease
from tintype.ports.store import Store
from tintype.recipe.keys import expand
from tintype.recipe.schema import Recipe

INPUT = "original"  # the original's name in a job's folder


def fetch(originals: Store, original: Original, max_bytes: int, folder: Path) -> None:
    """Bring the original into the job's folder.

    Raises TooManyBytesError before a byte is fetched, OriginalChangedError for another version.
    """
    if original.size > max_bytes:
        raise TooManyBytesError
    found = originals.fetch(original.key, folder / INPUT)
    if found.version != original.version:
        raise OriginalChangedError(found.version, found.size)


def render(
    sandbox: Sandbox, recipe: Recipe, folder: Path, record: Record, *, only_look: bool = False
) -> Rendered:
    """Check the original and make its variants in a decoder child, or `only_look` at its header.

    Raises the Rejection that the child found, or the failure of the child itself.
    """
    began = time.perf_counter()
    task = RenderTask(
        input=INPUT, limits=recipe.limits(), variants=recipe.tasks(), only_look=only_look
    )
    try:
        reply = sandbox.render(task, folder)
    except TintypeError as error:
        record.add("render", time.perf_counter() - began, Failure.of(error))
        raise
    record.facts = reply.facts
    if isinstance(reply, Refused):
        failure = Failure(reply.code, reply.detail)
        # Facts are what a sound header gave: then it was the pixels that were refused.
        step = "render" if reply.facts else "validate"
        record.add(step, time.perf_counter() - began, failure)
        raise _rejection(failure)
    record.add("validate", reply.validate_seconds)
    record.add("render", reply.render_seconds)
    return reply


def _rejection(failure: Failure) -> Rejection:
    """The rejection that a child named by its code."""
    kinds = {kind.code: kind for kind in REJECTIONS}
    return kinds[failure.code](failure.detail)


def variant_keys(recipe: Recipe, job: Job, rendered: Rendered) -> Mapping[str, str]:
    """The key that the recipe wants for each file that was made, by its `entry`."""
    templates = {variant.name: variant.key for variant in recipe.variants}
    return {
        made.entry: expand(
            templates[made.variant],
            original_key=job.original.key,
            prefix=recipe.originals.prefix,
            image_id=job.image_id,
            variant=made.variant,
            extension=EXTENSIONS[made.format],
            content_hash=job.original.version,
            uploaded_at=job.created_at,
        )
        for made in rendered.files
    }


def store(
    catalog: Catalog,
    variants: Store,
    lease: Lease,
    keys: Mapping[str, str],
    files: tuple[RenderedFile, ...],
    folder: Path,
    cache_control: str,
    record: Record,
) -> None:
    """Put the variants where they are served from; `cache_control` is for those who read there.

    `keys` are those that have just been claimed. The lease is looked at again between the puts;
    raises LeaseLostError where a newer version or another run took over.
    """

    def put(made: RenderedFile) -> Variant:
        key, content_type = keys[made.entry], CONTENT_TYPES[made.format]
        stored = variants.put(
            key, folder / made.file, content_type=content_type, cache_control=cache_control
        )
        return Variant(
            name=made.variant,
            key=key,
            format=made.format,
            width=made.width,
            height=made.height,
            bytes=made.bytes,
            etag=stored.version,
            original_version=lease.job.original.version,
        )

    for made in files:
        if record.variants and not catalog.current(lease):
            raise LeaseLostError
        record.put(partial(put, made))


def shown(variants: Store, made: Variant) -> bool | None:
    """Whether a variant is what its key shows; None where the store does not say."""
    try:
        return variants.head(made.key).version == made.etag
    except ObjectMissingError:
        return False
    except StoreFailedError:
        return None
