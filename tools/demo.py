"""`./do demo`: develop photographs, start the service, upload them, show what came out.

Everything is kept in the folder `demo` of the checkout, and made anew by each run.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from tools.photographs import write_photographs

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "recipes" / "marketplace.yaml"
TINTYPE = str(Path(sys.executable).with_name("tintype"))
READY_WITHIN = 60.0  # seconds


def main(arguments: list[str], folder: Path = ROOT / "demo") -> int:
    """Run the demonstration on files and folders, or on its own photographs.

    Returns the exit status; what is made is kept in `folder`.
    """
    console = Console()
    folder.mkdir(exist_ok=True)
    for part in ("originals", "developed", "data"):
        shutil.rmtree(folder / part, ignore_errors=True)
    if arguments:
        originals = [Path(argument) for argument in arguments]
    else:
        originals = write_photographs(folder / "originals")

    console.rule("1. develop: the recipe over files, without a server")
    developed = tintype("develop", *originals, "-r", RECIPE, "-o", folder / "developed")
    if developed.returncode == 2:
        return 2

    console.rule("2. up: the same recipe as a service")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = ("--recipe", RECIPE, "--data", folder / "data", "--port", port, "--no-auth")
    # In a session of its own, so that Ctrl-C reaches this program alone, and the server once.
    up = command("up", "--host", "127.0.0.1", *options)
    log = folder / "service.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(up, stderr=errors, start_new_session=True) as server,
    ):
        try:
            wait_until_ready(url, server)
            console.rule("3. put: upload, and wait for the variants")
            tintype("put", *originals, "--wait", TINTYPE_URL=url)
            console.print(table_of_variants(url))
            console.print(f"\nThe page: [bold]{url}/[/]   Press Ctrl-C to stop.")
            return server.wait()
        except KeyboardInterrupt:
            return 0
        except (TimeoutError, httpx.HTTPError) as error:
            console.print(f"The demonstration failed: {error}; see {log}", style="red")
            return 1
        finally:
            server.terminate()


def command(*arguments: object) -> list[str]:
    """The command line of a tintype verb."""
    return [TINTYPE, *map(str, arguments)]


def tintype(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a tintype verb to its end; what it prints goes to the terminal."""
    return subprocess.run(command(*arguments), env=os.environ | environment, check=False)


def free_port() -> int:
    """A port of the loopback interface that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return when the service answers; TimeoutError if it ended or does not answer in time."""
    deadline = time.monotonic() + READY_WITHIN
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"the service at {url} did not become ready")


def table_of_variants(url: str) -> Table:
    """The service's variants, oldest image first, as the API tells them."""
    table = Table("variant", "pixels", Column("bytes", justify="right"), "URL", box=None)
    table.columns[-1].overflow = "fold"  # an address must stay whole
    with httpx.Client(base_url=url) as client:
        listed = client.get("/v1/images", params={"limit": 200}).raise_for_status().json()["items"]
        for item in reversed(listed):
            image = client.get(f"/v1/images/{item['id']}").raise_for_status().json()
            for variant in image["variants"]:
                pixels = f"{variant['width']}x{variant['height']}"
                address = str(client.base_url.join(variant["url"]))
                table.add_row(variant["name"], pixels, f"{variant['bytes']:,}", address)
            if error := image["error"]:
                table.add_row("", "", "", Text(f"{image['name']}: {error['code']}", style="red"))
    return table


if __name__ == "__main__":
    # A shell without job control starts what is in its background with Ctrl-C ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
