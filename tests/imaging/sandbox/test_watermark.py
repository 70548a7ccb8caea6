"""Watermarks in decoder children: nothing of the machine gets into them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imaging.pictures import decoded, embedded, logo, scene
from tests.imaging.sandbox.test_real_decoder import TASK
from tintype.imaging import fonts
from tintype.imaging.messages import Output, Rendered, RenderTask, VariantTask
from tintype.imaging.operations import Operation
from tintype.imaging.operations.watermark import Watermark
from tintype.imaging.sandbox import Sandbox

MARKS: tuple[Operation, ...] = (
    Watermark(text="Aé шλ שלום العربية हिन्दी ไทย 中文 한국어 😀", scale=0.9, opacity=1),
    Watermark(image=embedded(logo()), position="north"),
)

# What a machine may say about letters: here that they have no smooth edges, and other fonts.
RULES = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <match target="font"><edit name="antialias" mode="assign"><bool>false</bool></edit></match>
</fontconfig>
"""


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "original.png"
    scene(400, 300).write_to_file(str(path))
    return path


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A home with fonts and rules of its own."""
    home = tmp_path / "home"
    (home / ".fonts").mkdir(parents=True)
    for folder in fonts.folders():
        for file in folder.rglob("*Khmer*.ttf"):
            shutil.copy(file, home / ".fonts")
    rules = home / ".config" / "fontconfig" / "fonts.conf"
    rules.parent.mkdir(parents=True)
    rules.write_text(RULES.format(folder=home / ".fonts"))
    return home


def made(tmp_path: Path, original: Path, environment: dict[str, str]) -> bytes:
    variant = VariantTask(name="v", operations=MARKS, output=Output(format="png"))
    task = RenderTask(input="original", limits=TASK.limits, variants=(variant,))
    with (
        Sandbox(1, tmp_path / "scratch", environment=environment) as sandbox,
        sandbox.folder() as folder,
    ):
        shutil.copyfile(original, folder / "original")
        answer = sandbox.render(task, folder)
        assert isinstance(answer, Rendered)
        return (folder / answer.files[0].file).read_bytes()


def test_a_confined_child_draws_what_this_process_draws(tmp_path: Path, original: Path) -> None:
    expected = scene(400, 300)
    for mark in MARKS:
        expected = mark.apply(expected)
    got = decoded(made(tmp_path, original, {}))
    assert (got - expected).abs().max() == 0


def test_the_machines_fonts_and_rules_change_nothing(
    tmp_path: Path, original: Path, machine: Path
) -> None:
    rules = machine / ".config" / "fontconfig"
    home = {
        "HOME": str(machine),
        "XDG_CONFIG_HOME": str(machine / ".config"),
        "XDG_DATA_HOME": str(machine),
        "FONTCONFIG_PATH": str(rules),
    }
    assert made(tmp_path, original, home) == made(tmp_path, original, {})
    # The same rules, where they are followed, change much.
    ours = drawn(home | {"FONTCONFIG_FILE": str(fonts.CONFIGURATION)})
    assert ours == drawn({"FONTCONFIG_FILE": str(fonts.CONFIGURATION)})
    assert ours != drawn(home | {"FONTCONFIG_FILE": str(rules / "fonts.conf")})


def drawn(environment: dict[str, str]) -> bytes:
    """A text's picture from a process without confinement."""
    program = (
        "import sys; from tintype.imaging.lettering import Lettering;"
        "image = Lettering('Aé ខ្មែរ 中文', '#ffffff', None, None).draw(40);"
        "sys.stdout.buffer.write(image.pngsave_buffer())"
    )
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment | paths, capture_output=True, check=True).stdout
