"""Installs the peers, once, into bench/.cache; what cannot be installed is left out and said."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
THUMBOR = "7.8.0"


@dataclass(frozen=True)
class Peers:
    """What could be installed."""

    node: Path | None  # a folder with node_modules and our scripts
    thumbor: Path | None  # the program
    magick: dict[str, list[str]]  # ImageMagick and GraphicsMagick: their programs, by name

    def version(self, package: str) -> str:
        """The installed version of an npm package."""
        assert self.node
        manifest = self.node / "node_modules" / package / "package.json"
        return str(json.loads(manifest.read_text())["version"])


def install(cache: Path) -> Peers:
    """Install what is not there yet."""
    return Peers(_node(cache / "node"), _thumbor(cache / f"thumbor-{THUMBOR}"), _magick())


def _magick() -> dict[str, list[str]]:
    found = {}
    for name, programs in _MAGICK.items():
        program = next(filter(shutil.which, programs), None)
        if program is None:
            print(f"{name} is left out: there is no {programs[-1]}", file=sys.stderr)
            continue
        command = [program, "convert"] if program == "gm" else [program]
        told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
        version = re.search(r"Magick (\d[\w.-]*)", told.stdout)
        found[f"{name} {version[1]}" if version else name] = command
    return found


# Where Debian has both ImageMagick 6 and another program named convert, the first is what is meant.
_MAGICK = {
    "ImageMagick": ("magick", "convert-im6.q16", "convert"),
    "GraphicsMagick": ("gm",),
}


def _node(folder: Path) -> Path | None:
    if not shutil.which("npm"):
        print("sharp and ipx are left out: there is no npm", file=sys.stderr)
        return None
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    manifest = folder / "package.json"
    if not manifest.exists() or manifest.read_text() != wanted:
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        versions = json.loads(wanted)["dependencies"]
        command += ["--prefix", str(folder), *(f"{name}@{versions[name]}" for name in versions)]
        if subprocess.run(command, check=False).returncode:
            print("sharp and ipx are left out: npm install failed", file=sys.stderr)
            return None
    for file in ("package.json", "sharp.mjs", "ipx.mjs"):
        shutil.copyfile(HERE / file, folder / file)
    return folder


def _thumbor(folder: Path) -> Path | None:
    program = folder / "bin" / "thumbor"
    if not program.exists():
        uv = str(Path(sys.executable).with_name("uv"))
        python = str(folder / "bin" / "python")
        commands = (
            [uv, "venv", "--quiet", "--clear", str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, f"thumbor=={THUMBOR}"],
        )
        if any(subprocess.run(command, check=False).returncode for command in commands):
            print("thumbor is left out: it could not be installed", file=sys.stderr)
            return None
    return program
