"""The failures: what everything else derives from them must hold."""

import re

import pytest

from tintype.errors import REJECTIONS, Fault, Rejection, TintypeError


def family(root: type[TintypeError]) -> list[type[TintypeError]]:
    return [root, *(each for kind in root.__subclasses__() for each in family(kind))]


FAILURES = [kind for kind in family(TintypeError) if kind.__module__ == "tintype.errors"]


@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure_speaks_for_itself(kind: type[TintypeError]) -> None:
    assert re.fullmatch(r"[a-z][a-z_]*", kind.code)
    assert 400 <= kind.http_status < 600
    assert (kind.__doc__ or "").partition("\n")[0].endswith(".")


def test_codes_are_unique_but_for_the_root_and_its_public_face() -> None:
    codes = [kind.code for kind in FAILURES if kind not in (TintypeError, Rejection)]
    assert len(codes) == len(set(codes))


def test_the_default_detail_is_the_docstring() -> None:
    kind = REJECTIONS[0]
    assert kind().detail == kind.__doc__
    assert kind("something else").detail == "something else"


def test_every_rejection_is_listed_final_and_the_images_fault() -> None:
    assert set(REJECTIONS) == set(Rejection.__subclasses__())
    for kind in REJECTIONS:
        assert kind.fault is Fault.IMAGE
        assert not kind.retryable
        assert kind.hint


def test_only_the_systems_faults_are_tried_again() -> None:
    assert {kind.fault for kind in FAILURES if kind.retryable} == {Fault.SYSTEM}
