"""The scenarios of ``kiosk bench sync`` on a recording that is known: no browser, no server."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from kiosk.bench import sync
from kiosk.bench.browser import BenchError
from kiosk.bench.slate_tape import SlateTape


class Watch:
    """A page on which every fault shows as an offset that is gone after *heals_s*."""

    def __init__(self, heals_s: float) -> None:
        self.heals_s = heals_s
        self.at_ms = self.begun_ms = 0.0
        self.faults: list[tuple[float, float]] = []
        self.delay_ms = 150.0
        self.events = 0
        self.estimates: list[tuple[float, float]] = []
        self.page = SimpleNamespace(evaluate=self._peers)
        self.tape = cast(SlateTape, self)
        self.clicks: list[float] = []
        self.faults.append((0.0, self.delay_ms))

    async def _peers(self, _script: str) -> int:
        return 1

    async def now_ms(self) -> float:
        return self.at_ms

    async def record(self, seconds: float) -> None:
        self.at_ms += 1000.0 * seconds

    async def inject(self, text: str) -> None:
        name, _, value = text.partition("=")
        if name == "video-delay":
            delay_ms = float(value.removesuffix("ms"))
            self.faults.append((self.at_ms, delay_ms - self.delay_ms))
            self.delay_ms = delay_ms
        self.events += name == "cpu"

    async def reports(self) -> list[tuple[float, ...]]:
        return [(at, 60.0, 20.0) for at in np.arange(0.0, self.at_ms, 500.0)]

    async def concealed(self) -> tuple[int, float]:
        return 2 * self.events, 25.0 * self.events

    async def ladder(self) -> tuple[int, int]:
        return self.events, self.events

    def offsets(self) -> Any:  # noqa: ANN401
        at = np.arange(500.0, self.at_ms, 1000.0)
        offset = np.zeros_like(at)
        for since_ms, step_ms in self.faults:
            offset[(at > since_ms) & (at < since_ms + 1000 * self.heals_s)] = step_ms
        return np.column_stack([at, offset])

    def freezes(self, _begin_ms: float, _end_ms: float) -> int:
        return 0

    def frame_rate_hz(self, _begin_ms: float, _end_ms: float) -> float:
        return 20.0


async def figures(
    monkeypatch: pytest.MonkeyPatch,
    scenario: str,
    heals_s: float,
    progress: Callable[[str], None] | None = None,
) -> sync.Figures:
    @contextlib.asynccontextmanager
    async def watching(
        _browser: object,
        _faults: str,
        _more: Mapping[str, str] | None = None,
        **_: float,
    ) -> AsyncIterator[Watch]:
        watch = Watch(heals_s)
        if scenario not in ("step", "steady"):
            watch.faults.clear()
        watch.clicks = [2500.0] if scenario == "steady" else []
        yield watch

    @contextlib.asynccontextmanager
    async def browser() -> AsyncIterator[None]:
        yield None

    monkeypatch.setattr(sync, "watching", watching)
    monkeypatch.setattr(sync, "open_browser", browser)
    return await sync.run(10, [scenario], progress)


async def test_the_longest_way_back_of_three_steps_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await figures(monkeypatch, "step", 3.0)
    assert found["step_recover_s"] == pytest.approx(3.5, abs=1.0)
    assert found["step_overshoot_ms"] == 0.0
    assert (await figures(monkeypatch, "step", 99.0))["step_recover_s"] is None, "never back"
    assert (await figures(monkeypatch, "step", 0.0))["step_recover_s"] == 0.0, "never away"


async def test_gaps_of_a_starved_server_are_those_of_that_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = await figures(monkeypatch, "starved", 0.0)
    assert (found["starved_audio_gaps"], found["starved_recover_s"]) == (2, 0.0)


async def test_lost_packets_count_as_mended_if_nobody_had_to_reconnect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (await figures(monkeypatch, "lossy", 0.0))["lossy_recover_s"] == 0.0


async def test_every_key_is_there_and_what_was_not_asked_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = await figures(monkeypatch, "steady", 0.0)
    assert tuple(found) == sync.KEYS
    assert found["p95_ms"] == 0.0
    assert found["drift_p95_ms"] is None


async def test_what_the_page_held_is_told_beside_what_was_far_out_of_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []
    found = await figures(monkeypatch, "steady", 2.0, lines.append)
    assert found["max_ms"] == 150.0
    far = [line for line in lines if line.startswith("  150 ms after 0.5 s: beeps 150 150 0 0")]
    assert "held 60/20 60/20" in far[0]
    assert [line for line in lines if line.startswith("  click after 2.5 s: beeps")]


async def test_too_short_runs_and_unknown_scenarios_are_refused() -> None:
    with pytest.raises(BenchError, match="ask for 10 or more"):
        await sync.run(5)
    with pytest.raises(BenchError, match="there are steady, step"):
        await sync.run(60, ["sideways"])
