"""Receives an upload as a stream and hands it over whole."""

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from tintype.entrypoints.http.arrival import Arrival
from tintype.entrypoints.http.form import FormFile
from tintype.errors import ParameterInvalidError, TooManyBytesError, UploadIncompleteError
from tintype.model import Priority
from tintype.pipeline.app import App
from tintype.pipeline.intake import Upload
from tintype.ports.catalog import Acceptance

# What a form may have around its file: boundaries, headers and a few other fields.
_FORM_OVERHEAD_BYTES = 64 * 1024


async def receive(
    app: App,
    request: Request,
    spool: Path,
    *,
    name: str,
    key: str | None,
    idempotency_key: str | None,
    priority: Priority = Priority.NORMAL,
    sender: str | None = None,
) -> Acceptance:
    """Receive the file in the request's body, multipart or raw, and accept it.

    `name` wins over the name in a form; `sender` is the id of the API key that came with it. The
    limit on bytes holds while the body streams in; an upload that fails leaves nothing. Raises
    TooManyBytesError, UploadIncompleteError, ParameterInvalidError for an empty or broken body,
    and what `Intake.admit`, before a byte is read, and `Intake.accept` raise.
    """
    if key is None:
        app.intake.admit()
    else:
        await run_in_threadpool(app.intake.admit, key)
    limit = app.recipe.originals.max_bytes
    arrival = Arrival(spool, limit, hashed=idempotency_key is not None)

    def hand_over(name: str) -> Acceptance:
        file = arrival.complete()
        idempotency = idempotency_key and (idempotency_key, arrival.fingerprint(name, key))
        return app.intake.accept(Upload(file, name, key, idempotency or None, priority, sender))

    try:
        found = await _read_body(request, arrival, limit)
        if arrival.size == 0:
            raise ParameterInvalidError("The upload is empty: send the photograph's bytes.")
        return await run_in_threadpool(hand_over, name or found)
    except ClientDisconnect:
        raise UploadIncompleteError from None
    finally:
        await run_in_threadpool(arrival.discard)


async def _read_body(request: Request, arrival: Arrival, limit: int) -> str:
    """Read the body into `arrival`; returns the file's name if the body has one."""
    content_type = request.headers.get("content-type", "")
    is_form = content_type.lower().startswith("multipart/form-data")
    body_limit = limit + (_FORM_OVERHEAD_BYTES if is_form else 0)
    if int(request.headers.get("content-length") or 0) > body_limit:
        raise TooManyBytesError(f"The file is larger than the {limit:,} bytes allowed.")
    if not is_form:
        async for piece in request.stream():
            arrival.take(piece)
            await arrival.settle()
        return ""
    form = FormFile(content_type, arrival.take)
    received = 0
    async for piece in request.stream():
        received += len(piece)
        if received > body_limit:
            raise TooManyBytesError(f"The form is larger than the {body_limit:,} bytes allowed.")
        form.feed(piece)
        await arrival.settle()
    form.close()
    return form.name
