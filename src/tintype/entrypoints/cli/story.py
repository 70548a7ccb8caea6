"""How a job went, for people: what `jobs show` and `dead show` share."""

from collections.abc import Iterable, Mapping
from typing import Any

from tintype.entrypoints.cli import times
from tintype.entrypoints.cli.terminal import show_facts, show_rows


def when(moment: str) -> str:
    """A moment and how long ago that was."""
    return f"{times.local(moment)} ({times.age(moment)} ago)"


def reason(error: Mapping[str, str] | None) -> str:
    """Why something failed; empty where it did not."""
    return f"{error['code']}: {error['detail']}" if error else ""


def show_story(facts: Mapping[str, str], job: Mapping[str, Any]) -> None:
    """Facts about a job, what brought it, each attempt, and the last one's steps where known."""
    show_facts({**facts, "brought by": _event(job["event"]), "trace": job["trace"] or ""})
    if job["history"]:
        print()
        show_rows(("try", "began", "took", "ended"), map(_attempt, job["history"]))
    if job.get("steps"):
        print()
        show_steps(job["steps"])


def show_steps(steps: Iterable[Mapping[str, Any]]) -> None:
    """The steps of an attempt."""
    show_rows(("step", "status", "took", "error"), map(_step, steps))


def _event(event: Mapping[str, Any] | None) -> str:
    if event is None:
        return ""
    content = event["content"]
    told = content.items() if isinstance(content, dict) else [("content", content)]
    parts = [f"{name} {value}" for name, value in told if value not in (None, "")]
    return ", ".join([event["source"], *parts])


def _attempt(attempt: Mapping[str, Any]) -> tuple[str, ...]:
    began, ended = attempt["started_at"], attempt["finished_at"]
    outcome = reason(attempt["error"]) or "well"
    ordinal = f"{attempt['ordinal']}{' (forgiven)' if attempt['forgiven'] else ''}"
    return ordinal, times.local(began), times.between(began, ended), outcome


def _step(step: Mapping[str, Any]) -> tuple[str, ...]:
    return step["name"], step["status"], f"{step['seconds']:.3f} s", reason(step["error"])
