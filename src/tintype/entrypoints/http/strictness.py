"""Refuses queries that would be taken for others than were meant.

A filter that is misspelled selects everything, of two only one would count, and characters that
cannot be read would become others.
"""

from collections import Counter
from urllib.parse import unquote_to_bytes

from fastapi import Request

from tintype.errors import ParameterInvalidError
from tintype.recipe.problems import meant, shortened


async def refuse_strange(request: Request) -> None:
    """Raise ParameterInvalidError for a query that the route does not take as it is.

    That is one with a parameter that the route does not declare, with one that comes again, or
    with bytes that are not UTF-8. A dependency of routes; it does not block, so that it needs no
    thread.
    """
    query = request.scope["query_string"]
    if not query:
        return
    if not _is_utf8(query):
        raise ParameterInvalidError(
            "The query is not UTF-8, with each byte outside ASCII written as % and two digits."
        )
    known = sorted(each.alias for each in request.scope["route"].dependant.query_params)
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            there_are = f"; there are: {', '.join(known)}" if known else ""
            raise ParameterInvalidError(
                f"{shortened(name)} is no parameter here{meant(name, known)}{there_are}"
            )
        if times > 1:
            raise ParameterInvalidError(f"{name}: is given {times} times, and can be given once")


def _is_utf8(query: bytes) -> bool:
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return False
    return query.isascii()
