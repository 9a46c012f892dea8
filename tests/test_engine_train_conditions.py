import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.train.conditions import (
    CONDITIONS,
    active_rms,
    babble_0db,
    level_minus_25db,
    telephone,
)


def tone(hz: float) -> FloatArray:
    t = np.arange(48_000) / 48_000
    return (0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32)


@pytest.mark.parametrize("name", CONDITIONS)
def test_speech_keeps_its_length_and_its_fate(name: str) -> None:
    speech, others = tone(440), [tone(700), tone(900)]
    heard = CONDITIONS[name](speech, others)
    assert heard.shape == speech.shape
    assert heard.dtype == np.float32
    assert np.array_equal(heard, CONDITIONS[name](speech, others))
    assert not np.array_equal(heard, speech)


def test_babble_is_as_loud_as_the_speech() -> None:
    speech = tone(440)
    noise = babble_0db(speech, [tone(700)]) - speech
    assert active_rms(noise) == pytest.approx(active_rms(speech), rel=0.1)


def test_pauses_do_not_lower_the_level() -> None:
    speech = tone(440)
    assert active_rms(np.concatenate((speech, 0 * speech))) == pytest.approx(active_rms(speech))
    assert active_rms(np.zeros(0, np.float32)) == 0.0


def test_a_telephone_keeps_the_middle_and_the_time() -> None:
    kept = telephone(tone(1000), [])
    assert np.corrcoef(kept, tone(1000))[0, 1] > 0.99
    assert active_rms(telephone(tone(6000), [])) < 0.1 * active_rms(tone(6000))


def test_25_db_softer() -> None:
    ratio = active_rms(level_minus_25db(tone(440), [])) / active_rms(tone(440))
    assert 20 * np.log10(ratio) == pytest.approx(-25.0, abs=0.1)
