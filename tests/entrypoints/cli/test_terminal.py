"""Rows and facts, at a terminal and in a pipe."""

import os
import pty
import sys
from collections.abc import Callable

import pytest

from tintype.entrypoints.cli.terminal import note, show_facts, show_rows

HOSTILE = "[red]:smile:\x1b[2J\r\n\u202egpj"


def test_a_pipe_gets_fields_apart_by_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(("a", "b"), [("1", "x\ty"), ("22", HOSTILE)])
    assert capsys.readouterr().out.splitlines() == [
        "1\tx\\ty",
        "22\t[red]:smile:\\x1b[2J\\r\\n\\u202egpj",
    ]


def test_a_pipe_gets_a_line_for_each_fact_that_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_facts({"key": HOSTILE, "error": ""})
    assert capsys.readouterr().out == "key\t[red]:smile:\\x1b[2J\\r\\n\\u202egpj\n"


def test_a_note_goes_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    note(f"no {HOSTILE}")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "no [red]:smile:\\x1b[2J\\r\\n\\u202egpj\n"


def shown_at_terminal(
    monkeypatch: pytest.MonkeyPatch, show: Callable[[], None], columns: int = 40
) -> str:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs, "w") as screen:
        with monkeypatch.context() as here:
            here.setattr(sys, "stdout", screen)
            show()
        screen.flush()
        shown = os.read(ours, 65536).decode()
    os.close(ours)
    return shown


def test_a_terminal_is_not_commanded_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = shown_at_terminal(monkeypatch, lambda: show_rows(("a",), [(HOSTILE,)]))
    facts = shown_at_terminal(monkeypatch, lambda: show_facts({"key": HOSTILE}))
    for shown in (rows, facts):
        assert "[red]:smile:\\x1b[2J" in shown
        assert "\x1b[2J" not in shown
        assert "\u202e" not in shown


def test_a_narrow_terminal_folds_only_the_last_column(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_at_terminal(
        monkeypatch, lambda: show_rows(("id", "key"), [("x" * 25, "word " * 10)])
    )
    assert "x" * 25 in shown
    assert shown.count("word") == 10
