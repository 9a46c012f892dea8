from pathlib import Path

import pytest

from kiosk.speech.registry import Voices
from kiosk.speech.voice import VoiceError

from .speech_utils import VOICES_DIR, FakeVoice, FakeVoices, needs_voices


@pytest.fixture
def some() -> FakeVoices:
    heart, adam = FakeVoice("af_heart"), FakeVoice("am_adam")
    xiaobei, yunxi = FakeVoice("zf_xiaobei", "zh"), FakeVoice("zm_yunxi", "zh")
    for voice in (adam, yunxi):
        voice.info = type(voice.info)(
            voice.info.name, "kokoro", voice.info.languages, "male", "CC0-1.0"
        )
    return FakeVoices(adam, heart, yunxi, xiaobei)


def test_everyone_is_listed(some: FakeVoices) -> None:
    assert [info.name for info in some.list()] == ["af_heart", "am_adam", "zf_xiaobei", "zm_yunxi"]


def test_the_default_speaks_each_language(some: FakeVoices) -> None:
    assert some.for_language("en").info.name == "af_heart"
    assert some.for_language("zh").info.name == "zf_xiaobei"


def test_the_asked_voice_speaks_its_language(some: FakeVoices) -> None:
    assert some.for_language("en", "am_adam").info.name == "am_adam"


def test_another_language_goes_to_the_same_gender(some: FakeVoices) -> None:
    assert some.for_language("zh", "am_adam").info.name == "zm_yunxi"
    assert some.for_language("en", "zf_xiaobei").info.name == "af_heart"


def test_an_unknown_voice_is_refused_with_near_names(some: FakeVoices) -> None:
    with pytest.raises(VoiceError, match=r"af_heart.*kiosk voices"):
        some.get("af_hart")
    with pytest.raises(VoiceError, match="af_heart"):
        some.check("af_hart")
    with pytest.raises(VoiceError):
        some.for_language("en", "nobody")


def test_a_language_nobody_reads_is_refused(some: FakeVoices) -> None:
    with pytest.raises(VoiceError, match="'fr'"):
        some.for_language("fr")


def test_the_choice_of_defaults_can_be_changed() -> None:
    voices = FakeVoices(FakeVoice("af_heart"), FakeVoice("bf_emma"), chosen={"en": "bf_emma"})
    assert voices.for_language("en").info.name == "bf_emma"


@pytest.mark.parametrize("name", [None, "af_heart"])
def test_no_voices_name_the_remedy(tmp_path: Path, name: str | None) -> None:
    voices = FakeVoices()
    with pytest.raises(VoiceError, match="/nonexistent; remedy: run kiosk voices fetch"):
        voices.check(name)
    with pytest.raises(VoiceError, match="/nonexistent; remedy: run kiosk voices fetch"):
        voices.for_language("en", name)


def test_a_voice_is_loaded_once(some: FakeVoices) -> None:
    assert some.get("af_heart") is some.get("af_heart")


def test_warming_up_tries_who_speaks_by_default(some: FakeVoices) -> None:
    some.warmup(["en", "zh"])
    heart, xiaobei = some.get("af_heart"), some.get("zf_xiaobei")
    assert isinstance(heart, FakeVoice) and heart.spoken == ["Hello."]
    assert isinstance(xiaobei, FakeVoice) and xiaobei.spoken == ["您好。"]
    FakeVoices().warmup(["en"])


@needs_voices
def test_the_voices_of_this_machine_are_found() -> None:
    voices = Voices(VOICES_DIR)
    names = {info.name for info in voices.list()}
    assert {"af_heart", "zf_xiaobei", "am_michael", "zm_yunxi"} <= names
    assert voices.get("af_heart").info.languages == ("en",)
