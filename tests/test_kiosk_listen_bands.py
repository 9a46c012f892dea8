from itertools import pairwise

import numpy as np
import pytest

from kiosk.listen.bands import BANDS, EDGES_HZ, band_levels_db
from kiosk.listen.frames import SILENCE_DB


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_a_tone_is_in_its_band_at_its_level(rate_hz: int) -> None:
    for band, (low, high) in enumerate(pairwise(EDGES_HZ)):
        hz = (low + high) / 2
        tone = 0.1 * np.sin(2 * np.pi * hz * np.arange(rate_hz // 50) / rate_hz)
        levels = band_levels_db(tone.astype(np.float32))
        assert int(np.argmax(levels)) == band
        assert levels[band] == pytest.approx(-23.0, abs=1.0)


def test_silence_is_finite() -> None:
    assert band_levels_db(np.zeros(320, np.float32)).tolist() == [SILENCE_DB] * BANDS
