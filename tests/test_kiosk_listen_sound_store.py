"""The store: a bounded queue whose seams do not click."""

import numpy as np

from engine.media import FloatArray
from kiosk.listen.sound_store import FADE_SAMPLES, KEPT_SAMPLES, SoundStore


def ramp(first: int, count: int) -> FloatArray:
    return np.arange(first, first + count, dtype=np.float32)


def test_what_is_put_in_comes_out_in_order() -> None:
    store, rng = SoundStore(4_800), np.random.default_rng(4)
    put = got = 0
    while got < 200_000:
        count = int(rng.integers(1, 960))
        assert store.append(ramp(put, count)) == 0
        put += count
        taken = store.take(int(rng.integers(1, 960)) if store.held_samples < 2_400 else 2_400)
        np.testing.assert_array_equal(taken, ramp(got, len(taken)))
        got += len(taken)
        assert store.held_samples == put - got


def test_beyond_the_bound_the_oldest_goes() -> None:
    store = SoundStore(1_000)
    assert store.append(ramp(0, 900)) == 0
    assert store.append(ramp(900, 300)) == 200
    assert store.held_samples == 1_000
    np.testing.assert_array_equal(store.take(1_000)[FADE_SAMPLES:], ramp(200, 1_000)[FADE_SAMPLES:])
    assert store.append(ramp(0, 5_000)) == 4_000
    assert store.take(2_000)[-1] == 4_999


def test_a_jump_begins_where_it_was_and_ends_where_it_goes() -> None:
    for count in (-1_000, 700, 100):
        store = SoundStore(4_800)
        store.append(ramp(0, 4_000))
        store.take(KEPT_SAMPLES)
        store.jump(count)
        sound = store.take(4_000)
        assert sound[0] == KEPT_SAMPLES
        assert sound[FADE_SAMPLES] == KEPT_SAMPLES + count + FADE_SAMPLES
        assert sound[-1] == 3_999
        assert np.abs(np.diff(sound)).max() <= 1 + abs(count) / FADE_SAMPLES + 0.1


def test_the_end_dies_away_from_where_it_was() -> None:
    store = SoundStore(1_000)
    store.append(np.full(1_000, 0.5, np.float32))
    store.die_away()
    sound = store.take(2_000)
    assert len(sound) == 1_000 + FADE_SAMPLES, "nothing is lost for it"
    assert sound[-1] == 0.0 and np.abs(np.diff(sound)).max() < 0.5 / FADE_SAMPLES * 1.1


def test_the_beginning_rises_from_silence() -> None:
    store = SoundStore(1_000)
    store.append(np.full(500, 0.5, np.float32))
    store.fade_in()
    sound = store.take(500)
    assert sound[0] == 0.0 and sound[FADE_SAMPLES] == 0.5
    assert store.clear() == 0
    store.append(ramp(0, 10))
    assert store.clear() == 10 and store.held_samples == 0
