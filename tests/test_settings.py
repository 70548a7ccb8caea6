"""The settings."""

from pathlib import Path

import pytest

from tintype.errors import SettingsInvalidError
from tintype.settings import load_settings


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_everything_lives_in_the_data_folder_unless_it_is_said(tmp_path: Path) -> None:
    settings = load_settings(data=Path("here"))
    assert settings.originals_url == f"file://{tmp_path}/here/objects"
    assert settings.variants_url == settings.originals_url
    assert settings.database_url == f"sqlite:///{tmp_path}/here/tintype.db"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sqlite:///relative.db", "sqlite:///{here}/relative.db"),
        ("sqlite:///a/b.db", "sqlite:///{here}/a/b.db"),
        ("sqlite:////data/tintype.db", "sqlite:////data/tintype.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://u@h/x", "postgresql://u@h/x"),
    ],
)
def test_a_database_file_stays_the_same_wherever_the_process_goes(
    tmp_path: Path, given: str, meant: str
) -> None:
    assert load_settings(database=given).database_url == meant.format(here=tmp_path)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tintype.toml").write_text("port = 1\ndecoders = 7\nhost = 'localhost'\n")
    monkeypatch.setenv("TINTYPE_PORT", "2")
    monkeypatch.setenv("TINTYPE_DECODERS", "3")
    settings = load_settings(port=4, host=None)
    assert (settings.port, settings.decoders, settings.host) == (4, 3, "localhost")


def test_port_is_understood_without_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "5000")
    assert load_settings().port == 5000
    monkeypatch.setenv("TINTYPE_PORT", "6000")
    assert load_settings().port == 6000


def test_all_problems_come_at_once_each_with_name_allowed_values_and_example(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TINTYPE_PORT", "high")
    monkeypatch.setenv("TINTYPE_DATABASE", "mysql://x")
    monkeypatch.setenv("TINTYPE_DECODERS", "0")
    with pytest.raises(SettingsInvalidError) as caught:
        load_settings()
    lines = caught.value.detail.splitlines()
    assert len(lines) == 3
    assert all("example" in line for line in lines)
    assert "TINTYPE_PORT" in caught.value.detail
    assert "sqlite:///" in caught.value.detail
    assert (
        "at least 1" in caught.value.detail or "greater than or equal to 1" in caught.value.detail
    )


def test_a_misspelled_variable_is_a_problem_and_not_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TINTYPE_DECODER", "2")
    with pytest.raises(SettingsInvalidError, match="TINTYPE_DECODERS"):
        load_settings()


def test_a_broken_settings_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "tintype.toml").write_text("port = ")
    with pytest.raises(SettingsInvalidError, match=r"tintype\.toml"):
        load_settings()


def test_a_client_needs_an_http_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINTYPE_URL", "ftp://x")
    with pytest.raises(SettingsInvalidError, match="TINTYPE_URL"):
        load_settings()


def test_an_unknown_name_in_the_settings_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "tintype.toml").write_text("prot = 1\n")
    with pytest.raises(SettingsInvalidError, match="prot: there is no such setting"):
        load_settings()


@pytest.mark.parametrize("endpoint", ["", "127.0.0.1:9000", "ftp://x", "http://", "http://x:99999"])
def test_an_endpoint_that_leads_nowhere_is_a_problem_where_it_is_used(
    monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert load_settings().originals == ""
    monkeypatch.setenv("TINTYPE_VARIANTS", "s3://bucket")
    with pytest.raises(SettingsInvalidError, match="AWS_ENDPOINT_URL: must be a web address"):
        load_settings()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://[::1]:9000")
    assert load_settings().variants == "s3://bucket"


def test_a_setting_of_another_name_is_a_problem_under_that_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VIPS_CONCURRENCY", "many")
    with pytest.raises(SettingsInvalidError, match=r"^VIPS_CONCURRENCY: .*; got 'many'"):
        load_settings()


def test_what_may_hold_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINTYPE_URL", "ftp://me:hunter2@host")
    monkeypatch.setenv("TINTYPE_DATABASE", "postgres://me:hunter2@host/photos")
    with pytest.raises(SettingsInvalidError) as caught:
        load_settings()
    assert "TINTYPE_URL" in caught.value.detail
    assert "TINTYPE_DATABASE" in caught.value.detail
    assert "hunter2" not in caught.value.detail
