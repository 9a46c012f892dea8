"""What ``kiosk bench ears`` reports, without a browser."""

from typing import Any

import pytest

from kiosk.bench import ears, vad_table
from kiosk.bench.browser import BenchError


async def test_unknown_scenarios_are_refused_before_anything_is_started() -> None:
    with pytest.raises(BenchError, match="there are live, microphone"):
        await ears.run(["sideways"])


async def test_every_key_is_there_and_false_interrupts_are_a_sum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: dict[str, Any] = {"minutes": 10.0, "echo": 1, "office": 2, "talked_over": 24}
    monkeypatch.setattr(vad_table, "false_interrupts", lambda _minutes: found)
    lines: list[str] = []
    report = await ears.run(["false"], lines.append)
    assert tuple(report)[: len(ears.KEYS)] == ears.KEYS
    assert report["false_interrupts"] == 3
    assert (report["false_echo"], report["false_office"]) == (1, 2)
    assert report["mic_p50_ms"] is None
    assert lines[0] == "false ..." and "false_interrupts 3" in lines[1]


def test_what_was_not_measured_says_so() -> None:
    assert ears.shown(None) == "not measured"
    assert ears.shown(12.345) == "12.3"
    assert ears._spread("x", [None, None]) == {"x_ms": None, "x_p95_ms": None, "x_rounds": 0}
    assert ears._spread("x", [1.0, None, 3.0])["x_ms"] == 2.0
