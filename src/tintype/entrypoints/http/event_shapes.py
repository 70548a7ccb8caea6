"""The JSON shapes of what came of notifications; clients rely on their field names."""

from pydantic import Field

from tintype.entrypoints.http.shapes import Shape
from tintype.pipeline.intake import Seen
from tintype.pipeline.noticing import Outcome
from tintype.pipeline.notifications import Reason


class Sight(Shape):
    """What was found under a key when a notification told of it."""

    key: str
    outcome: Seen = Field(
        description="`accepted`: a version that is worked on from now on; `known`: the one that was"
        " accepted before; `gone`: nothing any more; `nothing`: nothing, as before."
    )
    id: str | None = Field(description="The image whose original is or was there.")


class Ignored(Shape):
    """A part of a notification that asked for nothing."""

    reason: Reason
    detail: str = Field(description="For people.")


class Noticed(Shape):
    """What came of each part of a notification."""

    items: list[Sight]
    ignored: list[Ignored]
    confirmations: list[str] = Field(
        description="The topics that ask whether their notifications are wanted: the log has the"
        " address to open."
    )


def noticed(outcome: Outcome) -> Noticed:
    """What came of a notification."""
    return Noticed(
        items=[
            Sight(key=key, outcome=sight.seen, id=sight.image_id) for key, sight in outcome.sights
        ],
        ignored=[Ignored.model_validate(each) for each in outcome.ignored],
        confirmations=[each.topic for each in outcome.confirmations],
    )
