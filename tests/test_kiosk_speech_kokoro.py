"""Listening by measuring: what the real voices say, when their files are there."""

import itertools
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.speech import loudness
from kiosk.speech.decode import to_master_rate
from kiosk.speech.graphemes import Sounded
from kiosk.speech.kokoro import MAX_TOKENS, KokoroModel, KokoroVoice, _runs, voice_info
from kiosk.speech.kokoro import SAMPLE_RATE_HZ as SAMPLE_RATE_HZ_OF_VOICES
from kiosk.speech.kokoro_symbols import PHONEMES
from kiosk.speech.manner import Manner
from kiosk.speech.registry import Voices
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Speech, VoiceError

from .speech_utils import VOICES_DIR, needs_voices

SENTENCES = {"af_heart": "Welcome to the service hall,", "zf_xiaobei": "请到三号窗口，"}
WORDS = {
    "af_heart": ["Welcome", "to", "the", "service", "hall"],
    "zf_xiaobei": ["请", "到", "三号", "窗口"],
}


@pytest.fixture(scope="module")
def voices() -> Voices:
    return Voices(VOICES_DIR)


@pytest.fixture(scope="module", params=sorted(SENTENCES))
def speech(request: pytest.FixtureRequest, voices: Voices) -> tuple[str, Speech]:
    name: str = request.param
    return name, voices.get(name).speak(SENTENCES[name])


def test_names_tell_language_and_gender() -> None:
    heart = voice_info("af_heart")
    assert heart and (heart.languages, heart.gender, heart.licence) == (
        ("en",),
        "female",
        "Apache-2.0",
    )
    yunxi = voice_info("zm_yunxi")
    assert yunxi and (yunxi.languages, yunxi.gender) == (("zh",), "male")
    assert voice_info("ef_dora") is None


def test_long_phrases_are_cut_between_words() -> None:
    word = Sounded("word", "wˈɜɹd", True, True)
    runs = list(_runs([word] * 400))
    assert len(runs) > 1
    assert all(len(phonemes) <= MAX_TOKENS for phonemes, _ in runs)
    assert sum(len(words) for _, words in runs) == 400
    for phonemes, words in runs:
        assert all(phonemes[w.first : w.end] == "wˈɜɹd" for w in words)


def test_a_word_longer_than_the_model_allows_is_shortened() -> None:
    runs = list(_runs([Sounded("x", "a" * 2000, True, True)]))
    assert [len(phonemes) <= MAX_TOKENS for phonemes, _ in runs] == [True]


def test_marks_alone_are_not_spoken() -> None:
    assert list(_runs([Sounded("!", "!", True, False)])) == []


def test_a_missing_model_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="make setup"):
        KokoroModel(tmp_path / "none.onnx")


class FakeSession:
    """Takes what a model takes; every symbol lasts two frames."""

    inputs = ("tokens", "style", "speed", "most_frames", "pitch")

    def __init__(self, *_: object, **__: object) -> None:
        self.fed: dict[str, np.ndarray] = {}

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name) for name in self.inputs]

    def run(self, _: object, feed: dict[str, np.ndarray], __: object) -> list[np.ndarray]:
        self.fed = feed
        frames = np.full((1, feed["tokens"].shape[1]), 2.0, np.float32)
        return [np.zeros(1200, np.float32), frames]


@pytest.mark.parametrize("inputs", [FakeSession.inputs, FakeSession.inputs[:-1]])
def test_pitch_is_fed_to_a_model_that_takes_it(
    monkeypatch: pytest.MonkeyPatch, inputs: tuple[str, ...]
) -> None:
    monkeypatch.setattr(FakeSession, "inputs", inputs)
    monkeypatch.setattr(onnxruntime, "InferenceSession", FakeSession)
    model = KokoroModel(Path("any"))
    style = np.zeros(256, np.float32)
    manner = Manner(0.8, pitch_semitones=-1.0, pitch_range=0.75)
    model.run("a", style, manner, StopSignal())
    fed = model._session.fed
    assert set(fed) == set(inputs)
    assert fed["speed"].tolist() == pytest.approx([0.8])
    assert model.moves_pitch is ("pitch" in inputs)
    if model.moves_pitch:
        assert fed["pitch"].tolist() == pytest.approx([2 ** (-1 / 12), -0.25])
        model.run("a", style, Manner(), StopSignal())
        assert model._session.fed["pitch"].tolist() == [1.0, 0.0]


@needs_voices
def test_the_sound_is_clean(speech: tuple[str, Speech]) -> None:
    samples = speech[1].samples
    assert samples.dtype == np.float32
    assert float(np.abs(samples).max()) <= loudness.PEAK_LIMIT + 1e-6
    rms = loudness.active_rms(samples, speech[1].sample_rate_hz)
    assert rms == pytest.approx(loudness.TARGET_RMS, rel=0.2)
    edge = round(0.002 * speech[1].sample_rate_hz)
    assert float(np.abs(samples[:edge]).max()) < 0.01
    assert float(np.abs(samples[-edge:]).max()) < 0.01


@needs_voices
def test_the_length_is_plausible(speech: tuple[str, Speech]) -> None:
    assert 0.8 < speech[1].duration_s < 3.0


@needs_voices
def test_words_come_in_order_within_the_sound(speech: tuple[str, Speech]) -> None:
    name, spoken = speech
    assert [word.text for word in spoken.words] == WORDS[name]
    times = [time for word in spoken.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert times[0] >= 0.0 and times[-1] <= spoken.duration_s


@needs_voices
def test_phonemes_come_in_order_and_sound(speech: tuple[str, Speech]) -> None:
    spoken = speech[1]
    symbols = {phoneme.symbol.rstrip("ʰʲ") for phoneme in spoken.phonemes}
    assert symbols <= PHONEMES
    for before, after in itertools.pairwise(spoken.phonemes):
        assert before.start_s <= before.end_s <= after.start_s + 1e-9
    rate_hz = spoken.sample_rate_hz
    vowels = [p for p in spoken.phonemes if p.symbol[0] in "aeiouəɛɔɪɜ" and p.end_s > p.start_s]
    loud = [
        float(
            np.sqrt(
                np.mean(spoken.samples[round(p.start_s * rate_hz) : round(p.end_s * rate_hz)] ** 2)
            )
        )
        for p in vowels
    ]
    assert np.median(loud) > loudness.TARGET_RMS / 2


@needs_voices
def test_phrases_join_without_a_click(speech: tuple[str, Speech]) -> None:
    sound = to_master_rate(speech[1])
    assert len(sound) == round(speech[1].duration_s * SAMPLE_RATE_HZ)
    pause = np.zeros(480, np.float32)
    joined = np.concatenate([sound, pause, sound])
    jumps = np.abs(np.diff(joined))
    joint = slice(len(sound) - 100, len(sound) + len(pause) + 100)
    assert float(jumps[joint].max()) < 0.01
    assert float(jumps.max()) < 0.5


@needs_voices
def test_a_stopped_phrase_fails_and_the_next_is_spoken(voices: Voices) -> None:
    voice = voices.get("af_heart")
    stop = StopSignal()
    stop.set()
    with pytest.raises(VoiceError, match="stopped"):
        voice.speak_until("Hello there.", 1.0, stop)  # type: ignore[attr-defined]
    assert voice.speak("Yes.").duration_s > 0.1


@needs_voices
def test_the_rate_changes_the_length(voices: Voices) -> None:
    voice = voices.get("af_heart")
    assert voice.speak("Good morning.", 1.5).duration_s < voice.speak("Good morning.").duration_s


@needs_voices
@pytest.mark.parametrize(("text", "rate"), [("...", 1.0), ("Hello", 3.0), ("", 1.0)])
def test_what_cannot_be_spoken_is_refused(voices: Voices, text: str, rate: float) -> None:
    with pytest.raises(VoiceError):
        voices.get("af_heart").speak(text, rate)


@needs_voices
def test_a_blend_is_a_speaker_between_two(voices: Voices) -> None:
    heart, adam = voices.get("af_heart"), voices.get("am_adam")
    assert isinstance(heart, KokoroVoice)
    assert isinstance(adam, KokoroVoice)
    text = "Hello there."
    alone, same, between = (
        v.speak(text).samples for v in (heart, heart.blended(adam, 0.0), heart.blended(adam, 0.5))
    )
    assert np.array_equal(alone, same)
    assert not np.array_equal(alone[: len(between)], between[: len(alone)])
    assert heart.blended(adam, 0.5).info == heart.info


def pitch_hz(samples: np.ndarray) -> np.ndarray:
    """F0 each 5 ms; 0 where nothing is voiced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how it reads its own version
        pyworld = pytest.importorskip("pyworld")
    sound = samples.astype(np.float64)
    rough, times = pyworld.dio(sound, SAMPLE_RATE_HZ_OF_VOICES, 60.0, 500.0)
    found: np.ndarray = pyworld.stonemask(sound, rough, times, SAMPLE_RATE_HZ_OF_VOICES)
    return found


def spoken(voices: Voices, name: str, manner: Manner) -> tuple[np.ndarray, np.ndarray]:
    """The model's own sound of a sentence, untrimmed, and the edges of its symbols."""
    voice = voices.get(name)
    assert isinstance(voice, KokoroVoice)
    assert voice.moves_pitch, "an old model: kiosk voices fetch"
    [(phonemes, _)] = _runs(voice._reader.read(SENTENCES[name]))
    style = voice._styles[len(phonemes) - 1]
    return voice._model.run(phonemes, style, manner, StopSignal())


@needs_voices
@pytest.mark.parametrize("name", sorted(SENTENCES))
@pytest.mark.parametrize("semitones", [-1.0, 4.0])
def test_the_pitch_moves_as_asked_and_the_times_stay(
    voices: Voices, name: str, semitones: float
) -> None:
    plain, edges = spoken(voices, name, Manner())
    other, other_edges = spoken(voices, name, Manner(pitch_semitones=semitones))
    assert np.array_equal(edges, other_edges)
    before, after = pitch_hz(plain), pitch_hz(other)
    both = (before > 0) & (after > 0)
    assert both.sum() > 0.7 * (before > 0).sum()
    moved = np.median(12.0 * np.log2(after[both] / before[both]))
    assert moved == pytest.approx(semitones, abs=0.25)


@needs_voices
@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_a_smaller_pitch_range_is_flatter(voices: Voices, name: str) -> None:
    def spread(pitch_range: float) -> float:
        found = pitch_hz(spoken(voices, name, Manner(pitch_range=pitch_range))[0])
        semitones = 12.0 * np.log2(found[found > 0])
        return float(np.subtract(*np.percentile(semitones, [80, 20])))

    assert spread(0.5) < 0.75 * spread(1.0) < 0.75 * spread(1.5)


@needs_voices
def test_words_keep_their_times_at_another_pitch(voices: Voices) -> None:
    voice = voices.get("af_heart")
    assert isinstance(voice, KokoroVoice)
    plain = voice.speak(SENTENCES["af_heart"])
    lower = voice.speak_as(SENTENCES["af_heart"], Manner(pitch_semitones=-1.0), StopSignal())
    for before, after in zip(plain.words, lower.words, strict=True):
        assert after.start_s == pytest.approx(before.start_s, abs=0.011)
