"""Finding TensorRT, and what it says; its names, where it is installed."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from engine.runtime import tensorrt
from engine.runtime.tensorrt_library import Faults, PlanError, library, logger, monitor
from tests.test_engine_runtime_tensorrt import RANGES, network


def pretended(version: str) -> ModuleType:
    module = ModuleType("pretended")
    module.__version__ = version  # type: ignore[attr-defined]
    module.Builder = object  # type: ignore[attr-defined]
    return module


def test_the_full_one_is_taken_before_that_for_rtx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", pretended("11.0"))
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", pretended("1.7"))
    assert (library().flavour, library().version, library().rtx) == ("tensorrt", "11.0", False)
    monkeypatch.setitem(sys.modules, "tensorrt", ModuleType("empty"))
    assert (library().flavour, library().version, library().rtx) == ("tensorrt_rtx", "1.7", True)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    with pytest.raises(PlanError, match=r"\.venv/bin/pip install -e '\.\[gpu\]'"):
        library()


def test_the_latest_fault_is_the_reason_and_is_told_once() -> None:
    faults = Faults()
    assert faults.take() == "no reason given"
    faults.add("first")
    faults.add("out  of\nmemory")
    faults.add("[checkMacros.cpp] no driver")
    assert faults.take() == "out of memory"
    assert faults.take() == "no reason given"


def test_only_errors_are_kept() -> None:
    class Base:
        ERROR, INTERNAL_ERROR, WARNING = "e", "i", "w"

    faults = Faults()
    keeps = logger(SimpleNamespace(ILogger=Base), faults)
    keeps.log("e", "reason")
    keeps.log("w", "chatter")
    assert faults.take() == "reason"


def test_progress_is_passed_on_and_its_failure_ends_the_build() -> None:
    class Base:
        def __init__(self) -> None: ...

    told: list[tuple[str, int, int]] = []
    module = SimpleNamespace(IProgressMonitor=Base)
    watched = monitor(module, lambda *step: told.append(step))
    watched.phase_start("Building", None, 6)
    assert watched.step_complete("Building", 0) is True
    watched.phase_finish("Building")
    assert watched.step_complete("Unknown", 4) is True
    assert told == [("Building", 1, 6), ("Unknown", 5, 5)]

    def broken(*_: object) -> None:
        raise BrokenPipeError

    assert monitor(module, broken).step_complete("Building", 1) is False


@pytest.fixture
def real() -> ModuleType:
    module: ModuleType = pytest.importorskip("tensorrt_rtx", reason="the extra gpu is missing")
    return module


def test_a_real_build_tells_how_far_it_is_and_can_be_ended(real: ModuleType) -> None:
    told: list[tuple[str, int, int]] = []
    tensorrt.build(network(), RANGES, "8.6", lambda *step: told.append(step))
    assert len(told) > 10
    assert all(1 <= step <= steps for _, step, steps in told)

    def broken(*_: object) -> None:
        raise ValueError

    with pytest.raises(PlanError, match="BuildCanceled"):
        tensorrt.build(network(), RANGES, "8.6", broken)


def test_every_name_that_the_runner_uses_is_there(real: ModuleType) -> None:
    for owner, names in (
        (real, "Runtime nptype TensorLocation TensorIOMode CudaGraphStrategy"),
        (real.Runtime, "deserialize_cuda_engine get_engine_validity"),
        (
            real.ICudaEngine,
            "num_io_tensors get_tensor_name get_tensor_shape get_tensor_dtype get_tensor_location "
            "get_tensor_mode get_tensor_profile_shape create_runtime_config "
            "create_execution_context create_engine_inspector",
        ),
        (
            real.IExecutionContext,
            "set_input_shape infer_shapes get_tensor_shape set_tensor_address execute_async_v3",
        ),
        (real.IRuntimeConfig, "cuda_graph_strategy create_runtime_cache set_runtime_cache"),
        (real.IRuntimeCache, "serialize deserialize"),
        (real.TensorLocation, "DEVICE"),
        (real.TensorIOMode, "INPUT OUTPUT"),
        (real.CudaGraphStrategy, "WHOLE_GRAPH_CAPTURE"),
    ):
        for name in names.split():
            assert hasattr(owner, name), name
    assert real.IRuntimeConfig.cuda_graph_strategy.fset is not None
    assert "UNSUPPORTED_CC" in real.EngineInvalidityDiagnostics.__members__


def test_a_real_plan_is_told_from_what_is_none(real: ModuleType) -> None:
    """As far as it goes without one: a plan cut short or of nothing is no plan."""
    plan = tensorrt.build(network(), RANGES, "8.6")
    runtime = real.Runtime(logger(real, Faults()))
    bits = int(real.EngineInvalidityDiagnostics.MALFORMED_ENGINE)
    assert int(runtime.get_engine_validity(b"x" * 1000)[1]) & bits
    assert not int(runtime.get_engine_validity(plan)[1]) & bits
