import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.train.readback import CLASSES
from engine.train.visemes import VISEMES
from kiosk.bench import headaudio
from kiosk.bench.material import MissingError

WORKLET = """
registerProcessor("x", class extends AudioWorkletProcessor {
  blocks = 0;
  process(inputs) {
    const t = this.blocks++ * 128 / sampleRate;
    if (this.blocks === 1) this.port.onmessage = this.port.onmessage ?? (() => {});
    this.port.postMessage(
      inputs[0][0][0] > 0 ? { event: "viseme", viseme: 5, t } : { event: "ended", t });
  }
  constructor() { super(); this.port.onmessage = () => {}; }
});
"""


def test_its_numbers_are_our_classes() -> None:
    assert sorted(headaudio.NUMBERS) == list(range(len(CLASSES)))
    assert headaudio.ITS_CLASS_OF.keys() == VISEMES.keys()


def test_events_hold_until_the_next() -> None:
    read = headaudio.steps_of([(0.04, 5), (0.08, -1), (0.1, 14)], 8)
    assert [CLASSES[i] for i in read] == ["sil"] * 2 + ["PP"] * 3 + ["sil"] * 3


@pytest.mark.parametrize("lag", [-2, 0, 3])
def test_its_best_lag_is_found(lag: int) -> None:
    said = np.random.default_rng(1).integers(0, 15, 300)
    late = [headaudio.shifted(said, -lag)]
    best, lag_ms = headaudio.at_best(late, [said])
    assert lag_ms == 20 * lag
    assert len(best[0]) == 300
    assert np.mean(best[0] == said) > 0.95


def test_a_folder_that_is_not_the_package_is_refused(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs Node")
    with (
        pytest.raises(MissingError, match="unpacked package"),
        headaudio.package(tmp_path),
    ):
        pass


def test_without_the_registry_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "npm")

    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/node")
    monkeypatch.setattr(subprocess, "run", fail)
    with (
        pytest.raises(MissingError, match="npm pack"),
        headaudio.package(None),
    ):
        pass


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_harness_feeds_a_worklet(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "headworklet.min.mjs").write_text(WORKLET)
    (tmp_path / "dist" / "model-en-mixed.bin").write_bytes(bytes(2 * 368))
    sound = np.concatenate((np.zeros(9600), np.ones(9600))).astype(np.float32)
    with headaudio.package(tmp_path) as folder:
        (read,) = headaudio.detect(folder, [sound])
    assert [CLASSES[i] for i in read[[2, 18]]] == ["sil", "PP"]
