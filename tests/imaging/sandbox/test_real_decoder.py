"""The real decoder in a sandbox."""

import shutil
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.imaging.sandbox.play import family
from tintype.errors import DecoderOutOfMemoryError
from tintype.imaging.messages import Limits, Output, Refused, Rendered, RenderTask, VariantTask
from tintype.imaging.operations.resize import Resize
from tintype.imaging.sandbox import Budget, Sandbox

MIB = 1 << 20
TASK = RenderTask(
    input="original",
    limits=Limits(
        accept=("jpeg", "png", "webp", "avif", "heic", "gif", "tiff"),
        max_bytes=50_000_000,
        max_pixels=100_000_000,
        max_frames=1000,
    ),
    variants=(
        VariantTask(
            name="small",
            operations=(Resize(width=200, height=150),),
            output=Output(format="webp"),
        ),
    ),
)


def render(sandbox: Sandbox, source: Path) -> Rendered | Refused:
    with sandbox.folder() as folder:
        shutil.copyfile(source, folder / "original")
        return sandbox.render(TASK, folder)


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A progressive JPEG of 6 megapixels, which needs some 40 MB to decode."""
    path = tmp_path / "photograph.jpg"
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(path, progressive=True)
    return path


def test_a_photograph_is_rendered(tmp_path: Path, photograph: Path) -> None:
    with Sandbox(1, tmp_path / "scratch") as sandbox:
        reply = render(sandbox, photograph)
    assert isinstance(reply, Rendered)
    assert (reply.facts.format, reply.facts.width, reply.facts.height) == ("jpeg", 3000, 2000)
    file = reply.files[0]
    assert (file.variant, file.format, file.width, file.height) == ("small", "webp", 200, 150)


def test_a_damaged_image_is_refused(tmp_path: Path, photograph: Path) -> None:
    content = photograph.read_bytes()
    photograph.write_bytes(content[: len(content) // 2])
    with Sandbox(1, tmp_path / "scratch") as sandbox:
        reply = render(sandbox, photograph)
    assert isinstance(reply, Refused)
    assert reply.code == "corrupt"


@pytest.mark.parametrize("memory", [1, 4, 8, 12, 16, 24, 32, 48, 64])
def test_a_sound_image_is_never_called_damaged_for_want_of_memory(
    tmp_path: Path, photograph: Path, memory: int
) -> None:
    with Sandbox(1, tmp_path / "scratch", budget=Budget(memory=memory * MIB)) as sandbox:
        try:
            reply = render(sandbox, photograph)
        except DecoderOutOfMemoryError:
            assert memory < 48
        else:
            assert isinstance(reply, Rendered)
            assert memory > 4


@pytest.mark.corpus
def test_hostile_files_end_in_a_verdict_and_leave_nothing_behind(
    tmp_path: Path, corpus: Path
) -> None:
    folders = (corpus / "malformed", corpus / "bombs")
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    assert files
    here = psutil.Process()
    # The bound of every one of them: a second of processor time, 250 MB with the idle child's 50.
    budget = Budget(memory=200_000_000, cpu_seconds=1)
    with Sandbox(1, tmp_path, budget=budget) as sandbox:
        render(sandbox, files[0])
        memory, descriptors = here.memory_info().rss, here.num_fds()
        for path in files:
            reply = render(sandbox, path)
            assert isinstance(reply, Rendered | Refused), path.name
        render(sandbox, files[0])
        assert here.memory_info().rss - memory < 20 * MIB
        assert here.num_fds() <= descriptors
        assert all(process.memory_info().rss < 100 * MIB for process in family(sandbox))
        assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]
