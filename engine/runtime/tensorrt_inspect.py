"""What is in a plan, as TensorRT tells it; it must load the plan for that, so a GPU is needed."""

import json
from pathlib import Path

from engine.runtime.tensorrt_library import Faults, Library, PlanError, logger


def layers(plan: Path, loaded: Library) -> list[dict[str, object]]:
    """The layers of a plan, each as TensorRT describes it.

    Raises:
        PlanError: the plan cannot be read or loaded here.
    """
    module, faults = loaded.module, Faults()
    try:
        content = plan.read_bytes()
    except OSError as error:
        raise PlanError(f"{plan}: {error.strerror or error}: name a plan") from error
    engine = module.Runtime(logger(module, faults)).deserialize_cuda_engine(content)
    if engine is None:
        raise PlanError(f"TensorRT cannot load {plan.name}: {faults.take()}: look at it on a "
                        "machine with the card it is for")  # fmt: skip
    inspector = engine.create_engine_inspector()
    told = inspector.get_engine_information(module.LayerInformationFormat.JSON)
    found = json.loads(told).get("Layers", [])
    return [each if isinstance(each, dict) else {"Name": str(each)} for each in found]
