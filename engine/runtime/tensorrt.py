"""Building plans with TensorRT; with TensorRT for RTX ahead of time, for which no GPU is needed.

A plan is a network compiled for one compute capability and one version of TensorRT. Networks are
strongly typed: the precision is that of the ONNX network. The package is the extra ``gpu``.
"""

from collections.abc import Mapping
from typing import Any, Final

from engine.runtime.plans import sm
from engine.runtime.tensorrt_library import Faults, Library, Progress, library, logger, monitor
from engine.runtime.tensorrt_library import PlanError as PlanError

CAPABILITIES: Final = {
    "7.5": "SM75", "8.0": "SM80", "8.6": "SM86", "8.9": "SM89", "12.0": "SM120",
}  # fmt: skip
"""Compute capabilities: Turing, A100, RTX 30, RTX 40, RTX 50."""

Ranges = Mapping[str, tuple[int, int, int]]
"""The smallest, the usual and the largest size of a dimension, by its name in the network."""


def version() -> str:
    """TensorRT's version, to which plans are tied.

    Raises:
        PlanError: it is not installed.
    """
    return library().version


def build(
    network: bytes, ranges: Ranges, capability: str, progress: Progress | None = None
) -> bytes:
    """Compile *network* for cards of one compute capability; takes up to some minutes.

    The full TensorRT compiles for the card of this machine, whatever *capability* says: ask for
    that one.

    Args:
        network: an ONNX network, strongly typed.
        ranges: of every named dimension of its inputs.
        capability: one of ``CAPABILITIES``; with the full TensorRT, that of this machine's card.
        progress: is told how far it is.

    Returns:
        The plan.

    Raises:
        PlanError: TensorRT is missing or refuses the network, or the capability is unknown.
    """
    loaded = library()
    if loaded.rtx and capability not in CAPABILITIES:
        known = ", ".join(f"{each} ({sm(each)})" for each in CAPABILITIES)
        raise PlanError(f"compute capability {capability} ({sm(capability)}): give one of {known}")
    module, faults = loaded.module, Faults()
    builder = module.Builder(logger(module, faults))
    graph = _parsed(module, builder, network)
    config = _config(loaded, builder, capability, progress)
    config.add_optimization_profile(_profile(builder, graph, ranges))
    plan = builder.build_serialized_network(graph, config)
    if plan is None:
        raise PlanError(
            f"TensorRT {loaded.version} cannot build the network for {capability}: "
            f"{faults.take()}; the CPU draws the same"
        )
    return bytes(plan)


def _parsed(module: Any, builder: Any, network: bytes) -> Any:  # noqa: ANN401
    flags = 1 << int(module.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    graph = builder.create_network(flags)
    parser = module.OnnxParser(graph, builder.logger)
    if not parser.parse(network):
        said = "; ".join(str(parser.get_error(i).desc()) for i in range(parser.num_errors))
        raise PlanError(f"TensorRT cannot read the network: {said}; export it again")
    return graph


def _config(
    loaded: Library, builder: Any, capability: str, progress: Progress | None  # noqa: ANN401
) -> Any:  # noqa: ANN401  # fmt: skip
    module = loaded.module
    config = builder.create_builder_config()
    # TF32 keeps ten bits: a place in a picture needs more.
    config.clear_flag(module.BuilderFlag.TF32)
    # Names of layers alone tell no inspector what they do; only the plan's size is touched.
    config.profiling_verbosity = module.ProfilingVerbosity.DETAILED
    if loaded.rtx:
        config.num_compute_capabilities = 1
        config.set_compute_capability(
            getattr(module.ComputeCapability, CAPABILITIES[capability]), 0
        )
    if progress is not None and hasattr(module, "IProgressMonitor"):
        config.progress_monitor = monitor(module, progress)
    return config


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
