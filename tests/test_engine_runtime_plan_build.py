"""Plans that are built and kept; the library's own work is its test."""

from pathlib import Path

import pytest

from engine.runtime import plan_build, plans
from engine.runtime.plan_build import Teller, build_plan
from engine.runtime.tensorrt_library import PlanError
from tests.fake_gpu import FakeDevice
from tests.test_engine_runtime_backends import Piece, machine


def test_a_plan_is_built_and_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, FakeDevice())
    said: list[str] = []
    entry = build_plan(tmp_path, Piece(), "12.0", "fp16", said.append)
    assert entry.file == "piece-fp16-sm120-tensorrt_rtx-1.7.plan"
    assert entry.ranges == {"n": [1, 2, 8]}
    assert (entry.model_sha256, entry.metadata) == ("identity-fp16", {"side_px": "128"})
    assert plans.read_manifest(tmp_path) == (entry,)
    assert plans.find(tmp_path, plan_build.wanted(Piece(), "12.0", "fp16"))[1] == entry
    assert len(said) == 1
    assert said[0].startswith(f"piece: {entry.file}, {entry.size_bytes} bytes, built in ")


def test_the_full_tensorrt_builds_for_its_own_card_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, FakeDevice(), "tensorrt")
    assert build_plan(tmp_path, Piece(), "8.6", "fp16").flavour == "tensorrt"
    with pytest.raises(PlanError, match=r"this machine's card \(8\.6\) alone, not for 12\.0"):
        build_plan(tmp_path, Piece(), "12.0", "fp16")


def test_progress_is_told_once_a_second() -> None:
    now = [0.0]
    said: list[str] = []
    teller = Teller("piece", said.append, lambda: now[0])
    for step in range(24):
        now[0] += 0.125
        teller("Timing Tactics", step + 1, 24)
    assert said == [
        "piece: 1 s: timing tactics, 8 of 24",
        "piece: 2 s: timing tactics, 16 of 24",
        "piece: 3 s: timing tactics, 24 of 24",
    ]


@pytest.mark.parametrize("capability", ["8.6"])
def test_a_real_plan_is_built(tmp_path: Path, capability: str) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT is not installed: the extra gpu")
    entry = build_plan(tmp_path, Piece(), capability, "fp32")
    assert plans.damage(tmp_path, entry) == ""
    assert entry.size_bytes > 1000
