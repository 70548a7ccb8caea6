"""The paths that the client asks for."""

import pytest

from tintype.entrypoints.cli.client import path_of
from tintype.errors import ParameterInvalidError
from tintype.model import job_id, new_image_id, new_key_id


def test_ids_are_parts_of_paths_as_they_are() -> None:
    image = new_image_id()
    for identity in (image, job_id(image, "v1", "digest"), new_key_id()):
        assert path_of("/v1/things", identity) == f"/v1/things/{identity}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a/b",
        "../queue",
        "%2e%2e",
        "a b",
        "a?b",
        "a#b",
        "a\n",
        "a\\b",
        "ü",
        "\x1b[31m",
    ],
)
def test_what_is_no_id_becomes_no_path(text: str) -> None:
    with pytest.raises(ParameterInvalidError) as refused:
        path_of("/v1/things", text)
    assert refused.value.detail.isprintable()
