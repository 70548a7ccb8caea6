"""All checks together."""

from pathlib import Path

import pytest

from tintype.doctor import Verdict, examine, examine_without_settings
from tintype.errors import SettingsInvalidError
from tintype.settings import Settings

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"


def settings(data: Path, **others: object) -> Settings:
    return Settings(recipe=RECIPE, data=data, port=0, **others)  # type: ignore[arg-type]


def test_a_deployment_in_order_has_nothing_bad(tmp_path: Path) -> None:
    found = list(examine(settings(tmp_path / "data"), {}))
    assert [each for each in found if each.verdict is Verdict.BAD] == []
    assert {each.check for each in found} == {
        *("python", "clock", "open files", "memory", "libvips", "heic", "sandbox", "settings"),
        *("recipe", "data folder", "file system", "disk", "stores", "database", "address"),
    }
    assert not (tmp_path / "data").exists()


def test_each_thing_that_is_wrong_is_bad_by_itself(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wrong = settings(
        tmp_path,
        originals=f"file://{tmp_path}/file",
        variants=f"file://{tmp_path}/variants",
        database=f"postgresql://tintype@/tintype?host={tmp_path}",
        host="192.0.2.1",
    )
    found = {each.check for each in examine(wrong, {}) if each.verdict is Verdict.BAD}
    assert found == {"originals", "database", "address"}


def test_a_database_that_others_may_read_is_bad(tmp_path: Path) -> None:
    (tmp_path / "tintype.db").touch(0o600)
    (tmp_path / "tintype.db").chmod(0o640)
    found = {each.check: each for each in examine(settings(tmp_path), {})}
    assert found["file rights"].verdict is Verdict.BAD
    assert found["file rights"].remedy == f"`chmod 600 {tmp_path}/tintype.db`"


def test_wrong_settings_are_told_one_by_one_and_the_rest_is_looked_at() -> None:
    error = SettingsInvalidError("TINTYPE_PORT: too large\nTINTYPE_HSOT: no such setting")
    found = list(examine_without_settings(error, {}))
    told = [each.detail for each in found if each.check == "settings"]
    assert told == ["TINTYPE_PORT: too large", "TINTYPE_HSOT: no such setting"]
    assert {"python", "libvips", "sandbox"} <= {each.check for each in found}


def test_what_to_correct_is_named_where_it_was_given() -> None:
    error = SettingsInvalidError(
        "TINTYPE_PORT: too large\nTINTYPE_DECODERS: too many\nTINTYPE_HOST: none\n"
        "tintype.toml: foo: there is no such setting\nTINTYPE_KEYY: there is no such setting"
    )
    environ = {"PORT": "99999", "TINTYPE_HOST": "", "TINTYPE_KEYY": "1"}
    found = examine_without_settings(error, environ)
    remedies = [each.remedy.partition(":")[0] for each in found if each.check == "settings"]
    assert remedies == [
        "Correct --port or the variable PORT or port in tintype.toml",
        "Correct decoders in tintype.toml",
        "Correct --host or the variable TINTYPE_HOST",
        "Correct tintype.toml",
        "Correct the variable TINTYPE_KEYY",
    ]


def test_a_check_that_breaks_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("surprise")

    monkeypatch.setattr("tintype.doctor.machine.open_files", fail)
    found = {each.check: each for each in examine(settings(tmp_path), {})}
    assert found["open files"].verdict is Verdict.BAD
    assert "surprise" in found["open files"].detail
    assert found["python"].verdict is Verdict.OK


def test_the_settings_that_are_given_are_named_without_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINTYPE_KEY", "tt_secret")
    monkeypatch.setenv("VIPS_CONCURRENCY", "2")
    found = {each.check: each for each in examine(settings(tmp_path), {})}["settings"]
    assert "TINTYPE_KEY" in found.detail
    assert "VIPS_CONCURRENCY" in found.detail
    assert "TINTYPE_VIPS" not in found.detail
    assert "secret" not in found.detail
