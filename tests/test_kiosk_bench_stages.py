"""How many stages hold: the search, the verdict, and a small run."""

from dataclasses import replace

import pytest

from kiosk.bench import stages
from kiosk.bench.stages import Measured, Shown, judge, search, table
from kiosk.engine_backend import Networks
from tests.kiosk_client import FakeAvatars, settings

GOOD = Shown(at_s=[i * 0.04 for i in range(50)], late_s=[0.002] * 50, slots=50, missed=0, rungs=0)


def measured(shown: list[Shown]) -> Measured:
    return judge(shown, 25, 2.0, [5.0] * 20, [1, 2, 2, 3, 3, 3], 0.5)


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 5, 8, 13, 63, 64])
async def test_the_search_finds_the_limit_in_few_steps(limit: int) -> None:
    asked: list[int] = []

    async def measure(count: int) -> Measured:
        asked.append(count)
        return replace(measured([GOOD]), stages=count, holds=count <= limit)

    tried = await search(measure, 64)
    assert max((each.stages for each in tried if each.holds), default=0) == limit
    assert [each.stages for each in tried] == sorted(asked) and len(set(asked)) == len(asked)
    assert len(asked) <= 13


def test_what_holds() -> None:
    good = measured([GOOD, GOOD])
    assert good.holds and good.stages == 2
    assert (good.fps, good.late_share, good.freeze_ms, good.lateness_p95_ms) == (25.0, 0, 40.0, 2.0)
    assert good.batches == {1: 1, 2: 1, 3: 1}
    assert (good.render_p50_ms, good.cores) == (5.0, 0.5)


@pytest.mark.parametrize(
    "worse",
    [
        replace(GOOD, at_s=[i * 0.041 for i in range(49)]),
        replace(GOOD, at_s=[*(i * 0.04 for i in range(25)), *(1.2 + i * 0.03 for i in range(25))]),
        replace(GOOD, late_s=[0.05] * 50),
        Shown([], [], 50, 50, 0),
    ],
)
def test_the_worst_stage_speaks_for_all(worse: Shown) -> None:
    assert not measured([GOOD, worse]).holds
    assert not measured([worse, GOOD]).holds


def test_simpler_pictures_hold_but_are_told() -> None:
    simpler = measured([replace(GOOD, rungs=1), replace(GOOD, missed=5)])
    assert simpler.holds and (simpler.rungs, simpler.late_share) == (1, 0.1)
    assert not stages._in_full(simpler) and stages._in_full(measured([GOOD]))


async def test_a_small_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "Avatars", lambda _settings, _look: FakeAvatars())
    monkeypatch.setattr(stages, "SETTLE_S", 0.3)
    monkeypatch.setattr(stages, "STAGES_MOST", 2)
    for limit in ("RATE_LOSS_HZ", "FREEZE_MS", "LATENESS_MS"):
        monkeypatch.setattr(stages, limit, 1e9)  # whatever else this machine does
    happened: list[str] = []

    class Opened(Networks):
        def wait(self) -> None:
            happened.append("waited")

        def close(self) -> None:
            happened.append("closed")
            super().close()

    monkeypatch.setattr(stages, "Networks", Opened)
    told: list[str] = []
    report = await stages.run(settings(), 0.5, told.append)
    assert told == ["1 stages", "2 stages"]
    assert happened[0] == "waited" and happened[-1] == "closed"
    assert [count["stages"] for count in report["counts"]] == [1, 2]
    for count in report["counts"]:
        assert count["fps"] > 0 and count["batches"][1] > 0 and count["cores"] > 0
    assert report["stages_max"] == 2 and report["stages_estimated"] > 0
    lines = table(report)
    assert len(lines) == 4 and "stages.capacity" in lines[-1]
