"""Interpolation: exact where samples are, close in between."""

import numpy as np

from kiosk.listen.interpolate import Interpolator


def test_at_whole_places_it_gives_the_samples_themselves() -> None:
    sound = np.random.default_rng(1).standard_normal(200).astype(np.float32)
    whole = np.arange(20, 180)
    found = Interpolator(8).at(sound, whole, np.zeros(len(whole), np.float32))
    np.testing.assert_allclose(found, sound[20:180], atol=1e-6)


def test_in_between_it_gives_what_was_sampled() -> None:
    hertz, rate_hz = 3_000.0, 48_000
    sound = np.sin(2 * np.pi * hertz * np.arange(400) / rate_hz).astype(np.float32)
    places = np.linspace(20.0, 370.0, 777)
    whole = places.astype(np.int64)
    found = Interpolator(16).at(sound, whole, (places - whole).astype(np.float32))
    wanted = np.sin(2 * np.pi * hertz * places / rate_hz)
    assert np.abs(found - wanted).max() < 1e-3


def test_a_long_stretch_is_the_same_as_short_ones() -> None:
    sound = np.random.default_rng(2).standard_normal(70_000).astype(np.float32)
    whole = np.arange(100, 69_000)
    part = np.full(len(whole), 0.37, np.float32)
    interpolator = Interpolator(32)
    together = interpolator.at(sound, whole, part)
    apart = [
        interpolator.at(sound, w, p)
        for w, p in zip([whole[:9], whole[9:99]], [part[:9], part[9:99]], strict=True)
    ]
    np.testing.assert_allclose(together[:99], np.concatenate(apart), atol=1e-6)
