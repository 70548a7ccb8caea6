"""The trial of every codec."""

import builtins
import json
from typing import Any

import pytest

from tintype.imaging import trial, vips


def outcome(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    trial.main()
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return content


def test_all_formats_work_here(capsys: pytest.CaptureFixture[str]) -> None:
    content = outcome(capsys)
    assert set(content["formats"]) == {"gif", "tiff", "jpeg", "png", "webp", "avif"}
    assert set(content["formats"].values()) == {""}
    assert content["heic"] == ""


def test_a_loader_that_is_missing_fails_its_format_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaders = dict(vips._LOADERS) | {"webp": ("nosuchload_buffer", "VipsNoSuch")}
    monkeypatch.setattr(vips, "_LOADERS", loaders)
    formats = outcome(capsys)["formats"]
    assert formats.pop("webp") == "it is not built in"
    assert set(formats.values()) == {""}


def test_without_its_library_heic_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    really = builtins.__import__

    def refuse(name: str, *args: object, **kwargs: object) -> object:
        if name == "pi_heif":
            raise ImportError(name)
        return really(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert outcome(capsys)["heic"] == "pi-heif is not installed"
