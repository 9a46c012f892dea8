"""The bench of streamed text: its arithmetic, and one short run against a server of fakes."""

from dataclasses import fields

import pytest

from kiosk.bench.browser import BenchError
from kiosk.bench.speak_stream import TEXTS, SpeakStreamReport, gaps, run, tokens
from tests.kiosk_client import FakeSpeech, kiosk_client

KEYS = (
    "first_token_ms",
    "first_token_max_ms",
    "phrase_gap_ms",
    "phrase_gap_max_ms",
    "underruns",
)


def test_the_report_has_its_keys_in_order() -> None:
    report = SpeakStreamReport(**dict.fromkeys([f.name for f in fields(SpeakStreamReport)], 1))
    assert tuple(report.as_dict()) == KEYS


def test_tokens_are_the_text() -> None:
    for text in TEXTS:
        pieces = tokens(text)
        assert "".join(pieces) == text
        assert max(map(len, pieces)) <= 8


def test_gaps_are_beyond_the_pauses_that_are_meant() -> None:
    captions = [
        {"text": "Yes.", "start_ms": 0.0, "end_ms": 500.0},
        {"text": "It is", "start_ms": 750.0, "end_ms": 1000.0},
        {"text": "so,", "start_ms": 1000.0, "end_ms": 1200.0},
        {"text": "isn't it", "start_ms": 1620.0, "end_ms": 2000.0},
    ]
    assert gaps(captions) == pytest.approx([0.0, 0.0, 300.0])
    assert gaps([]) == []


async def test_a_whole_run_hears_a_voice() -> None:
    speech = FakeSpeech()
    speech.english.level = 0.3
    async with kiosk_client(speech) as (client, _):
        url = str(client.make_url(""))
        report = await run(1, url, texts=["Yes. It is."])
    assert report.first_token_ms is not None and 50 < report.first_token_ms < 5000
    assert report.phrase_gap_ms is not None


async def test_a_kiosk_that_is_not_there_is_told() -> None:
    with pytest.raises(BenchError, match="--url"):
        await run(1, "http://127.0.0.1:9", texts=["Yes."])
