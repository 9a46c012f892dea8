import itertools

import numpy as np

from engine.motion.pause import FULL_PHRASE_S, PHRASE_END_S, RETURN_S, STEP_S, Pause

Heard = list[tuple[bool, bool]]


def after(heard: Heard, state: Pause | None = None) -> list[Pause]:
    state, out = state or Pause(), []
    for speaks, hears in heard:
        state = state.next(speaks, hears)
        out.append(state)
    return out


def speech(seconds: float) -> Heard:
    return [(True, True)] * round(seconds / STEP_S)


def silence(seconds: float) -> Heard:
    return [(False, False)] * round(seconds / STEP_S)


def ended(states: list[Pause]) -> list[int]:
    counts = [0, *(state.phrases for state in states)]
    return np.flatnonzero(np.diff(counts)).tolist()


def test_silence_ends_nothing() -> None:
    last = after(silence(100.0))[-1]
    assert last == Pause()


def test_a_phrase_ends_once_the_lips_rest() -> None:
    states = after(speech(2.0) + silence(3.0))
    (at,) = ended(states)
    assert abs((at + 1) * STEP_S - 2.0 - PHRASE_END_S) <= 1.5 * STEP_S
    assert states[at].weight == 1.0
    assert abs(states[-1].since_s - 3.0) <= 2 * STEP_S


def test_closures_of_stops_end_nothing() -> None:
    assert not ended(after((speech(0.2) + silence(0.16)) * 20))


def test_a_syllable_weighs_less_than_a_phrase() -> None:
    short = after(speech(0.3) + silence(1.0))[-1]
    assert abs(short.weight - 0.3 / FULL_PHRASE_S) < 0.05


def test_what_an_end_sets_off_is_never_broken_off() -> None:
    states = after((speech(0.3) + silence(0.4)) * 20)
    at = ended(states)
    assert len(at) > 3
    assert min(np.diff(at)) * STEP_S >= 1.4
    since = [state.since_s for state in states[at[0] :]]
    for value, later in itertools.pairwise(since):
        assert later == PHRASE_END_S or abs(later - value - STEP_S) < 1e-9


def test_waiting_ends_quickly_when_a_voice_is_heard() -> None:
    pause = after(speech(2.0) + silence(1.0))
    assert pause[-1].waiting == 1.0
    for heard in ([(False, True)] * 4, [(True, False)] * 4):
        values = [1.0, *(state.waiting for state in after(heard, pause[-1]))]
        assert values[round(RETURN_S / STEP_S)] == 0.0
        assert np.abs(np.diff(values)).max() <= STEP_S / RETURN_S + 1e-9


def test_a_noise_ends_the_waiting_for_good_but_no_phrase() -> None:
    states = after([(False, True), *silence(5.0)], after(speech(2.0) + silence(1.0))[-1])
    assert states[-1].waiting == 0.0
    assert {state.phrases for state in states} == {1}


def test_between_steps_no_time_runs_backwards() -> None:
    states = after(speech(2.0) + silence(0.3))
    (at,) = ended(states)
    before, ends = states[at - 1], states[at]
    middle = before.towards(ends, 0.5)
    assert middle.phrases == before.phrases
    assert abs(middle.since_s - before.since_s - 0.5 * STEP_S) < 1e-9
    assert abs(ends.towards(states[at + 1], 0.5).since_s - ends.since_s - 0.5 * STEP_S) < 1e-9
