"""The mode of a SQLite database: private where it is made, told where somebody opened it up."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tintype.adapters.sql import migrate, open_engine
from tintype.adapters.sql.exposure import exposure


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


@pytest.mark.usefixtures("umask")
def test_a_database_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/test.db")
    with structlog.testing.capture_logs() as lines:
        migrate(engine)
    with engine.connect():
        found = modes(tmp_path)
        assert found == dict.fromkeys(("test.db", "test.db-wal", "test.db-shm"), 0o600)
    assert exposure(tmp_path / "test.db") is None
    assert lines == []
    engine.dispose()


@pytest.mark.parametrize("mode", [0o640, 0o660, 0o644])
def test_a_mode_that_somebody_chose_stays_and_is_told(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "test.db"
    file.touch()
    file.chmod(mode)
    engine = open_engine(f"sqlite:///{file}")
    with structlog.testing.capture_logs() as lines:
        migrate(engine)
    assert modes(tmp_path)["test.db"] == mode
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("database.exposed", "warning")
    assert f"`chmod 600 {file}`" in line["detail"]
    engine.dispose()
