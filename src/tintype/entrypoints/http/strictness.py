"""Refuses parameters that a route does not know: a filter that is misspelled selects everything."""

from fastapi import Request

from tintype.errors import ParameterInvalidError
from tintype.recipe.problems import meant, shortened


async def refuse_unknown(request: Request) -> None:
    """Raise ParameterInvalidError for a query parameter that the route does not declare.

    A dependency of routes; it does not block, so that it needs no thread.
    """
    if not request.query_params:
        return
    known = sorted(each.alias for each in request.scope["route"].dependant.query_params)
    for name in request.query_params:
        if name not in known:
            there_are = f"; there are: {', '.join(known)}" if known else ""
            raise ParameterInvalidError(
                f"{shortened(name)} is no parameter here{meant(name, known)}{there_are}"
            )
