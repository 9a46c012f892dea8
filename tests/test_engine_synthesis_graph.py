"""The graph draws what the CPU draws, to one grey level."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from engine.media import MotionFrame, Pose
from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.runner import BATCH_MOST, Runner
from engine.synthesis.graph import build
from engine.synthesis.graph_layout import NUMBERS, Precision, ranges
from engine.synthesis.graph_synthesizer import GraphSynthesizer, runner
from engine.synthesis.graph_tensors import rig_tensors
from engine.synthesis.look import Look, Mark
from engine.synthesis.shapes import SHAPES
from engine.synthesis.shapes import motion as by_name
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.graph_utils import off, persona

FINE = Look("balanced", inference_steps=0, mark=Mark(on=False))
SQUARE, TALL = OutputFormat(512, 512), OutputFormat(360, 640)


@cache
def graph(output: OutputFormat, precision: Precision = "fp32", *, fine: bool = False) -> Runner:
    return runner(output, precision, fine=fine)


def wild(count: int) -> Iterator[MotionFrame]:
    """Faces that no face makes, in poses up to the bounds."""
    rng = np.random.default_rng(4)
    for _ in range(count):
        weights = rng.random(len(COEFFICIENTS)) * (rng.random(len(COEFFICIENTS)) < 0.15)
        yaw, pitch, roll = rng.uniform(-12, 12, 3)
        yield MotionFrame(0, weights.astype(np.float32), Pose(
            yaw, pitch, roll, x=rng.uniform(-0.2, 0.2), y=rng.uniform(-0.2, 0.2),
            scale=rng.uniform(0.9, 1.15), breath=rng.random(),
        ))  # fmt: skip


@pytest.mark.parametrize("name", ["ada", "lin"])
@pytest.mark.parametrize("output", [SQUARE, TALL], ids=str)
def test_key_shapes_and_wild_ones_are_equal_to_one_grey_level(
    name: str, output: OutputFormat
) -> None:
    cpu = Synthesizer(persona(name), output)
    drawn = GraphSynthesizer([cpu], graph(output))
    frames = [by_name(*SHAPES[n]) for n in ("neutral", "ah", "half blink", "look left", "roll 5")]
    for frame in [*frames, *wild(4)]:
        want, got = cpu.render(frame), drawn.render(frame)
        assert off(got, want) <= 1
        assert (got != want).mean() < 0.001


def test_at_rest_and_in_a_blink_nothing_differs() -> None:
    cpu = Synthesizer(persona("ada"), SQUARE)
    drawn = GraphSynthesizer([cpu], graph(SQUARE))
    for name in ("neutral", "blink"):
        frame = by_name(*SHAPES[name])
        assert (drawn.render(frame) != cpu.render(frame)).mean() < 1e-5


def test_half_floats_are_equal_to_one_grey_level_too() -> None:
    cpu = Synthesizer(persona("lin"), SQUARE)
    drawn = GraphSynthesizer([cpu], graph(SQUARE, "fp16"), "fp16")
    for frame in (by_name(*SHAPES["ee"]), by_name(*SHAPES["roll 5"]), *wild(2)):
        want, got = cpu.render(frame), drawn.render(frame)
        assert off(got, want) <= 1
        assert (got != want).mean() < 0.01


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_fine_sampling_is_equal_to_one_grey_level_or_two(precision: Precision) -> None:
    cpu = Synthesizer(persona("lin"), SQUARE, FINE)
    drawn = GraphSynthesizer([cpu], graph(SQUARE, precision, fine=True), precision)
    for frame in (by_name(*SHAPES["neutral"]), by_name(*SHAPES["ee"]), *wild(3)):
        want, got = cpu.render(frame), drawn.render(frame)
        assert off(got, want) <= {"fp32": 1, "fp16": 2}[precision]
        assert (got != want).mean() < 0.001
    assert off(want, Synthesizer(persona("lin"), SQUARE).render(frame)) > 5


def test_a_graph_that_samples_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sampling is linear, a look's cubic: give the graph of"):
        GraphSynthesizer([Synthesizer(persona("ada"), SQUARE, FINE)], graph(SQUARE))


def test_a_mouth_far_from_its_place_is_drawn_alike() -> None:
    cpu = Synthesizer(persona("ada"), SQUARE)
    drawn = GraphSynthesizer([cpu], graph(SQUARE))
    for y in (0.5, -0.5):
        frame = by_name({"jawOpen": 0.6}, Pose(y=y, x=0.5, scale=1.25, roll_deg=20))
        assert off(drawn.render(frame), cpu.render(frame)) <= 1


def test_inputs_are_named_and_any_batch_goes() -> None:
    model = build(SQUARE)
    shapes = {
        i.name: [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim]
        for i in model.graph.input
    }
    tensors = rig_tensors(Synthesizer(persona("ada"), SQUARE))
    assert set(shapes) == {*tensors, "coefficients", "turn", "breath"}
    assert all(shape[0] == "batch" for shape in shapes.values())
    sizes = ranges(SQUARE)
    assert sizes["batch"] == (1, 1, BATCH_MOST)
    for name, tensor in tensors.items():
        for said, size in zip(shapes[name], tensor.shape, strict=True):
            low, _, high = sizes[said] if isinstance(said, str) else (said, said, said)
            assert low <= size <= high, (name, said)
    assert tensors["numbers"].shape == (1, len(NUMBERS))


def test_half_floats_are_typed_so_in_the_network() -> None:
    kinds = {i.name: i.type.tensor_type.elem_type for i in build(SQUARE, "fp16").graph.input}
    assert kinds["head_luma"] == kinds["inside_chroma"] == 10
    assert kinds["flows"] == kinds["turn"] == 1
