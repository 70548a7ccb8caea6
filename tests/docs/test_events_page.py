"""The page on events: its example runs, and it names all that a notification can mean."""

import re
from pathlib import Path

from tintype.pipeline.intake import Seen
from tintype.pipeline.notifications import Flavor, Kind, Reason
from tintype.pipeline.notifications.envelopes import MAX_LAYERS, MAX_PARTS

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()


def test_the_example_runs() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    exec(compile(code, "docs/events.md", "exec"), {})


def test_every_kind_and_every_reason_has_its_row() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted([*Seen, *Kind, *Reason])


def test_every_sender_and_every_limit_is_named() -> None:
    for flavor in Flavor:
        assert f"`{flavor.value}`" in PAGE
    assert f"{MAX_LAYERS} layers" in PAGE
    assert f"{MAX_PARTS:,} parts" in PAGE
