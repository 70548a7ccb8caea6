"""Lets an early refusal reach a client that is still sending."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A client that goes on sending after the answer gets this long to notice it. Closing at once
# would reset the connection, and many clients then lose the answer they were about to read.
_LINGER_SECONDS = 5.0


class Lingering:
    """Closes a connection whose request body was not read to its end, after the answer arrived.

    The answer goes out at once with `Connection: close`; what still comes is read and dropped for
    a few seconds (the lingering close of RFC 9112, section 9.6).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        unread = True

        async def receive_watched() -> Message:
            nonlocal unread
            message = await receive()
            unread = message.get("more_body", False)
            return message

        async def send_watched(message: Message) -> None:
            if unread and message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            elif unread and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await _drain(receive)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self._app(scope, receive_watched, send_watched)


def _has_body(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"content-length" in names or b"transfer-encoding" in names


async def _drain(receive: Receive) -> None:
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            while (await receive()).get("more_body", False):
                pass
    except TimeoutError:
        return
