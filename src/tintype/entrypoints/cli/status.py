"""`tintype status`: how a service or one image is doing."""

import json
from typing import Annotated, Any

import typer

from tintype.entrypoints.cli.client import ask, open_client
from tintype.entrypoints.cli.terminal import console, size, table
from tintype.text import printable


def status(
    image: Annotated[str | None, typer.Argument(help="An image's id.", metavar="ID")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="The service; TINTYPE_URL where it is not given.")
    ] = None,
) -> None:
    """Show one image with its variants and steps, or the newest images.

    Example: `tintype status img_k3v…`
    """
    with open_client(url) as client:
        path = f"/v1/images/{image}" if image else "/v1/images"
        answer = ask(client, "GET", path)
    if as_json:
        print(json.dumps(answer))
    elif image:
        _one(answer)
    else:
        _many(answer["items"])


def _one(image: dict[str, Any]) -> None:
    out = console()
    out.print(printable(f"{image['id']}  {image['status']}  {image['key']}"), markup=False)
    if image["facts"]:
        facts = image["facts"]
        out.print(f"{facts['format']}, {facts['width']}x{facts['height']}, {size(facts['bytes'])}")
    if image["error"]:
        error = image["error"]
        out.print(printable(f"{error['code']}: {error['detail']}"), style="red", markup=False)
    if image["variants"]:
        rows = table("variant", "size", "bytes", "format", "url")
        for each in image["variants"]:
            pixels = f"{each['width']}x{each['height']}"
            rows.add_row(
                each["name"], pixels, size(each["bytes"]), each["format"], printable(each["url"])
            )
        out.print(rows)
    if image["job"]["steps"]:
        rows = table("step", "status", "attempts", "seconds")
        for each in image["job"]["steps"]:
            rows.add_row(
                each["name"], each["status"], str(each["attempts"]), f"{each['seconds']:.3f}"
            )
        out.print(rows)


def _many(images: list[dict[str, Any]]) -> None:
    out = console()
    if not images:
        out.print("no images yet: send one with `tintype put FILE`")
        return
    rows = table("id", "status", "key")
    for each in images:
        rows.add_row(each["id"], each["status"], printable(each["key"]))
    out.print(rows)
