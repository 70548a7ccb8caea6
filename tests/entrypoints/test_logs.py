"""Every line in one form, without secrets, and forged by nobody."""

import json
import os
import pty
import subprocess
import sys
from typing import Any

import pytest

from tintype.entrypoints.logs import mask

SAY = """
import logging, threading, warnings
import structlog
from tintype.entrypoints.logs import configure_logs

configure_logs({level!r}, {form!r})
log = structlog.get_logger()
{code}
"""


def spoken(code: str, *, level: str = "info", form: str = "json", status: int = 0) -> str:
    """What a process says on standard error."""
    command = [sys.executable, "-c", SAY.format(level=level, form=form, code=code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr
    assert not done.stdout
    return done.stderr


def lines(code: str, **options: Any) -> list[dict[str, Any]]:
    """The lines that a process logs as JSON."""
    return [json.loads(line) for line in spoken(code, **options).splitlines()]


def test_a_line_begins_with_when_how_bad_and_what() -> None:
    (line,) = lines("log.info('job.done', job='job_a', attempt=1, seconds=0.5, code=None)")
    assert list(line) == ["timestamp", "level", "event", "job", "attempt", "seconds"]
    assert (line["level"], line["event"], line["attempt"]) == ("info", "job.done", 1)
    assert line["timestamp"].endswith("Z")


def test_what_is_in_the_context_is_on_every_line_of_it() -> None:
    code = """
with structlog.contextvars.bound_contextvars(trace='t'):
    log.info('job.done')
    logging.getLogger('uvicorn.error').error('oops')
log.info('job.done')
"""
    assert [line.get("trace") for line in lines(code)] == ["t", "t", None]


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_is_the_least_that_is_logged(level: str, said: list[str]) -> None:
    code = "\n".join(f"log.{each}('job.done')" for each in ("debug", "info", "warning", "error"))
    assert [line["level"] for line in lines(code, level=level)] == said


def test_libraries_speak_in_the_same_form_and_only_of_what_matters() -> None:
    code = """
for name in ('uvicorn.error', 'dbos', 'sqlalchemy.pool'):
    logging.getLogger(name).info('polling')
    logging.getLogger(name).warning('lost %s', 'it')
warnings.warn('old')
"""
    library, other = lines(code.replace("'sqlalchemy.pool'", ""), level="debug"), lines(code)
    assert [line["event"] for line in library] == ["library.message"] * 3
    told = [(line["logger"], line["level"], line["detail"]) for line in library]
    assert told[:2] == [
        ("uvicorn.error", "warning", "lost it"),
        ("dbos", "warning", "lost it"),
    ]
    assert told[2][0] == "py.warnings"
    assert "old" in told[2][2]
    assert ("sqlalchemy.pool", "lost it") in [(line["logger"], line["detail"]) for line in other]


FORGED = "log.warning('http.request', path='/a\\n2026 [info] job.done\\x1b[2J\\u202e')"


@pytest.mark.parametrize("form", ["json", "text"])
def test_outside_text_forges_no_line_and_no_color(form: str) -> None:
    said = spoken(FORGED, form=form)
    assert len(said.splitlines()) == 1
    assert not [each for each in said if each != "\n" and not each.isprintable()]


def test_a_traceback_in_text_is_set_apart() -> None:
    code = """
try:
    raise ValueError('a\\n2026 [info] job.done\\x1b[2J')
except ValueError:
    log.exception('job.crashed', job='job_a')
"""
    first, *rest = spoken(code, form="text").splitlines()
    assert "job.crashed" in first
    assert rest
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
    (line,) = lines(code)
    assert line["level"] == "error"
    assert line["exception"].startswith("Traceback")


def test_what_ends_a_thread_or_the_process_is_a_line() -> None:
    code = """
thread = threading.Thread(target=lambda: 1 / 0, name='stray')
thread.start()
thread.join()
raise RuntimeError('unforeseen')
"""
    thread, process = lines(code, status=1)
    assert (thread["event"], thread["thread"]) == ("thread.crashed", "stray")
    assert "ZeroDivisionError" in thread["exception"]
    assert process["event"] == "service.crashed"
    assert "unforeseen" in process["exception"]


def test_a_terminal_gets_text_with_colors_unless_another_form_is_wanted() -> None:
    def on_terminal(form: str) -> str:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-c", SAY.format(level="info", form=form, code=FORGED)]
        subprocess.run(command, stderr=theirs, timeout=60, check=True)
        os.close(theirs)
        said = os.read(ours, 10_000).decode()
        os.close(ours)
        return said

    assert "\x1b[" in on_terminal("auto")
    assert on_terminal("json").startswith("{")
    assert spoken(FORGED, form="auto").startswith("{")


SECRET = "tt_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (SECRET, "tt_***"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ***"),
        ("('authorization', 'Basic dXNlcjpwYXNz')", "('authorization', 'Basic ***')"),
        ("Cookie: tintype_session=abc; b=c", "Cookie: ***"),
        ("('set-cookie', 'tintype_session=abc')", "('set-cookie', ***"),
        ("/i/thumb/a?exp=9&sig=abc-_1 HTTP/1.1", "/i/thumb/a?exp=9&sig=*** HTTP/1.1"),
        ("/login?token=abc&next=/", "/login?token=***&next=/"),
        ("http://host/?key=abc", "http://host/?key=***"),
        (
            "https://b.s3.test/k?X-Amz-Credential=AK%2F1&X-Amz-Signature=ff&X-Amz-Expires=9",
            "https://b.s3.test/k?X-Amz-Credential=***&X-Amz-Signature=***&X-Amz-Expires=9",
        ),
        ("postgresql://me:hunter2@db/tintype", "postgresql://me:***@db/tintype"),
        ("host=db password=hunter2 user=me", "host=db password=*** user=me"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "originals/tt_photo.jpg",
        "originals/my secret token.jpg",
        "signature.png",
        "a basic photograph.jpg",
        "http://localhost:8080/v1/images?limit=5",
        "The bucket's key is too long.",
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert mask(text) == text


def test_secrets_are_masked_wherever_they_stand() -> None:
    code = f"""
log.info('http.request', path='/x?sig=abc')
logging.getLogger('any').warning('GET /x?sig=abc')
try:
    raise ValueError('Bearer {SECRET}')
except ValueError:
    log.exception('job.crashed')
"""
    said = spoken(code)
    assert "abc" not in said
    assert SECRET not in said
