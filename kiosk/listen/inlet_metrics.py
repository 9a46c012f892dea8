"""What the inlets count, for Prometheus."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.timeline import seconds
from kiosk.listen.inlet import Inlet


class InletCollector(Collector):
    """Sums over the open inlets and those that closed."""

    def __init__(self, inlets: Callable[[], Iterable[Inlet]]) -> None:
        """Read *inlets* at each scrape."""
        self._inlets = inlets
        self._dropped_s = self._concealed_s = 0.0

    def retire(self, inlet: Inlet) -> None:
        """Keep what an inlet that closes has counted, so that totals never fall."""
        self._dropped_s += inlet.dropped_s
        self._concealed_s += inlet.concealed_s

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        inlets = list(self._inlets())
        dropped_s = self._dropped_s + sum(inlet.dropped_s for inlet in inlets)
        concealed_s = self._concealed_s + sum(inlet.concealed_s for inlet in inlets)
        held_s = max((seconds(inlet.held_samples) for inlet in inlets), default=0.0)
        yield CounterMetricFamily(
            "kiosk_live_dropped_seconds", "Live sound that went nowhere.", value=dropped_s
        )
        yield CounterMetricFamily(
            "kiosk_live_concealed_seconds", "Gaps in live speech that were faded over.", concealed_s
        )
        yield GaugeMetricFamily(
            "kiosk_live_held_seconds", "Live speech held, of the source with the most.", held_s
        )
        yield GaugeMetricFamily("kiosk_live_sources", "Sources connected.", len(inlets))
