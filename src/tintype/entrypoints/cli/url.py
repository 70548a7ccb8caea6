"""`tintype url`: sign the address of a variant."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from tintype.entrypoints.cli import times
from tintype.entrypoints.cli.keys import Data, Expires, open_quietly
from tintype.entrypoints.cli.listing import AsJson, print_json
from tintype.errors import ParameterInvalidError
from tintype.imaging.messages import OutputFormat
from tintype.pipeline.addresses import Addresses, is_reserved
from tintype.recipe.keys import check_key
from tintype.settings import load_settings

Base = Annotated[
    str | None,
    typer.Option("--url", help="The service; TINTYPE_PUBLIC_URL or TINTYPE_URL where not given."),
]


def url(
    variant: Annotated[
        str, typer.Argument(metavar="KEY|VARIANT", help="The variant's own key, or its name.")
    ],
    image: Annotated[
        str | None,
        typer.Argument(metavar="IMAGE", help="After a name: the image's id, or its key."),
    ] = None,
    only: Annotated[
        OutputFormat | None,
        typer.Option(
            "--format", help="After a name: only this format, whatever the client would like best."
        ),
    ] = None,
    expires: Expires = None,
    download: Annotated[
        bool, typer.Option("--download", help="The browser saves the image, and does not show it.")
    ] = False,
    base: Base = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Sign an address from which anybody can fetch a variant until it expires.

    Without --expires it is good for TINTYPE_LINK_SECONDS at the least, a day unless that is set.
    Whether there is such a variant is not looked at. Reads the database, as `tintype keys` does.

    Example: `tintype url 800x600/lamp.jpg --expires 2h`

    Example: `tintype url 800x600 img_k3v… --format webp --download`
    """
    if only and not image:
        raise ParameterInvalidError("--format goes with an image; a key has its format already.")
    settings = load_settings(data=data)
    path = _path(f"i/{variant}/{image}" if image else variant.removeprefix("/"))
    with open_quietly(settings) as authority:
        signer = authority.links
        expires_at = signer.expiry()
        if expires is not None:
            expires_at = int(time.time() + expires.total_seconds())
        service = base or settings.public_url or settings.url
        at = Addresses(service, signer, expires_at=expires_at)
        address = at.path(path, only=only, download=download)
    if as_json:
        moment = times.universal(datetime.fromtimestamp(expires_at, UTC))
        print_json({"url": address, "expires_at": moment})
    else:
        print(address)


def _path(key: str) -> str:
    check_key(key)
    if is_reserved(key) and not key.startswith("i/"):
        raise ParameterInvalidError(
            f"/{key} is an address of the service itself; give the variant's name and the image."
        )
    return f"/{key}"
