"""The trained network as ONNX, node by node, with its state as explicit tensors.

Of several checkpoints of one training the mean, or a weighted one, is taken (*Model soups*,
Wortsman et al. 2022):

    python -m engine.train.export build/motion.pt engine/weights/motion.onnx
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.motion.layout import METADATA, PAIR_BANDS
from engine.motion.lips import SPEECH
from engine.train.network import LAYERS, MotionNetwork

OPSET = 17


def _gates(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Torch orders a GRU's gates reset, update, new; ONNX update, reset, new."""
    reset, update, new = np.split(weight, 3)
    return np.concatenate((update, reset, new))


def _array(network: MotionNetwork, name: str) -> NDArray[np.float32]:
    return np.asarray(network.state_dict()[name].detach().cpu().numpy(), np.float32)


def _dense(network: MotionNetwork, name: str) -> list[onnx.TensorProto]:
    return [
        numpy_helper.from_array(_array(network, f"{name}.weight").T.copy(), f"{name}.weight"),
        numpy_helper.from_array(_array(network, f"{name}.bias"), f"{name}.bias"),
    ]


def _dense_nodes(name: str, source: str, target: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("MatMul", [source, f"{name}.weight"], [f"{name}.product"]),
        helper.make_node("Add", [f"{name}.product", f"{name}.bias"], [target]),
    ]


def _layer(network: MotionNetwork, layer: int) -> list[onnx.TensorProto]:
    parts = {kind: _array(network, f"recurrent.{kind}_l{layer}") for kind in
             ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}  # fmt: skip
    bias = np.concatenate((_gates(parts["bias_ih"]), _gates(parts["bias_hh"])))
    return [
        numpy_helper.from_array(_gates(parts["weight_ih"])[None], f"gru{layer}.w"),
        numpy_helper.from_array(_gates(parts["weight_hh"])[None], f"gru{layer}.r"),
        numpy_helper.from_array(bias[None], f"gru{layer}.b"),
    ]


def _layer_nodes(layer: int, hidden: int, source: str, target: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node(
            "GRU",
            [source, f"gru{layer}.w", f"gru{layer}.r", f"gru{layer}.b", "", f"state.{layer}"],
            [f"gru{layer}.out", f"next.{layer}"],
            hidden_size=hidden,
            linear_before_reset=1,
        ),
        helper.make_node("Squeeze", [f"gru{layer}.out", "axis1"], [target]),
    ]


def build(network: MotionNetwork) -> onnx.ModelProto:
    """The network as a model.

    Inputs ``pairs`` (steps, 1, PAIR_BANDS) and ``state`` (LAYERS, 1, hidden); outputs ``speech``
    (steps, 1, len(SPEECH)), not clipped, and ``next_state`` shaped as ``state``.
    """
    hidden = network.hidden
    nodes = [
        *_dense_nodes("inlet", "pairs", "inlet.sum"),
        helper.make_node("Relu", ["inlet.sum"], ["seen"]),
        helper.make_node("Split", ["state", "ones"], [f"state.{i}" for i in range(LAYERS)], axis=0),
        *_layer_nodes(0, hidden, "seen", "memory0"),
        *_layer_nodes(1, hidden, "memory0", "memory1"),
        helper.make_node("Concat", [f"next.{i}" for i in range(LAYERS)], ["next_state"], axis=0),
        helper.make_node("Concat", ["seen", "memory1"], ["both"], axis=-1),
        *_dense_nodes("mix", "both", "mix.sum"),
        helper.make_node("Relu", ["mix.sum"], ["mixed"]),
        *_dense_nodes("outlet", "mixed", "speech"),
    ]
    constants = [
        numpy_helper.from_array(np.array([1], np.int64), "axis1"),
        numpy_helper.from_array(np.ones(LAYERS, np.int64), "ones"),
        *(t for name in ("inlet", "mix", "outlet") for t in _dense(network, name)),
        *(t for layer in range(LAYERS) for t in _layer(network, layer)),
    ]
    real, state_shape = TensorProto.FLOAT, [LAYERS, 1, hidden]
    graph = helper.make_graph(
        nodes,
        "motion",
        [
            helper.make_tensor_value_info("pairs", real, ["steps", 1, PAIR_BANDS]),
            helper.make_tensor_value_info("state", real, state_shape),
        ],
        [
            helper.make_tensor_value_info("speech", real, ["steps", 1, len(SPEECH)]),
            helper.make_tensor_value_info("next_state", real, state_shape),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    helper.set_model_props(model, METADATA)
    onnx.checker.check_model(model)
    return model


def load(*paths: Path, weights: Sequence[float] = ()) -> MotionNetwork:
    """A network from checkpoints of ``engine.train.train``: the mean of what they learnt.

    Args:
        paths: of the checkpoints.
        weights: how much each counts; all the same without.

    Raises:
        ValueError: there are not as many weights as checkpoints, or they come to nothing.
    """
    share = np.array(weights or [1.0] * len(paths), np.float64)
    if len(share) != len(paths) or share.sum() <= 0:
        raise ValueError(f"{len(share)} weights for {len(paths)} checkpoints: give one for each")
    share /= share.sum()
    saved = [torch.load(path, map_location="cpu", weights_only=True) for path in paths]
    network = MotionNetwork(saved[0]["hidden"])
    states = [each["network"] for each in saved]
    mean = {
        name: sum(k * s[name] for k, s in zip(share, states, strict=True)) for name in states[0]
    }
    network.load_state_dict(mean)
    return network.eval()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Export the motion network.")
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("onnx", type=Path)
    parser.add_argument("--weights", type=float, nargs="+", default=(), help="of the checkpoints")
    arguments = parser.parse_args()
    network = load(*arguments.checkpoints, weights=arguments.weights)
    arguments.onnx.write_bytes(build(network).SerializeToString())


if __name__ == "__main__":
    main()
