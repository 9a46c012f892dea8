"""One portrait judged: against a truth that is known, and with what can go wrong."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.synthesis import refiner as runtime
from engine.synthesis.shapes import SHAPES, motion
from engine.synthesis.synthesizer import Synthesizer
from engine.train.refiner.make import Subject
from kiosk.bench import refiner_face
from kiosk.bench.drawn import Pairs
from kiosk.bench.portrait import LIVE
from kiosk.bench.refined import STEPS, crop_of
from kiosk.bench.refiner_face import FaceBench, Judged, _look, judge, shown_beside_truth
from tests.fake_refiner import installed, refiner
from tests.portrait_utils import ada, landmarks, needs_faces, portrait

AS_ASKED = Pairs(np.arange(3.0), np.arange(3.0))


class Known:
    """A truth that adds what a network would after one step, and so is reached by one step."""

    def residual(self, weights: FloatArray) -> FloatArray:
        network = refiner(256)
        drawer = Synthesizer(ada(), LIVE, _look(1), refiner=network)
        (residual,) = network.run([crop_of(drawer, motion(*SHAPES["ah"]))])
        return residual


class NothingAdded:
    """A truth to which the warp is right."""

    def residual(self, weights: FloatArray) -> FloatArray:
        return np.zeros((6, 128, 128), np.float32)


class Seeing:
    """Sees the lips as they were asked for."""

    class Drawn:
        opening = AS_ASKED

    def measure(self, *_: object) -> object:
        return self.Drawn


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaceBench:
    """It, with small networks and without models that find faces."""
    monkeypatch.setattr(runtime, "WEIGHTS", installed(tmp_path))
    monkeypatch.setattr(refiner_face, "SHELF", runtime.Shelf())
    monkeypatch.setattr(refiner_face, "MOUTHS", ("ah", "oo"))
    monkeypatch.setattr(refiner_face, "FLICKER_FRAMES", 4)
    monkeypatch.setattr(refiner_face, "SIZES", {"small": LIVE, "large": LIVE})
    of = Subject("ada", portrait(), landmarks(), ada())
    monkeypatch.setattr(refiner_face, "subject", lambda *_: of)
    monkeypatch.setattr(refiner_face, "truth", lambda *_: None)
    monkeypatch.setattr(refiner_face, "Rendered", lambda _: NothingAdded())
    made = FaceBench()
    made._sight = Seeing()  # type: ignore[assignment]
    made._embedder = None
    return made


def test_one_step_reaches_a_truth_that_one_step_gives() -> None:
    network = refiner(256)
    drawer = Synthesizer(ada(), LIVE, _look(1), refiner=network)
    shown = shown_beside_truth(drawer, network, motion(*SHAPES["ah"]), Known())
    assert shown.error(1) == 0
    assert min(shown.error(steps) for steps in (0, 4, 20)) > 0


@needs_faces
def test_a_portrait_is_judged_by_every_network(bench: FaceBench) -> None:
    judged = bench.judge(Path("ada.png"), "oo")
    assert judged.name == "ada"
    assert set(judged.networks) == {"small", "large"}
    for network, side_px in (("small", 128), ("large", 256)):
        pictures = judged.networks[network]  # type: ignore[index]
        assert set(pictures.errors) == set(STEPS)
        assert pictures.errors[0] == 0 < pictures.errors[1]
        assert pictures.flicker.still == 0 < pictures.flicker.warp
        warp, once, often, truth = pictures.tiles
        assert warp.shape == (side_px, side_px, 3)
        assert np.array_equal(warp, truth) and not np.array_equal(once, often)
        if pictures.looks:
            assert pictures.looks[0] == 0 < pictures.looks[1]
    assert set(judged.refined) == {"small", "large"}
    for likeness in (judged.warp, *judged.refined.values()):
        assert likeness is not None
        assert likeness.opening is AS_ASKED
        assert likeness.identity == ()


def test_a_portrait_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def judge(self, path: Path, shape: str) -> Judged:
            if path.stem == "a":
                raise ZeroDivisionError("by nothing")
            return Judged(path.stem)

    monkeypatch.setattr(refiner_face, "FaceBench", Broken)
    failed, good = judge([(Path("a.jpg"), "ah"), (Path("b.jpg"), "oo")])
    assert failed.failed == "ZeroDivisionError: by nothing"
    assert (good.name, good.failed) == ("b", "")
