"""What the inlets count, as Prometheus reads it."""

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from kiosk.listen.inlets import Inlets
from kiosk.metrics import Metrics
from tests.fakes import run_virtual
from tests.live_utils import steady
from tests.stage_utils import make_stage


def read(metrics: Metrics) -> dict[str, float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    samples = [sample for family in families for sample in family.samples]
    return {s.name: s.value for s in samples if s.name.startswith("kiosk_live_")}


def test_gaps_and_drops_are_counted_and_stay_counted_when_the_source_has_gone() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        metrics = Metrics()
        inlets = Inlets(lambda _stage: "speak", metrics)
        assert set(read(metrics).values()) == {0.0}
        inlet = inlets.open(stage, "pcm", None, 48_000, takeover=False)
        for number in range(50):
            inlet.push(steady(960 * number, 960))
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.4)
        for _ in range(300):
            inlet.push(steady(0, 960))
        now = read(metrics)
        assert 0.2 < now["kiosk_live_concealed_seconds_total"] < 0.41
        assert 1.5 < now["kiosk_live_dropped_seconds_total"] < 2.5
        assert 3.0 < now["kiosk_live_held_seconds"] <= 4.0
        assert now["kiosk_live_sources"] == 1.0
        inlet.close()
        gone = read(metrics)
        assert gone["kiosk_live_sources"] == gone["kiosk_live_held_seconds"] == 0.0
        for name in ("kiosk_live_concealed_seconds_total", "kiosk_live_dropped_seconds_total"):
            assert gone[name] == now[name]
        await stage.aclose()

    run_virtual(work)
