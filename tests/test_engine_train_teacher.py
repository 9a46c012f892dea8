import numpy as np
import pytest

from engine.media import FloatArray
from engine.motion.lips import SPEECH, SPEECH_INDEX, opening
from engine.train.teacher import Phone, contact_envelope, curves, segments_of
from engine.train.visemes import DIPHTHONGS, EXTENDERS, STRESS_MARKS, VISEMES

STEP_S = 0.02
JAW, PUCKER, STRETCH = (SPEECH_INDEX[n] for n in ("jawOpen", "mouthPucker", "mouthStretch"))


def phones(symbols: str, each_s: float = 0.1, start_s: float = 0.4) -> list[Phone]:
    """*symbols* spoken one after another, each as long."""
    return [
        Phone(symbol, start_s + i * each_s, start_s + (i + 1) * each_s)
        for i, symbol in enumerate(symbols)
    ]


def shown(said: list[Phone]) -> FloatArray:
    return curves(said, np.arange(0, said[-1].end_s + 0.5, STEP_S, dtype=np.float32))


def at(curve: FloatArray, time_s: float) -> FloatArray:
    return np.asarray(curve[round(time_s / STEP_S)])


@pytest.mark.parametrize("consonant", "pbm")
@pytest.mark.parametrize("vowel", "aiuæ")
@pytest.mark.parametrize("each_s", [0.05, 0.08, 0.15])
def test_bilabials_close_completely_and_on_time(consonant: str, vowel: str, each_s: float) -> None:
    said = phones(vowel + consonant + vowel, each_s)
    gap = opening(shown(said))
    start, end = said[1].start_s, said[1].end_s
    assert gap[round((start + 0.02) / STEP_S)] == 0.0
    assert gap[round(start / STEP_S) - 4] > 0.05
    assert gap[round(end / STEP_S) + 3 :].max() > 0.1


@pytest.mark.parametrize("consonant", "fv")
def test_labiodentals_bring_the_lower_lip_to_the_teeth(consonant: str) -> None:
    said = phones("a" + consonant + "a")
    middle = at(shown(said), 0.54)
    assert middle[SPEECH_INDEX["mouthRollLower"]] > 0.4
    assert middle[JAW] < 0.14
    assert middle[SPEECH_INDEX["mouthPress"]] == 0.0


def test_open_vowels_open_wider_than_close_ones() -> None:
    gaps = {v: float(opening(shown(phones(v, 0.3))).max()) for v in "aɛiu"}
    assert gaps["a"] > gaps["ɛ"] > gaps["i"]
    assert gaps["a"] == pytest.approx(1.0, abs=0.25)
    assert gaps["u"] < 0.6


@pytest.mark.parametrize("vowel", "uyoʊ")
def test_round_vowels_round_and_spread_ones_spread(vowel: str) -> None:
    rounded, spread = (at(shown(phones(v, 0.3)), 0.56) for v in (vowel, "i"))
    assert rounded[PUCKER] > 0.25 > 0.05 > spread[PUCKER]
    assert spread[STRETCH] > 0.2 > 0.05 > rounded[STRETCH]


def test_rounding_is_anticipated_through_tongue_consonants() -> None:
    rounded, plain = (at(shown(phones(f"ist{v}", 0.09)), 0.62) for v in "ui")
    assert rounded[PUCKER] > plain[PUCKER] + 0.05


def test_tongue_consonants_leave_the_lips_to_their_neighbours() -> None:
    through = shown(phones("utu"))[:, PUCKER]
    assert through[round(0.55 / STEP_S)] > 0.4


def test_faster_speech_moves_less() -> None:
    slow, fast = (opening(shown(phones("tatatatata", each))) for each in (0.15, 0.05))
    middle = [g[round(0.4 / STEP_S) + 8 : round(0.4 / STEP_S) + 20] for g in (slow, fast)]
    assert np.ptp(middle[1]) < np.ptp(middle[0])


def test_silence_before_and_after_is_shut() -> None:
    gap = opening(shown(phones("hɛloʊ")))
    assert gap[:14].max() < 0.05
    assert gap[-15:].max() < 0.05


def test_nothing_said_is_shut() -> None:
    assert not curves([], np.arange(0, 1, 0.02, dtype=np.float32)).any()


def test_a_short_gap_between_words_is_no_pause_and_a_long_one_is() -> None:
    def gap_s(length_s: float) -> float:
        said = [Phone("a", 0.3, 0.5), Phone(",", 0.5, 0.5 + length_s / 2)]
        said += [Phone(" ", 0.5 + length_s / 2, 0.5 + length_s)]
        said += [Phone("a", 0.5 + length_s, 0.7 + length_s)]
        return float(opening(shown(said))[25 : round((0.5 + length_s) / STEP_S) + 1].min())

    assert gap_s(0.06) > 0.4
    assert gap_s(0.4) < 0.05


def test_marks_belong_to_their_vowel() -> None:
    plain = segments_of([Phone("a", 0.1, 0.4)], 0.5)
    marked = segments_of([Phone("ˈ", 0.1, 0.2), Phone("a", 0.2, 0.3), Phone("→", 0.3, 0.4)], 0.5)
    assert [(s.start_s, s.end_s) for s in marked] == [(s.start_s, s.end_s) for s in plain]
    assert marked[1].jaw_gain > plain[1].jaw_gain


@pytest.mark.parametrize(("symbol", "count"), [("I", 2), ("tʃ", 2), ("aɪ", 2), ("☃", 0), ("", 0)])
def test_compounds_are_spelt_out_and_unknown_symbols_are_pauses(symbol: str, count: int) -> None:
    said = segments_of([Phone("t", 0.1, 0.2), Phone(symbol, 0.2, 0.4), Phone("t", 0.4, 0.5)], 0.6)
    assert sum(
        s.viseme.name not in ("td", "sil") or s.start_s in (0.2,) for s in said[2:-2]
    ) >= min(count, 1)
    assert len(said) == 4 + max(count, 1)


def test_every_symbol_of_the_voices_has_a_viseme() -> None:
    spoken = "ʣʥʦʨꭧAIOQSTWYᵊabdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçðʤəɚɛɜɟɡɥɨɪɯŋɹɻʁɾʂʃʈʧʊʌɣɤχʒʔθ"
    for symbol in spoken:
        assert all(c in VISEMES for c in DIPHTHONGS.get(symbol, symbol)), symbol
    for mark in "ˈˌːʰʲ↓→↗↘":
        assert mark in STRESS_MARKS or mark in EXTENDERS


def test_targets_are_known_coefficients_in_range() -> None:
    for viseme in VISEMES.values():
        for name, value in viseme.targets.items():
            assert name in SPEECH
            assert 0.0 <= value <= 0.85


def test_contact_envelope_reaches_one_and_holds() -> None:
    segment = segments_of([Phone("m", 1.0, 1.1)], 2.0)[1]
    times = np.arange(0.8, 1.4, 0.005, dtype=np.float32)
    envelope = contact_envelope(segment, times)
    held = times[envelope > 0.999]
    assert held.min() < 1.011
    assert np.ptp(held) > 0.04
    assert envelope[0] == envelope[-1] == 0.0
