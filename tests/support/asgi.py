"""Asks an application in this process."""

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp


def ask(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:
    """One request, as it is: redirects are not followed, and failures are raised."""
    return asyncio.run(_ask(app, method, path, request))


async def _ask(app: ASGIApp, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        return await client.request(method, path, **request)
