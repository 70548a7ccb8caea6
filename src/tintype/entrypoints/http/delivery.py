"""Delivers variants: validators, ranges, caching and downloads."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic.json_schema import SkipJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from tintype.entrypoints.http.negotiation import negotiated
from tintype.entrypoints.http.permits import Permits
from tintype.entrypoints.http.problems import problem, responses
from tintype.errors import (
    ImageNotFoundError,
    NotFoundError,
    ParameterInvalidError,
    RangeInvalidError,
    StoreFailedError,
    TintypeError,
    VariantNotFoundError,
    VariantNotReadyError,
)
from tintype.imaging.messages import CONTENT_TYPES, OutputFormat
from tintype.model import Variant
from tintype.pipeline.addresses import is_reserved
from tintype.pipeline.app import App

# An image opened by itself is a page of its own: one that can run and load nothing.
_IMAGE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'"

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")

# What turns a name around on the screen so that it seems to have another extension.
_BIDIRECTIONAL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_VariantName = Annotated[str, Path(description="The variant's name in the recipe.")]
_ImageOrKey = Annotated[str, Path(description="The image's id, or the key of its original.")]
_Format = Annotated[
    OutputFormat | SkipJsonSchema[None],
    Query(
        alias="format",
        description="The format; without it, the Accept header chooses among those there are.",
    ),
]
_Key = Annotated[str, Path(description="The variant's own key.")]
_Download = Annotated[
    str | SkipJsonSchema[None],
    Query(description="Where present, the browser saves the image instead of showing it."),
]


_BYTES = {"type": "string", "format": "binary"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The variant.", "content": {"image/*": {"schema": _BYTES}}},
    206: {"description": "The range asked for.", "content": {"image/*": {"schema": _BYTES}}},
    304: {"description": "What the client has is still the newest."},
}


class DeliveryApi:
    """The routes under which variants are delivered."""

    def __init__(self, app: App, permits: Permits) -> None:
        self._app = app
        self._permits = permits

    def by_image(self) -> APIRouter:
        """`/i/{variant}/{image}`: a variant of an image, by the image's id or original key."""
        path = "/i/{variant}/{image:path}"
        return self._router(path, self.image_variant, ParameterInvalidError)

    def by_key(self) -> APIRouter:
        """`/{key}`: a variant by its own key. It answers every path, so it must come last."""
        return self._router("/{key:path}", self.variant)

    def _router(
        self, path: str, endpoint: Callable[..., Response], *more: type[TintypeError]
    ) -> APIRouter:
        router = APIRouter(tags=["delivery"])
        described = _ANSWERS | responses(
            *more,
            ImageNotFoundError,
            VariantNotFoundError,
            VariantNotReadyError,
            RangeInvalidError,
            StoreFailedError,
        )
        router.add_api_route(path, endpoint, response_class=Response, responses=described)
        router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
        return router

    def image_variant(
        self,
        request: Request,
        variant: _VariantName,
        image: _ImageOrKey,
        only: _Format = None,
        download: _Download = None,
    ) -> Response:
        """Deliver a variant by its name and its image's id or original key.

        Where it has several formats, the Accept header decides; whoever says nothing gets the one
        that the recipe lists last.
        """
        permit = self._permits.headers(request)
        made = self._app.variants(variant, image, only=only)
        found = _suiting(request, made)
        if len(made) > 1:
            varying = (permit["Vary"], "Accept") if "Vary" in permit else ("Accept",)
            permit = permit | {"Vary": ", ".join(varying)}
        return self._deliver(request, found, permit, download=download is not None)

    def variant(self, request: Request, key: _Key, download: _Download = None) -> Response:
        """Deliver a variant by its own key."""
        if not key or is_reserved(key):
            raise NotFoundError
        permit = self._permits.headers(request)
        found = self._app.variant_by_key(key)
        return self._deliver(request, found, permit, download=download is not None)

    def _deliver(
        self, request: Request, variant: Variant, permit: dict[str, str], *, download: bool
    ) -> Response:
        etag = _entity_tag(variant.etag)
        headers = permit | _headers(variant, etag, download=download)
        if _matches(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=headers)
        if request.method == "HEAD":
            return Response(headers=headers | {"Content-Length": str(variant.bytes)})
        wanted = None
        if request.headers.get("if-range", etag) == etag:
            try:
                wanted = byte_range(request.headers.get("range", ""), variant.bytes)
            except RangeInvalidError as error:
                return problem(error, {"Content-Range": f"bytes */{variant.bytes}"})
        return self._send(variant, headers, wanted)

    def _send(
        self, variant: Variant, headers: dict[str, str], wanted: tuple[int, int] | None
    ) -> Response:
        start, end = wanted or (0, variant.bytes)
        stored, chunks = self._app.read(variant, start=start, end=end if wanted else None)
        if wanted and stored.version != variant.etag:
            # Replaced a moment ago: a range of the old content is no range of the new.
            _close(chunks)
            stored, chunks = self._app.read(variant)
            wanted = None
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
        headers["ETag"] = _entity_tag(stored.version)
        size = end - start if wanted else stored.size
        return ChunkResponse(chunks, size, 206 if wanted else 200, headers)


class ChunkResponse(Response):
    """Sends chunks as they are read, and closes their source whatever happens."""

    def __init__(
        self, chunks: Iterator[bytes], size: int, status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        self.headers["Content-Length"] = str(size)
        self._chunks = chunks
        self._left = size
        # Most variants are one chunk; it is read here, in the thread that opened the object.
        self._first = next(chunks, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response (ASGI)."""
        request = Request(scope, receive)
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            chunk = self._first
            while True:
                self._left -= len(chunk)
                more = self._left > 0
                await send({"type": "http.response.body", "body": chunk, "more_body": more})
                if not more or await request.is_disconnected():
                    return
                chunk = await run_in_threadpool(next, self._chunks, b"")
                if not chunk:
                    raise StoreFailedError("The object ended early.")
        finally:
            _close(self._chunks)


def _suiting(request: Request, made: Sequence[Variant]) -> Variant:
    """Of a variant in several formats, the one that the client likes best."""
    if len(made) == 1:
        return made[0]
    offered = {CONTENT_TYPES[each.format]: each for each in made}
    return offered[negotiated(", ".join(request.headers.getlist("accept")), tuple(offered))]


def _headers(variant: Variant, etag: str, *, download: bool) -> dict[str, str]:
    headers = {
        "Content-Type": CONTENT_TYPES[variant.format],
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": _IMAGE_POLICY,
    }
    if download:
        headers["Content-Disposition"] = attachment(variant.key.rpartition("/")[2])
    return headers


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header asks for (RFC 9110, section 14), from first to past the last.

    None where the whole is to be sent: without a header, for another unit, for several ranges, and
    for what cannot be read. Raises RangeInvalidError where the range lies beyond `size`.
    """
    found = _RANGE.fullmatch(header.strip())
    if not found:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(size - int(suffix), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise RangeInvalidError
    return start, end


def attachment(name: str) -> str:
    """A Content-Disposition that saves under `name` (RFC 6266), which may hold anything.

    The plain form has only letters that cannot end it; the extended form (RFC 8187) has the rest.
    """
    shown = _BIDIRECTIONAL.sub("", name)
    plain = re.sub(r"[^A-Za-z0-9 ._()+-]", "_", shown)
    encoded = quote(shown, safe="!#$&+-.^_`|~", errors="replace")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def _entity_tag(version: str) -> str:
    return f'"{quote(version.strip(chr(34)), safe="+-_.:/=")}"'


def _matches(header: str, etag: str) -> bool:
    """Whether an If-None-Match header names the entity tag (weak comparison)."""
    tags = (tag.strip().removeprefix("W/") for tag in header.split(","))
    return any(tag in ("*", etag) for tag in tags)


def _close(chunks: Iterator[bytes]) -> None:
    if isinstance(chunks, Generator):
        chunks.close()
