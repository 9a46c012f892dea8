"""Networks on ONNX Runtime, on the CPU: one thread, and idle threads sleep."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from engine.runtime.runner import RunnerError, Tensors


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A spinning thread would eat a core that the video encoder needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


class OnnxRunner:
    """A ``Runner`` on ONNX Runtime's CPU backend. Thread-safe."""

    def __init__(self, network: Path | bytes, threads: int = 1) -> None:
        """Load a network.

        Args:
            network: an ONNX file, or what would be in one.
            threads: how many threads one pass may use.

        Raises:
            RunnerError: the file is missing or is no network.
        """
        if isinstance(network, Path) and not network.is_file():
            raise RunnerError(f"no network at {network}: install the project again")
        model = str(network) if isinstance(network, Path) else network
        try:
            self._session = onnxruntime.InferenceSession(
                model, _session_options(threads), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises a class of its own for each status
            name = network if isinstance(network, Path) else "a network"
            raise RunnerError(f"cannot load {name}: {error}; install the project again") from error
        self._inputs = {
            node.name: tuple(n if isinstance(n, int) else None for n in node.shape)
            for node in self._session.get_inputs()
        }
        self._outputs = [node.name for node in self._session.get_outputs()]

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of every input; None where any size goes."""
        return self._inputs

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the network says of itself."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, tensors: Tensors) -> Tensors:
        """One pass: inputs by name to outputs by name.

        Raises:
            RunnerError: inputs that do not fit, or a failure of the runtime.
        """
        try:
            given = self._session.run(self._outputs, dict(tensors))
        except Exception as error:  # the runtime raises a class of its own for each status
            raise RunnerError(f"the network failed: {error}; check the inputs' shapes") from error
        return {name: np.asarray(value) for name, value in zip(self._outputs, given, strict=True)}

    def warmup(self) -> None:
        """Run once on zeros."""
        self.run(
            {name: np.zeros([n or 1 for n in s], np.float32) for name, s in self.inputs.items()}
        )
