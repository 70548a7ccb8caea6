"""Who may fetch a variant, as the recipe's `delivery.access` says."""

from typing import Literal

from fastapi import Request

from tintype.entrypoints.http.callers import Callers
from tintype.errors import SignatureInvalidError
from tintype.model import Scope
from tintype.pipeline import caching
from tintype.pipeline.access import Caller
from tintype.pipeline.signing import Signer, is_signed

Access = Literal["signed", "public", "private"]

# What came for a key or a session is that caller's alone.
_PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}


class Permits:
    """Lets requests fetch variants; may block, as callers and signer may."""

    def __init__(self, access: Access, callers: Callers, signer: Signer) -> None:
        self._access = access
        self._callers = callers
        self._signer = signer

    def headers(self, request: Request) -> dict[str, str]:
        """What the answer says to caches, where the request may have one.

        A signed address needs nothing else, but must be right. Raises SignatureInvalidError,
        SignatureExpiredError, UnauthenticatedError, ForbiddenError.
        """
        if self._access == "public":
            return {"Cache-Control": caching.PUBLIC}
        query = request.query_params.multi_items()
        if self._access == "signed" and is_signed(query):
            left = self._signer.verify(request.scope["path"], query)
            # Private, because a shared cache that leaves out the query would show it to everybody.
            return {"Cache-Control": f"private, max-age={min(caching.ASK_SECONDS, left)}"}
        self._caller(request).require(Scope.READ)
        return _PRIVATE

    def _caller(self, request: Request) -> Caller:
        if self._access == "private":
            return self._callers.of(request)
        # That no keys are needed is no signature: pages are tried out with it as they will be.
        caller = self._callers.proven(request)
        if caller is None:
            raise SignatureInvalidError
        return caller
