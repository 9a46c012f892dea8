"""Building plans with TensorRT for RTX, ahead of time: no GPU is needed for it.

A plan is a network compiled for one compute capability and one version of TensorRT. Networks are
strongly typed: the precision is that of the ONNX network. The package is the extra ``gpu``.
"""

from collections.abc import Mapping
from typing import Any, Final

from engine.runtime.runner import RunnerError

CAPABILITIES: Final = {
    "7.5": "SM75", "8.0": "SM80", "8.6": "SM86", "8.9": "SM89", "12.0": "SM120",
}  # fmt: skip
"""Compute capabilities: Turing, A100, RTX 30, RTX 40, RTX 50."""

Ranges = Mapping[str, tuple[int, int, int]]
"""The smallest, the usual and the largest size of a dimension, by its name in the network."""


class PlanError(RunnerError):
    """A plan cannot be built; the message names the remedy."""


def _library() -> Any:  # noqa: ANN401  # the package has no types
    try:
        import tensorrt_rtx
    except ImportError as error:
        raise PlanError(
            f"TensorRT cannot be loaded ({error}): pip install 'sonic-kiosk[gpu]'"
        ) from error
    return tensorrt_rtx


def version() -> str:
    """TensorRT's version, to which plans are tied.

    Raises:
        PlanError: it is not installed.
    """
    return str(_library().__version__)


def build(network: bytes, ranges: Ranges, capability: str) -> bytes:
    """Compile *network* for cards of one compute capability; takes up to some minutes.

    Args:
        network: an ONNX network, strongly typed.
        ranges: of every named dimension of its inputs.
        capability: one of ``CAPABILITIES``.

    Returns:
        The plan.

    Raises:
        PlanError: TensorRT is missing or refuses the network, or the capability is unknown.
    """
    if capability not in CAPABILITIES:
        raise PlanError(f"compute capability {capability}: give one of {', '.join(CAPABILITIES)}")
    library = _library()
    faults: list[str] = []
    builder = library.Builder(_logger(library, faults))
    flags = 1 << int(library.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    graph = builder.create_network(flags)
    parser = library.OnnxParser(graph, builder.logger)
    if not parser.parse(network):
        said = "; ".join(str(parser.get_error(i).desc()) for i in range(parser.num_errors))
        raise PlanError(f"TensorRT cannot read the network: {said}; export it again")
    config = builder.create_builder_config()
    # TF32 keeps ten bits: a place in a picture needs more.
    config.clear_flag(library.BuilderFlag.TF32)
    config.add_optimization_profile(_profile(builder, graph, ranges))
    config.num_compute_capabilities = 1
    config.set_compute_capability(getattr(library.ComputeCapability, CAPABILITIES[capability]), 0)
    plan = builder.build_serialized_network(graph, config)
    if plan is None:
        raise PlanError(
            f"TensorRT {library.__version__} cannot build the network for {capability}: "
            f"{faults[-1] if faults else 'no reason given'}; the CPU draws the same"
        )
    return bytes(plan)


def _profile(builder: Any, graph: Any, ranges: Ranges) -> Any:  # noqa: ANN401
    """An optimization profile of every input whose shape may differ."""
    profile = builder.create_optimization_profile()
    for index in range(graph.num_inputs):
        tensor = graph.get_input(index)
        sizes: list[tuple[int, int, int]] = []
        for axis, size in enumerate(tuple(tensor.shape)):
            name = tensor.get_dimension_name(axis)
            if size < 0 and name not in ranges:
                raise PlanError(f"{name!r} of the input {tensor.name} has any size: give its range")
            sizes.append((size, size, size) if size >= 0 else ranges[name])
        shapes = list(zip(*sizes, strict=True))
        if shapes[0] != shapes[2]:
            profile.set_shape(tensor.name, *shapes)
    return profile


def _logger(library: Any, faults: list[str]) -> Any:  # noqa: ANN401
    """A logger that keeps the errors and prints nothing."""

    class Logger(library.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            library.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:  # noqa: ANN401
            # Without a driver it says so while it builds for other machines: no fault.
            errors = (library.ILogger.ERROR, library.ILogger.INTERNAL_ERROR)
            if severity in errors and "checkMacros" not in message:
                faults.append(message.strip())

    return Logger()
