"""Utterances from texts and files: pieces at the master rate, shared, cancelled by the last."""

import io
import wave
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from kiosk.sources import FileSource, LiveSource, TextSource, piece_of
from kiosk.speech.decode import AudioFileError
from kiosk.speech.request import SpokenPhrase
from kiosk.speech.speaker import Speaker
from kiosk.speech.voice import Speech, WordTime
from tests.fakes import InlineExecutor, tone
from tests.speech_utils import FakeVoice, FakeVoices


def phrase(
    text: str = "Hello there.", rate_hz: int = 24_000, pause_s: float = 0.25
) -> SpokenPhrase:
    samples = (0.3 * np.sin(np.arange(rate_hz // 2) * 0.05)).astype(np.float32)
    speech = Speech(
        text, samples, rate_hz, (WordTime("Hello", 0.0, 0.2), WordTime("there", 0.2, 0.5))
    )
    return SpokenPhrase(speech, 10, 22, pause_s, 0, True)


def wav(duration_s: float, rate_hz: int = 48_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((tone(duration_s) * 32767).astype(np.int16).tobytes())
    return file.getvalue()


def test_a_phrase_becomes_sound_a_pause_and_a_caption() -> None:
    piece = piece_of(phrase())
    assert len(piece.samples) == 24_000 + 12_000
    assert np.abs(piece.samples[1000:23_000]).max() > 0.2
    assert not piece.samples[24_000:].any()
    caption = piece.caption
    assert caption is not None
    assert (caption.text, caption.char_start, caption.char_end) == ("Hello there.", 10, 22)
    assert caption.duration_s == pytest.approx(0.5)
    assert [word.text for word in caption.words] == ["Hello", "there"]


class FakeRequest:
    def __init__(self) -> None:
        self.cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1

    def __aiter__(self) -> Any:  # noqa: ANN401
        async def phrases() -> Any:  # noqa: ANN401
            yield phrase()

        return phrases()


async def test_a_text_is_cancelled_when_the_last_stage_lets_go() -> None:
    request = FakeRequest()
    source = TextSource(cast(Any, request), InlineExecutor())
    first, second = source.utterance(), source.utterance()
    assert first.id == second.id == source.id
    assert len([piece async for piece in first.pieces]) == 1
    first.cancel()
    assert request.cancelled == 0
    second.cancel()
    assert request.cancelled == 1


async def test_a_file_plays_whole_for_every_stage() -> None:
    with ThreadPoolExecutor(1) as pool:
        source = FileSource(wav(0.5, 48_000), pool)
        await source.check()
        for utterance in (source.utterance(), source.utterance()):
            sound = np.concatenate([piece.samples async for piece in utterance.pieces])
            assert len(sound) == pytest.approx(24_000, abs=50)
            assert np.abs(sound).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("data", [b"", b"RIFFxxxxWAVE", b"hello, I am a text file", wav(0.1)[:30]])
async def test_a_broken_file_is_refused_before_it_is_said(data: bytes) -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(AudioFileError):
        await FileSource(data, pool).check()


def test_identities_differ() -> None:
    request = cast(Any, SimpleNamespace())
    ids = {TextSource(request, InlineExecutor()).id for _ in range(100)}
    assert len(ids) == 100


async def test_a_live_source_is_fed_by_who_has_it_and_dropped_with_its_last_stage() -> None:
    speaker = Speaker(FakeVoices(FakeVoice()))
    source = LiveSource(speaker.stream(), InlineExecutor())
    first, second = source.utterance(), source.utterance()
    source.text.feed("Yes. It is.")
    piece = await anext(first.pieces)
    assert piece.caption is not None and piece.caption.text == "Yes."
    first.cancel()
    assert not source.text.cancelled
    second.cancel()
    assert source.text.cancelled
    await speaker.aclose()
