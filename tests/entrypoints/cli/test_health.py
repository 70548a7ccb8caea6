"""`tintype health`."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import tintype
from tests.support.troubled import TroubledService


def test_a_ready_service_is_told_in_one_line(troubled: TroubledService) -> None:
    done = tintype("health", "--url", troubled.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ready\n", "")


def test_a_service_that_is_not_ready_says_which_part(troubled: TroubledService) -> None:
    objects, away = troubled.data / "objects", troubled.data / "away"
    objects.rename(away)
    try:
        done = tintype("health", environ={"TINTYPE_URL": troubled.url})
    finally:
        away.rename(objects)
    assert done.returncode == 1
    assert done.stdout.startswith("not ready: store: ")
    assert " in it. Mount it, or correct TINTYPE_ORIGINALS" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_without_an_address_the_settings_of_this_machine_say_where(
    troubled: TroubledService, tmp_path: Path
) -> None:
    port = troubled.url.rpartition(":")[2]
    for environ in ({"TINTYPE_PORT": port}, {"PORT": port}):
        assert tintype("health", cwd=tmp_path, environ=environ).stdout == "ready\n"
    environ = {"TINTYPE_PORT": port, "TINTYPE_HOST": "0.0.0.0"}
    assert tintype("health", cwd=tmp_path, environ=environ).stdout == "ready\n"


def test_a_service_that_is_away_is_not_ready() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        done = tintype("health", "--url", f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert done.returncode == 1
    assert "Connection refused" in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\nwords", b"SSH-2.0\r\n"])
def test_something_else_is_not_ready(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "tintype.entrypoints.cli", "health", "--url", url],
            stdout=subprocess.PIPE,
            text=True,
        )
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(told.splitlines()) == 1


def test_a_wrong_address_is_a_wrong_call() -> None:
    done = tintype("health", "--url", "localhost:8080")
    assert done.returncode == 2
    assert "TINTYPE_URL" in done.stderr


def test_little_is_loaded_to_ask() -> None:
    heavy = (
        "{'sqlalchemy', 'dbos', 'fastapi', 'httpx', 'structlog', 'ruamel', 'uvicorn', 'asyncpg'}"
    )
    code = (
        "import sys\n"
        "from tintype.entrypoints.cli import main\n"
        "sys.argv = ['tintype', 'health', '--url', 'http://127.0.0.1:1']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
