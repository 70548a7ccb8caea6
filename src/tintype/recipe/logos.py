"""The image files that a recipe names: read when the recipe is, and from then on a part of it."""

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

from tintype.errors import Rejection
from tintype.imaging.formats import sniff
from tintype.imaging.logo import MAX_BYTES
from tintype.imaging.operations.watermark import DATA
from tintype.recipe.document import Fields
from tintype.recipe.explain import locate
from tintype.recipe.problems import Path, Problems

# Each job sends them to a child, and the catalog keeps them with the recipe.
_MAX_BYTES_OF_ALL = 2_000_000

# Isolated from the user's environment and folder, but finding the modules that this process finds.
_START = "import sys; sys.path[:] = sys.argv[1:]; from tintype.imaging.logo import main; main()"
_SECONDS = 60.0


class _Refused(Exception):  # noqa: N818 it becomes a problem at once
    """Why a file cannot be a part of the recipe."""


def put_in(content: Any, root: Fields, folder: FilePath | None, problems: Problems) -> None:
    """Put what the files hold in the places of their names; `content` is the recipe's values.

    Names are relative to `folder`, the recipe's own; without it files are refused. They are decoded
    once, in a process of their own, so that no job fails of them later. What is wrong is added to
    `problems`, and nothing stands in that place then.
    """
    found: list[tuple[Path, dict[str, Any], bytes]] = []

    def refuse(path: Path, message: str) -> None:
        problems.add(locate(root, path)[1].value.at, path, message)

    for path, watermark in _watermarks(content):
        name, watermark["image"] = watermark["image"], ""
        try:
            found.append((path, watermark, _read(name, folder)))
        except _Refused as refusal:
            refuse(path, str(refusal))
    total = 0
    faults = _faults([file for _, _, file in found])
    for (path, watermark, file), fault in zip(found, faults, strict=True):
        total += len(file)
        if fault:
            refuse(path, fault)
        elif total > _MAX_BYTES_OF_ALL:
            refuse(
                path,
                f"makes more than {_MAX_BYTES_OF_ALL:,} bytes of images in this recipe, where each"
                " counts as often as it is named",
            )
        else:
            watermark["image"] = DATA[sniff(file)] + base64.b64encode(file).decode()


def _watermarks(content: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The parameters of each watermark that names an image, and the way to the name."""
    for number, variant in enumerate(_items(content, "variants")):
        for which, operation in enumerate(_items(variant, "operations")):
            watermark = operation.get("watermark") if isinstance(operation, dict) else None
            if isinstance(watermark, dict) and isinstance(watermark.get("image"), str):
                path = ("variants", number, "operations", which, "watermark", "image")
                yield path, watermark


def _items(content: Any, name: str) -> list[Any]:
    items = content.get(name) if isinstance(content, dict) else None
    return items if isinstance(items, list) else []


def _read(name: str, folder: FilePath | None) -> bytes:
    """A file's bytes; raises _Refused."""
    if folder is None:
        raise _Refused("only a recipe that is a file can name an image")
    try:
        file = (folder / name).resolve()
        if FilePath(name).is_absolute() or not file.is_relative_to(folder.resolve()):
            raise _Refused("must be a path from the recipe's folder to a file in or below it")
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _Refused("must name a PNG or WebP file")
        if status.st_size > MAX_BYTES:
            raise _Refused(f"has {status.st_size:,} bytes; an image can have {MAX_BYTES:,}")
        content = file.read_bytes()
    except (OSError, ValueError) as error:  # ValueError for what can be no path
        raise _Refused(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        if sniff(content) in DATA:
            return content
    except Rejection:
        pass
    raise _Refused("must name a PNG or WebP file")


def _faults(files: list[bytes]) -> list[str]:
    """For each file what is wrong with it, or nothing."""
    if not files:
        return []
    command = [sys.executable, "-I", "-c", _START, *filter(os.path.isabs, sys.path)]
    task = json.dumps([base64.b64encode(file).decode() for file in files])
    try:
        done = subprocess.run(
            command, input=task.encode(), capture_output=True, timeout=_SECONDS, check=True
        )
        faults: list[str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return [f"could not be checked: {error}"] * len(files)
    return faults
