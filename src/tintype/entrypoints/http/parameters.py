"""The parameters that several routes take."""

from typing import Annotated

from fastapi import Path, Query
from pydantic.json_schema import SkipJsonSchema

from tintype.model import ImageState

ImageId = Annotated[str, Path(description="The image's id: `img_` and 26 characters.")]
JobId = Annotated[str, Path(description="The job's id: `job_` and 26 characters.")]
Limit = Annotated[int, Query(ge=1, le=200, description="The most items to return.")]
Cursor = Annotated[
    str | SkipJsonSchema[None],
    Query(description="The `next` of the page before; left out for the first page."),
]
State = Annotated[ImageState | SkipJsonSchema[None], Query(description="Only those in this state.")]
