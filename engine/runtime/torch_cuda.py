"""Networks on a GPU by PyTorch: slower than a plan, but nothing need be built.

The ONNX network is followed node by node. PyTorch is no dependency: it is loaded when a runner is
made, and its lack told.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.runtime.cuda import ANOTHER_BACKEND
from engine.runtime.runner import InputsError, RunnerError, Tensors

INSTALL: Final = "pip install torch (a build with CUDA: pytorch.org tells which)"


def load_torch() -> Any:  # noqa: ANN401  # not always there
    """PyTorch.

    Raises:
        RunnerError: it is not installed.
    """
    try:
        import torch
    except (ImportError, OSError) as error:
        raise RunnerError(f"PyTorch cannot be loaded ({error}): {INSTALL}") from error
    return torch


def check_cuda(torch: Any) -> None:  # noqa: ANN401
    """Whether PyTorch can use a GPU.

    Raises:
        RunnerError: it cannot.
    """
    if not torch.version.cuda:
        raise RunnerError(f"this PyTorch ({torch.__version__}) has no CUDA: {INSTALL}")
    if not torch.cuda.is_available():
        raise RunnerError("PyTorch sees no GPU: nvidia-smi tells whether the driver does")


class TorchRunner:
    """A ``Runner`` of an ONNX network on PyTorch. Thread-safe."""

    def __init__(self, network: Path | bytes, device: str = "cuda") -> None:
        """Load a network.

        Args:
            network: an ONNX file, or what would be in one.
            device: as PyTorch names it.

        Raises:
            RunnerError: PyTorch, its GPU or the file is missing, or the network has an operator
                that is not known here.
        """
        self._torch = load_torch()
        if device.startswith("cuda"):
            check_cuda(self._torch)
        # TF32 keeps ten bits: a place in a picture needs more.
        self._torch.backends.cudnn.allow_tf32 = False
        self._device = device
        model = _model(network)
        graph = model.graph
        self._metadata = {each.key: each.value for each in model.metadata_props}
        self._weights = {each.name: self._weight(each) for each in graph.initializer}
        self._inputs = {
            each.name: tuple(d.dim_value or None for d in each.type.tensor_type.shape.dim)
            for each in graph.input
            if each.name not in self._weights
        }
        self._kinds = {each.name: each.type.tensor_type.elem_type for each in graph.input}
        self._outputs = [each.name for each in graph.output]
        self._steps = self._planned(graph.node)
        self._closed = False

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of every input; None where any size goes."""
        return self._inputs

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the network says of itself."""
        return self._metadata

    def run(self, tensors: Tensors) -> Tensors:
        """One pass.

        Raises:
            InputsError: inputs that do not fit.
            RunnerError: a failure of PyTorch or the GPU, or the runner is closed.
        """
        self._check(tensors)
        torch, weights, steps = self._torch, self._weights, self._steps
        if self._closed:  # if not, what was taken is whole
            raise RunnerError("the network is closed: open it again")
        try:
            with torch.inference_mode():
                values = weights | {
                    name: torch.from_numpy(np.array(value)).to(self._device)
                    for name, value in tensors.items()
                }
                for operator, attributes, inputs, output, gone in steps:
                    given = [values[name] if name else None for name in inputs]
                    values[output] = operator(attributes, *given)
                    for name in gone:
                        del values[name]
                return {name: values[name].cpu().numpy() for name in self._outputs}
        except torch.cuda.OutOfMemoryError as error:
            raise RunnerError(f"the GPU's memory is used up: end other programs on it (nvidia-smi "
                              f"lists them), {ANOTHER_BACKEND}") from error  # fmt: skip
        except (RuntimeError, NotImplementedError, TypeError) as error:
            said = str(error).splitlines()[0]
            raise RunnerError(f"PyTorch failed: {said}: {ANOTHER_BACKEND}") from error

    def warmup(self) -> None:
        """Run once on zeros."""
        from engine.runtime.torch_ops import KINDS

        self.run({
            name: self._torch.zeros([n or 1 for n in shape], dtype=KINDS[self._kinds[name]]).numpy()
            for name, shape in self._inputs.items()
        })  # fmt: skip

    def close(self) -> None:
        """Let go of the weights; passes under way still end. May be called again."""
        self._closed = True
        self._weights, self._steps = {}, []

    def _check(self, tensors: Tensors) -> None:
        from engine.runtime.torch_ops import KINDS

        if tensors.keys() != self._inputs.keys():
            raise InputsError(
                f"the inputs are {', '.join(tensors)}: give {', '.join(self._inputs)}"
            )
        for name, shape in self._inputs.items():
            given = tensors[name]
            fits = len(shape) == given.ndim and all(
                want in (None, size) for want, size in zip(shape, given.shape, strict=True)
            )
            kind = str(KINDS[self._kinds[name]]).removeprefix("torch.")
            if not fits or str(given.dtype) != kind:
                raise InputsError(
                    f"the input {name} is {given.dtype} {given.shape}: give {kind} {shape}"
                )

    def _weight(self, tensor: Any) -> Any:  # noqa: ANN401
        from onnx import numpy_helper

        array = numpy_helper.to_array(tensor)
        if array.dtype == np.int64:
            return tuple(array.reshape(-1).tolist())
        return self._torch.from_numpy(array.copy()).to(self._device)

    def _planned(self, nodes: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
        """Operator, attributes, inputs, output, and what nothing needs afterwards, of each node."""
        from onnx import helper

        from engine.runtime.torch_ops import OPERATORS

        missing = sorted({node.op_type for node in nodes} - OPERATORS.keys())
        if missing:
            raise RunnerError(f"the PyTorch backend has no {', '.join(missing)}: {ANOTHER_BACKEND}")
        kept = {*self._weights, *self._outputs}
        last = {name: k for k, node in enumerate(nodes) for name in node.input}
        steps = []
        for k, node in enumerate(nodes):
            attributes = {}
            for each in node.attribute:
                value = helper.get_attribute_value(each)
                attributes[each.name] = value.decode() if isinstance(value, bytes) else value
            gone = {name for name in node.input if name and last[name] == k} - kept
            operator = OPERATORS[node.op_type]
            steps.append((operator, attributes, list(node.input), node.output[0], sorted(gone)))
        return steps


def _model(network: Path | bytes) -> Any:  # noqa: ANN401
    import onnx

    if isinstance(network, Path) and not network.is_file():
        raise RunnerError(f"no network at {network}: install the project again")
    name = network if isinstance(network, Path) else "a network"
    try:
        content = network.read_bytes() if isinstance(network, Path) else network
        return onnx.load_from_string(content)
    except Exception as error:  # protobuf raises a class of its own
        raise RunnerError(f"cannot load {name}: {error}; install the project again") from error
