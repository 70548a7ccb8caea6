"""A recipe run over one file, without a server, a catalog or a store."""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tintype.errors import (
    DecoderDiedError,
    Rejection,
    StoreFailedError,
    TintypeError,
    TooManyBytesError,
)
from tintype.imaging.messages import EXTENSIONS, Rendered, RenderedFile
from tintype.imaging.sandbox import Sandbox
from tintype.model import Failure, ImageState
from tintype.pipeline.plan import verdict
from tintype.pipeline.record import Record
from tintype.pipeline.steps import INPUT, render
from tintype.recipe.keys import check_key, expand, with_suffix
from tintype.recipe.schema import Recipe


@dataclass(frozen=True, slots=True)
class Source:
    """A file to develop, and its name below the recipe's prefix."""

    file: Path
    name: str


@dataclass(frozen=True, slots=True)
class DevelopedVariant:
    """A variant's file."""

    name: str
    path: Path
    format: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Developed:
    """What became of one file."""

    file: Path
    status: ImageState
    variants: tuple[DevelopedVariant, ...]
    error: Failure | None
    seconds: float


def sources(paths: Iterable[Path]) -> Iterator[Source]:
    """The files to develop: each path itself, or the files below it where it is a folder.

    Hidden files below a folder are passed over; order is by name. Raises FileNotFoundError.
    """
    for path in paths:
        if not path.is_dir():
            if not path.exists():
                raise FileNotFoundError(path)
            yield Source(path, path.name)
            continue
        for file in sorted(path.rglob("*")):
            inside = file.relative_to(path)
            if file.is_file() and not any(part.startswith(".") for part in inside.parts):
                yield Source(file, inside.as_posix())


class Darkroom:
    """Develops files, several at a time where several threads ask.

    Args:
        recipe: What to make.
        sandbox: The decoder children.
        folder: Where the variants go, under their keys.
    """

    def __init__(self, recipe: Recipe, sandbox: Sandbox, folder: Path) -> None:
        self._recipe = recipe
        self._sandbox = sandbox
        self._folder = folder
        self._now = datetime.now(UTC)
        self._lock = threading.Lock()
        self._taken: dict[str, Path] = {}

    def develop(self, source: Source) -> Developed:
        """Make the variants of one file; every failure becomes part of the answer."""
        began = time.perf_counter()
        try:
            with self._sandbox.folder() as folder:
                variants = self._make(source, folder)
        except Rejection as error:
            return self._ended(source, ImageState.REJECTED, began, error=error)
        except TintypeError as error:
            return self._ended(source, ImageState.DEAD, began, error=error)
        except OSError as error:
            failure = StoreFailedError(error.strerror or str(error))
            return self._ended(source, ImageState.DEAD, began, error=failure)
        return self._ended(source, ImageState.DONE, began, variants=variants)

    def _make(self, source: Source, folder: Path) -> tuple[DevelopedVariant, ...]:
        # A file that is too large is not even copied.
        if source.file.stat().st_size > self._recipe.originals.max_bytes:
            raise TooManyBytesError
        shutil.copyfile(source.file, folder / INPUT)
        rendered = self._render(folder)
        return tuple(
            self._keep(source, variant.key, made, folder / made.file)
            for variant in self._recipe.variants
            for made in rendered.files
            if made.variant == variant.name
        )

    def _render(self, folder: Path) -> Rendered:
        """Render, once more where a decoder's death may have been bad luck."""
        try:
            return render(self._sandbox, self._recipe, folder, Record(attempt=1))
        except DecoderDiedError as first:
            meaning = verdict(first, [])
            if meaning is not first:
                raise meaning from None
            try:
                return render(self._sandbox, self._recipe, folder, Record(attempt=2))
            except TintypeError as second:
                raise verdict(second, [Failure.of(first)]) from None

    def _keep(
        self, source: Source, template: str, made: RenderedFile, file: Path
    ) -> DevelopedVariant:
        digest = hashlib.sha256(str(source.file.absolute()).encode()).hexdigest()
        key = expand(
            template,
            original_key=self._recipe.originals.prefix + source.name,
            prefix=self._recipe.originals.prefix,
            image_id=f"img_{digest[:26]}",
            variant=made.variant,
            extension=EXTENSIONS[made.format],
            content_hash=digest,
            uploaded_at=self._now,
        )
        check_key(key)
        with self._lock:
            if self._taken.setdefault(key, source.file) != source.file:
                key = with_suffix(key, digest[:8])
                self._taken[key] = source.file
        target = self._folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        return DevelopedVariant(
            made.variant, target, made.format, made.width, made.height, made.bytes
        )

    def _ended(
        self,
        source: Source,
        status: ImageState,
        began: float,
        *,
        variants: tuple[DevelopedVariant, ...] = (),
        error: TintypeError | None = None,
    ) -> Developed:
        failure = Failure.of(error) if error else None
        seconds = round(time.perf_counter() - began, 4)
        return Developed(source.file, status, variants, failure, seconds)
