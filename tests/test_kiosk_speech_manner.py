"""Styles and wishes: what overrides what, and that nothing leaves its bounds."""

import math
from dataclasses import fields

import pytest

from kiosk.speech.manner import LIMITS, STYLE_NAMES, STYLES, Manner, Wish

EXTREMES = [Manner(*(LIMITS[f.name][side] for f in fields(Manner))) for side in (0, 1)]


def test_every_style_is_within_bounds_and_plain_changes_nothing() -> None:
    assert set(STYLES) == set(STYLE_NAMES)
    assert all(style.fault() is None for style in STYLES.values())
    for usual in (Manner(), Manner(1.2, 1.0, 0.9, 1.5, -3.0)):
        assert usual.then(STYLES["plain"]) == usual


def test_gentle_is_slower_lower_louder_and_has_longer_pauses() -> None:
    gentle = STYLES["gentle"]
    assert gentle.rate < 1.0 and gentle.pitch_semitones < 0.0
    assert gentle.pause > 1.0 and gentle.loudness_db > 0.0


def test_a_style_is_laid_over_what_is_usual() -> None:
    usual = Manner(rate=1.25, pitch_semitones=0.5, pause=1.2, loudness_db=1.0)
    manner = Wish("gentle").over(usual, "plain")
    gentle = STYLES["gentle"]
    assert manner.rate == pytest.approx(1.25 * gentle.rate)
    assert manner.pitch_semitones == pytest.approx(0.5 + gentle.pitch_semitones)
    assert manner.pause == pytest.approx(1.2 * gentle.pause)
    assert manner.loudness_db == pytest.approx(1.0 + gentle.loudness_db)


def test_what_is_wished_for_by_itself_overrides_the_style() -> None:
    manner = Wish("gentle", rate=1.0, loudness_db=0.0).over(Manner(rate=2.0), "plain")
    assert (manner.rate, manner.loudness_db) == (1.0, 0.0)
    assert manner.pause == STYLES["gentle"].pause


def test_the_configured_style_holds_unless_another_is_wished() -> None:
    assert Wish().over(Manner(), "gentle") == STYLES["gentle"]
    assert Wish("plain").over(Manner(), "gentle") == Manner()


@pytest.mark.parametrize("usual", EXTREMES)
@pytest.mark.parametrize("style", STYLE_NAMES)
def test_no_sum_leaves_the_bounds(usual: Manner, style: str) -> None:
    assert usual.then(STYLES[style]).fault() is None  # type: ignore[index]
    assert usual.then(usual).fault() is None


@pytest.mark.parametrize("name", sorted(LIMITS))
@pytest.mark.parametrize("value", [99.0, -99.0, math.nan, math.inf])
def test_a_fault_names_the_part_and_its_bounds(name: str, value: float) -> None:
    fault = Manner(**{name: value}).fault()
    assert fault and fault.startswith(name) and f"{LIMITS[name][0]:g}" in fault


def test_pauses_are_no_part_of_the_sound() -> None:
    assert Manner(1.5, pause=2.0).sound == Manner(1.5)
    assert not Manner(1.5, pause=2.0, loudness_db=3.0).moves_pitch
    assert Manner(pitch_range=0.9).moves_pitch and Manner(pitch_semitones=1.0).moves_pitch
