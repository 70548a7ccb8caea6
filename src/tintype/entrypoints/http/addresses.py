"""The addresses that responses name."""

from fastapi import Request

from tintype.pipeline.addresses import Addresses


def addresses(request: Request) -> Addresses:
    """The addresses for a response: under the public URL, or else under the one asked for.

    Where variants need signed addresses these are; making them may read the catalog, and so block.
    """
    state = request.app.state
    return Addresses(state.public_url or str(request.base_url), state.signer)
