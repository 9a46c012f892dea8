from pathlib import Path

import numpy as np
import pytest

from kiosk.speech.corpus import HELD_OUT, Line, lexicons, line, speak, speakers, write
from kiosk.speech.voice import PhonemeTime, Speech, VoiceError, VoiceInfo

from .speech_utils import FakeVoice, FakeVoices

VOICES = {"en": ("af_one", "am_two"), "zh": ("zf_three",)}


class Registered:
    def __init__(self, *names: str) -> None:
        self._names = names

    def list(self) -> tuple[VoiceInfo, ...]:
        return tuple(
            VoiceInfo(name, "kokoro", ("zh" if name[0] == "z" else "en",), "unknown", "Apache-2.0")
            for name in self._names
        )


def test_lines_repeat_with_the_seed_and_use_every_voice() -> None:
    words = lexicons()
    lines = [line(i, 1, VOICES, words) for i in range(60)]
    assert lines == [line(i, 1, VOICES, words) for i in range(60)]
    assert {said.voice for said in lines} == {"af_one", "am_two", "zf_three"}
    assert all(0.8 <= said.rate <= 1.3 and said.text for said in lines)
    assert all((said.language == "zh") == (said.voice == "zf_three") for said in lines)


def test_most_lines_have_a_speaker_between_two_voices() -> None:
    lines = [line(i, 1, VOICES, lexicons()) for i in range(80)]
    blends = [said for said in lines if said.other]
    assert 30 < len(blends) < 65
    assert all(0.1 <= said.share <= 0.5 for said in blends)
    assert all(said.share == 0.0 for said in lines if not said.other)


def test_voices_that_cannot_blend_speak_alone() -> None:
    fakes = FakeVoices(FakeVoice("one"), FakeVoice("two"))
    speech = speak(fakes, Line("good day", "one", "en", 1.0, "two", 0.3))
    assert speech.text == "good day"


def test_shard_holds_what_training_reads(tmp_path: Path) -> None:
    samples = np.linspace(-1, 1, 2400, dtype=np.float32)
    speech = Speech(
        "pa", samples, 24_000, (), (PhonemeTime("p", 0.0, 0.04), PhonemeTime("a", 0.04, 0.1))
    )
    write(tmp_path / "one.npz", Line("pa", "af_one", "en", 1.0), speech)
    with np.load(tmp_path / "one.npz") as shard:
        assert shard["samples"].dtype == np.int16
        assert np.abs(shard["samples"] / 32767 - samples).max() < 1e-4
        assert list(shard["symbols"]) == ["p", "a"]
        assert np.allclose(shard["end_s"], [0.04, 0.1])
        assert int(shard["sample_rate_hz"]) == 24_000
        assert str(shard["voice"]) == "af_one"
    assert not list(tmp_path.glob("*.part"))


def test_judging_voices_are_kept_apart() -> None:
    voices = Registered("af_heart", "zf_xiaobei", *HELD_OUT)
    train, judge = (speakers(voices, held) for held in (False, True))  # type: ignore[arg-type]  # a stand-in
    assert train == {"en": ("af_heart",), "zh": ("zf_xiaobei",)}
    assert set(judge["en"]) | set(judge["zh"]) == HELD_OUT


def test_no_voices_names_the_remedy() -> None:
    with pytest.raises(VoiceError, match="make setup"):
        speakers(Registered(), held_out=False)  # type: ignore[arg-type]  # a stand-in
