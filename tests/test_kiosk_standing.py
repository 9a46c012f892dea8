"""Which network the kiosk is judged by, and how it is said which backend runs it."""

import pytest

from kiosk.standing import main_network, said, standing
from tests.kiosk_client import settings


def test_reasons_that_differ_are_told_each() -> None:
    assert said("cpu", ["tensorrt: no plan: build it", "torch: no torch"]) == (
        "cpu runs the networks; not tensorrt: no plan: build it; not torch: no torch"
    )


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "fast-256x256"),
        ({"look__preset": "quality"}, "quality-512x512"),
        ({"look__inference_steps": 2}, "refiner-small"),
    ],
)
def test_it_is_the_picture_that_stages_begin_with(changes: dict[str, object], name: str) -> None:
    found = main_network(settings(**changes))
    assert found is not None and found.name == name


def test_where_nothing_runs_on_a_gpu_there_is_none() -> None:
    plain = settings(look__preset="balanced", look__inference_steps=0)
    assert main_network(plain) is None
    assert standing(plain) == ("cpu", ())
