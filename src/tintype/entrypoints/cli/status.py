"""`tintype status`: how a service or one image is doing."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tintype.entrypoints.cli import queue, times
from tintype.entrypoints.cli.client import ask, open_client, path_of
from tintype.entrypoints.cli.listing import AsJson, Url, listed, more, print_json
from tintype.entrypoints.cli.story import reason, show_steps, when
from tintype.entrypoints.cli.terminal import note, show_facts, show_rows, size

_NEWEST = 20


def status(
    image: Annotated[str | None, typer.Argument(help="An image's id.", metavar="ID")] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show one image with its variants and steps, or the newest images and the queue.

    Example: `tintype status img_k3v...`
    """
    with open_client(url) as client:
        if image:
            answer = ask(client, "GET", path_of("/v1/images", image))
        else:
            answer = listed(client, "/v1/images", {}, _NEWEST)
            answer["queue"] = ask(client, "GET", "/v1/queue")
    if as_json:
        print_json(answer)
    elif image:
        _one(answer)
    else:
        _many(answer)


def _one(image: Mapping[str, Any]) -> None:
    facts = image["facts"]
    show_facts(
        {
            "image": image["id"],
            "status": image["status"],
            "error": reason(image["error"]),
            "original": image["key"],
            "is": f"{facts['format']}, {facts['width']}x{facts['height']}, {size(facts['bytes'])}"
            if facts
            else "",
            "arrived": when(image["created_at"]),
            "job": image["job"]["id"],
        }
    )
    if image["variants"]:
        print()
        show_rows(("variant", "size", "bytes", "format", "url"), map(_variant, image["variants"]))
    if image["job"]["steps"]:
        print()
        show_steps(image["job"]["steps"])


def _variant(variant: Mapping[str, Any]) -> tuple[str, ...]:
    pixels = f"{variant['width']}x{variant['height']}"
    return variant["name"], pixels, size(variant["bytes"]), variant["format"], variant["url"]


def _many(page: Mapping[str, Any]) -> None:
    print(queue.told(page["queue"]))
    if not page["items"]:
        note("no images yet: send one with `tintype put FILE`")
        return
    print()
    rows = (
        (each["id"], each["status"], times.cell(each["created_at"]), each["key"])
        for each in page["items"]
    )
    show_rows(("image", "status", "age", "original"), rows)
    more(page)
