"""The shared values."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tintype.model import ImageState, Run, job_id, new_image_id


def test_image_ids_carry_128_random_bits_in_26_letters() -> None:
    ids = {new_image_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"img_[a-z2-7]{26}", each) for each in ids)


@given(st.text(), st.text(), st.text())
def test_a_job_id_is_the_same_for_the_same_image_version_and_recipe(
    image: str, version: str, digest: str
) -> None:
    first = job_id(image, version, digest)
    assert re.fullmatch(r"job_[a-z2-7]{26}", first)
    assert first == job_id(image, version, digest)
    assert first != job_id(image, version + "x", digest)


def test_parts_of_a_job_id_cannot_flow_into_each_other() -> None:
    assert job_id("a", "bc", "d") != job_id("ab", "c", "d")


def test_only_queued_and_running_are_not_final() -> None:
    assert {state for state in ImageState if not state.final} == {
        ImageState.QUEUED,
        ImageState.RUNNING,
    }


def test_a_run_is_named_by_job_and_attempt() -> None:
    assert Run("job_x", 3).id == "job_x:3"
