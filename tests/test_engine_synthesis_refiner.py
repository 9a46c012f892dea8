"""The refiner's network: its sampler, batches, and what is said where it is missing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime import checksums
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import Runner, RunnerError, Tensors
from engine.runtime.tape import FLOAT32, Tape
from engine.synthesis import refiner as room
from engine.synthesis.look import NO_REFINER, Look
from engine.synthesis.refiner import Crop, Refiner, Shelf
from tests.fake_refiner import installed, network, refiner

SIDE_PX = 32
SHAPES = {name: (None, *shape) for name, shape in {
    "state": (6, 16, 16), "time": (1,), "picture": (6, 16, 16), "mask": (2, 16, 16),
    "neutral": (6, 16, 16), "coefficients": (len(COEFFICIENTS),),
}.items()}  # fmt: skip


class Steady:
    """A network that always sees the same end; remembers what it was asked."""

    def __init__(self, **said: str) -> None:
        self.inputs: Mapping[str, tuple[int | None, ...]] = SHAPES
        self.metadata = {"side_px": "32", "residual_grey": "32", "noise": "0.5"} | said
        self.asked: list[Tensors] = []
        self.warm = 0

    def run(self, tensors: Tensors) -> Tensors:
        self.asked.append({name: each.copy() for name, each in tensors.items()})
        return {"clean": np.full_like(tensors["state"], 0.25)}

    def warmup(self) -> None:
        self.warm += 1


def crop(steps: int, seed: int = 0, side_px: int = SIDE_PX) -> Crop:
    rng = np.random.default_rng(seed)
    half = side_px // 2

    def drawn(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape).astype(np.float32)

    return Crop(drawn(6, half, half), np.abs(drawn(2, half, half)), drawn(6, half, half),
                drawn(6, half, half), np.abs(drawn(len(COEFFICIENTS))), steps)  # fmt: skip


@pytest.mark.parametrize("steps", [1, 2, 4, 20, 30])
def test_a_straight_path_ends_where_the_network_sees_its_end(steps: int) -> None:
    network = Steady()
    (got,) = Refiner(network).run([crop(steps)])
    assert np.abs(got - 32 * 0.25).max() < 1e-4
    times = [float(asked["time"][0, 0]) for asked in network.asked]
    assert times == pytest.approx([k / steps for k in range(steps)])


def test_each_step_goes_on_from_the_last_along_a_straight_line() -> None:
    network, begun = Steady(), crop(4)
    Refiner(network).run([begun])
    for k, asked in enumerate(network.asked):
        want = begun.noise * (1 - k / 4) + np.float32(0.25 * k / 4)
        assert np.abs(asked["state"][0] - want).max() < 1e-6
        assert np.array_equal(asked["picture"][0], begun.picture)


def test_one_step_is_the_networks_own_estimate() -> None:
    loaded, one = refiner(SIDE_PX), crop(1)
    given: dict[str, NDArray[Any]] = {
        "state": one.noise[None], "time": np.zeros((1, 1), np.float32),
        "picture": one.picture[None], "mask": one.mask[None], "neutral": one.neutral[None],
        "coefficients": one.coefficients[None],
    }  # fmt: skip
    clean = OnnxRunner(network(SIDE_PX)).run(given)["clean"][0]
    (got,) = loaded.run([one])
    assert np.abs(got - 32 * clean).max() < 1e-4


class Wild(Steady):
    """Sees what is no residual."""

    def __init__(self, ends: list[float]) -> None:
        super().__init__()
        self.ends = np.array(ends, np.float32)

    def run(self, tensors: Tensors) -> Tensors:
        return {"clean": np.resize(self.ends, tensors["state"].shape)}


@pytest.mark.parametrize("steps", [1, 4])
def test_nothing_that_a_network_returns_is_added_without_bounds(steps: int) -> None:
    wild = Wild([1e6, -1e6, np.nan, np.inf, -np.inf, 3.5])
    (got,) = Refiner(wild).run([crop(steps)])
    want = np.resize(np.array([4, -4, 0, 0, 0, 3.5], np.float32), got.shape)
    assert np.abs(got - 32 * want).max() < 1e-3


def test_pictures_of_one_batch_do_not_touch_each_other_whatever_their_steps() -> None:
    loaded = refiner(SIDE_PX)
    crops = [crop(steps, seed) for seed, steps in enumerate((1, 4, 2, 1, 7, 3, 1, 2, 5, 1, 4))]
    together = loaded.run(crops)
    for each, got in zip(crops, together, strict=True):
        (alone,) = loaded.run([each])
        assert np.abs(got - alone).max() < 1e-3


def test_eight_go_in_one_pass_and_no_more() -> None:
    network = Steady()
    Refiner(network).run([crop(1)] * 19)
    assert [len(asked["state"]) for asked in network.asked] == [8, 8, 3]


@pytest.mark.parametrize("steps", [0, 31])
def test_steps_out_of_range_are_refused(steps: int) -> None:
    with pytest.raises(ValueError, match="1 to 30"):
        Refiner(Steady()).run([crop(steps)])


def test_noise_is_fixed_by_its_seed_and_as_wide_as_the_network_wants() -> None:
    loaded = Refiner(Steady(noise="2"))
    assert np.array_equal(loaded.start(3), loaded.start(3))
    assert np.abs(loaded.start(3) - loaded.start(4)).mean() > 1
    assert loaded.start(3).std() == pytest.approx(2, rel=0.1)
    assert loaded.start(3).dtype == np.float32


def test_it_is_warm_before_it_is_used() -> None:
    network = Steady()
    Refiner(network)
    assert network.warm == 1


@pytest.mark.parametrize("said", [{"side_px": "wide"}, {"noise": ""}])
def test_a_network_that_says_nonsense_of_itself_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(RunnerError, match=r"a file does not say what it needs .*install"):
        Refiner(Steady(**said), "a file")


def test_another_network_is_refused() -> None:
    with pytest.raises(RunnerError, match="a file has other inputs"):
        Refiner(Steady(side_px="64"), "a file")


def test_networks_are_loaded_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WEIGHTS", tmp_path)
    shelf = Shelf()
    assert shelf.take("small") == NO_REFINER
    installed(tmp_path)
    small, large = shelf.take("small"), shelf.take("large")
    assert isinstance(small, Refiner) and isinstance(large, Refiner)
    assert (small.side_px, large.side_px) == (128, 256)
    assert shelf.take("small") is small


def test_a_broken_file_is_a_reason_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WEIGHTS", tmp_path)
    tape = Tape()
    tape.output("b", tape.input("a", [1, 2]), [1, 2], FLOAT32)
    (tmp_path / "refiner_small.onnx").write_bytes(b"nonsense")
    (tmp_path / "refiner_large.onnx").write_bytes(tape.model("other", {}).SerializeToString())
    monkeypatch.setattr(room, "SHELF", Shelf())
    look = Look("balanced")
    assert look.steps_run == 0
    assert "refiner_small.onnx" in look.steps_reason
    assert "install the project again" in look.steps_reason
    other = room.SHELF.take("large")
    assert "refiner_large.onnx does not say what it needs ('side_px')" in str(other)


def test_a_network_damaged_in_its_middle_is_as_good_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would load, and draw wrongly: its sum tells."""
    monkeypatch.setattr(room, "WEIGHTS", installed(tmp_path))
    checksums.write(tmp_path)
    whole = (tmp_path / "refiner_small.onnx").read_bytes()
    middle = len(whole) // 2
    damaged = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    (tmp_path / "refiner_small.onnx").write_bytes(damaged)
    Refiner(OnnxRunner(damaged))
    opened: list[str] = []

    def on_a_card(network: str) -> Runner:
        opened.append(network)
        return Steady()

    for open_network in (None, on_a_card):
        shelf = Shelf()
        shelf.open_by(open_network)
        assert "refiner_small.onnx is damaged" in str(shelf.take("small"))
        assert isinstance(shelf.take("large"), Refiner)
    assert opened == ["large"]
