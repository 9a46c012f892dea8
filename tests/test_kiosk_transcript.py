"""The transcript: captions ahead of the voice, states when it is heard, an honest interruption."""

from kiosk.broadcast import Message
from kiosk.metrics import Metrics
from kiosk.speech_queue import Caption, CaptionWord, SpeechEvent
from kiosk.transcript import Transcript

CAPTION = Caption("Hello there.", 0, 12, 1.0, (CaptionWord("Hello", 0.0, 0.4),))


def speak(transcript: Transcript, pts: int = 48_000, utterance: str = "u") -> None:
    transcript.add(SpeechEvent("started", utterance, pts))
    transcript.add(SpeechEvent("caption", utterance, pts, 0, CAPTION))
    transcript.add(SpeechEvent("finished", utterance, pts + 48_000, 1))


def make() -> tuple[Transcript, list[Message], Metrics]:
    sent: list[Message] = []
    metrics = Metrics()
    return Transcript(sent.append, metrics), sent, metrics


def test_captions_are_sent_ahead_with_media_times() -> None:
    transcript, sent, _ = make()
    speak(transcript)
    (caption,) = sent
    assert caption["start_ms"] == 1000.0 and caption["end_ms"] == 2000.0
    assert caption["words"] == [{"text": "Hello", "start_ms": 1000.0, "end_ms": 1400.0}]


def test_states_come_when_they_are_heard() -> None:
    transcript, sent, metrics = make()
    speak(transcript)
    transcript.advance(40_000)
    assert [m["type"] for m in sent] == ["caption"]
    transcript.advance(48_000)
    assert transcript.utterance == "u"
    transcript.advance(96_000)
    assert [m.get("state") or m.get("event") for m in sent[1:]] == [
        "speaking",
        "started",
        "finished",
        "idle",
    ]
    assert sent[3]["characters_spoken"] == 12
    assert 'kiosk_utterances_total{event="finished"} 1.0' in metrics.exposition().decode()


def test_between_two_utterances_there_is_no_idle() -> None:
    transcript, sent, _ = make()
    speak(transcript, 0, "a")
    speak(transcript, 48_000, "b")
    for pts in range(0, 120_000, 960):
        transcript.advance(pts)
    states = [m["state"] for m in sent if m["type"] == "state"]
    assert states == ["speaking", "speaking", "idle"]


def test_an_interruption_clears_captions_and_names_everything_dropped() -> None:
    transcript, sent, _ = make()
    speak(transcript)
    transcript.advance(48_000)
    interrupted = transcript.interrupt(48_000 + 24_000, ("u", "next"))
    assert interrupted.utterances == ("u", "next")
    assert interrupted.characters_spoken == 5
    kinds = [(m["type"], m.get("utterance")) for m in sent[-5:]]
    assert kinds == [
        ("caption_clear", "u"),
        ("utterance", "u"),
        ("caption_clear", "next"),
        ("utterance", "next"),
        ("state", None),
    ]
    before = len(sent)
    transcript.advance(200_000)
    assert len(sent) == before


def test_interrupting_silence_says_nothing() -> None:
    transcript, sent, _ = make()
    assert transcript.interrupt(1000, ()).utterances == ()
    assert sent == []


def test_a_viewer_who_joins_learns_the_state_and_the_captions() -> None:
    transcript, _, _ = make()
    speak(transcript)
    transcript.advance(48_000)
    state, caption = transcript.current(50_000)
    assert state["state"] == "speaking" and state["utterance"] == "u"
    assert caption["text"] == "Hello there."
    transcript.advance(200_000)
    assert [m["type"] for m in transcript.current(200_000)] == ["state"]


def test_words_and_what_becomes_of_utterances_are_told_in_the_order_they_are_heard() -> None:
    sent: list[Message] = []
    told: list[Message] = []
    transcript = Transcript(sent.append, Metrics(), told.append)
    speak(transcript)
    assert told == []
    for pts in range(0, 120_000, 960):
        transcript.advance(pts)
    assert [(m["type"], m.get("event") or m.get("text")) for m in told] == [
        ("utterance", "started"),
        ("word", "Hello"),
        ("utterance", "finished"),
    ]
    assert told[1] == {
        "type": "word", "utterance": "u", "text": "Hello", "char_start": 0, "char_end": 5,
        "media_ms": 1000.0,
    }  # fmt: skip
    assert "word" not in [m["type"] for m in sent], "viewers know the words from the captions"


def test_words_that_were_cut_are_not_told_and_failures_say_why() -> None:
    told: list[Message] = []
    transcript = Transcript(lambda _: None, Metrics(), told.append)
    speak(transcript)
    transcript.advance(47_000)
    transcript.interrupt(47_500, ())
    transcript.add(SpeechEvent("failed", "v", 50_000, reason="the voice broke"))
    transcript.advance(200_000)
    assert [(m["event"], m.get("reason")) for m in told] == [
        ("interrupted", None),
        ("failed", "the voice broke"),
    ]


def test_what_is_withdrawn_is_told_and_what_is_heard_goes_on() -> None:
    transcript, sent, _ = make()
    speak(transcript, 0, "a")
    speak(transcript, 48_000, "b")
    transcript.advance(24_000)
    assert transcript.begins("b") == 48_000 and transcript.begins("a") is None
    transcript.withdraw("b", 24_000, idle=True)
    assert sent[-1]["event"] == "interrupted" and sent[-1]["characters_spoken"] == 0
    assert sent[-2] == {"type": "caption_clear", "utterance": "b", "from_ms": 500.0}
    for pts in range(24_000, 120_000, 960):
        transcript.advance(pts)
    assert [m["state"] for m in sent if m["type"] == "state"] == ["speaking", "idle"]


def test_when_nothing_is_left_after_it_the_stage_is_idle() -> None:
    transcript, sent, _ = make()
    speak(transcript, 0, "a")
    speak(transcript, 60_000, "b")
    transcript.advance(50_000)
    assert transcript.utterance == "a", "there is no idle between two"
    transcript.withdraw("b", 50_000, idle=True)
    assert transcript.utterance is None and sent[-1]["state"] == "idle"
