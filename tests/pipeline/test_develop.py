"""A recipe run over one file: what a dying decoder means without a record of attempts."""

from pathlib import Path

import pytest

from tests.pipeline.conftest import Pipeline
from tests.support import moody
from tests.support.photographs import encoded, photograph
from tintype.model import ImageState
from tintype.pipeline.develop import Darkroom, Developed, Source


def developed(pipeline: Pipeline, folder: Path, content: bytes) -> Developed:
    file = folder / "a.png"
    file.write_bytes(content)
    sandbox = pipeline.app._sandbox
    darkroom = Darkroom(pipeline.app.recipe, sandbox, folder / "objects")
    return darkroom.develop(Source(file, file.name))


def test_a_picture_becomes_its_variants(pipeline: Pipeline, tmp_path: Path) -> None:
    done = developed(pipeline, tmp_path, encoded(photograph(80, 60), "PNG"))
    assert done.status is ImageState.DONE
    assert done.variants[0].path.stat().st_size == done.variants[0].bytes


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (moody.DIE, ImageState.REJECTED, "resource_limit"),
        (moody.BURN, ImageState.REJECTED, "timed_out"),
        (moody.HANG, ImageState.DEAD, "decoder_stalled"),
        (moody.FULL, ImageState.DEAD, "store_failed"),
        (b"only words " * 9, ImageState.REJECTED, "not_an_image"),
        (b"x" * 1_000_001, ImageState.REJECTED, "too_many_bytes"),
    ],
)
def test_every_failure_ends_with_its_code(
    pipeline: Pipeline, tmp_path: Path, content: bytes, status: ImageState, code: str
) -> None:
    done = developed(pipeline, tmp_path, content)
    assert done.status is status
    assert done.error
    assert done.error.code == code
    assert not done.variants
