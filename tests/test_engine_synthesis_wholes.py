"""Which stage is drawn by which network."""

import threading
from collections.abc import Callable, Iterator

import pytest

from engine.runtime.runner import RunnerError
from engine.synthesis import whole as room
from engine.synthesis import wholes as registry
from engine.synthesis.look import Background, Look, Mark
from engine.synthesis.networks import SynthesisNetwork
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.synthesis.whole import WholePicture, WholeSynthesizer
from engine.synthesis.wholes import Wholes
from tests.graph_utils import persona
from tests.keeping_utils import Heard, Keeping
from tests.test_engine_synthesis_kept_rigs import Joined

PLAIN = Look(mark=Mark(on=False))


class Opener:
    """Opens networks that never draw, and keeps account of them."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.fault: RunnerError | None = None
        self.closing: Callable[[], None] = lambda: None
        """Called when one is closed."""

    def __call__(self, network: SynthesisNetwork) -> WholePicture:
        if self.fault is not None:
            raise self.fault
        self.open.append(network.name)

        def close() -> None:
            self.open.remove(network.name)
            self.closing()

        return WholePicture(Keeping(Joined()), "fp16", Heard(), close)


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def wholes(opener: Opener) -> Iterator[Wholes]:
    made = Wholes()
    made.open_by(opener)
    yield made
    made.open_by(None)
    assert opener.open == []


def spare(height: int = 256, look: Look = PLAIN) -> Synthesizer:
    return Synthesizer(persona("ada"), OutputFormat(256, height), look)


def test_stages_of_one_preset_and_size_share_a_network(wholes: Wholes, opener: Opener) -> None:
    drawers = [wholes.given(spare(height), PLAIN) for height in (256, 258, 256)]
    assert all(isinstance(each, WholeSynthesizer) for each in drawers)
    assert opener.open == ["fast-256x256", "fast-256x258"]
    one, other, third = (each.together for each in drawers)
    assert one == third != other


def test_looks_without_a_network_are_drawn_as_ever(wholes: Wholes, opener: Opener) -> None:
    for look in (Look(background=Background("transparent")), Look("balanced", inference_steps=0)):
        each = spare(look=look)
        assert wholes.given(each, look) is each
    unrefined = spare()  # as one is whose refiner could not be loaded
    assert wholes.given(unrefined, Look("balanced")) is unrefined
    assert opener.open == []


def test_one_without_stages_gives_way_and_else_the_cpu_draws(
    wholes: Wholes, opener: Opener, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("INFO")
    monkeypatch.setattr(registry, "OPEN_MOST", 1)
    first = wholes.given(spare(256), PLAIN)
    second = wholes.given(spare(258), PLAIN)
    assert isinstance(first, WholeSynthesizer) and isinstance(second, Synthesizer)
    assert "fast-256x256 are as many as are open at once: use fewer presets" in caplog.text
    del first
    assert isinstance(wholes.given(spare(258), PLAIN), WholeSynthesizer)
    assert opener.open == ["fast-256x258"]


def test_where_there_is_no_room_or_nothing_can_be_opened_the_cpu_draws(
    wholes: Wholes, opener: Opener, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("INFO")
    opener.fault = RunnerError("too many processes")
    assert isinstance(wholes.given(spare(), PLAIN), Synthesizer)
    opener.fault = None
    monkeypatch.setattr(room, "RIGS_MOST", 1)
    monkeypatch.setattr(room, "CHANGING", 0)
    drawn = [wholes.given(spare(), PLAIN) for _ in range(2)]
    assert [isinstance(each, WholeSynthesizer) for each in drawn] == [True, False]
    assert "too many processes" in caplog.text and "1 portraits are drawn" in caplog.text
    assert "until its look is changed or it is opened anew" in caplog.text
    assert not any(isinstance(each, Exception) for r in caplog.records for each in r.args or ())


def test_nobody_opens_any_before_it_is_said_who() -> None:
    each = spare()
    assert Wholes().given(each, PLAIN) is each


def test_nobody_waits_for_the_end_of_one_that_gives_way(
    wholes: Wholes, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "OPEN_MOST", 2)
    others: list[object] = []

    def meanwhile() -> None:
        """While its driver is waited for, another stage is admitted, and takes the place."""
        asker = threading.Thread(target=lambda: others.append(wholes.given(spare(260), PLAIN)))
        asker.start()
        asker.join(10.0)
        assert not asker.is_alive()

    kept = wholes.given(spare(256), PLAIN)
    idle = wholes.given(spare(258), PLAIN)
    opener.closing = meanwhile
    del idle
    late = wholes.given(spare(262), PLAIN)
    assert isinstance(kept, WholeSynthesizer) and isinstance(others[0], WholeSynthesizer)
    assert late.together is None, "there are as many as may be"
    assert opener.open == ["fast-256x256", "fast-256x260"]
    opener.closing = lambda: None
