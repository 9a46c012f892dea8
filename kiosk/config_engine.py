"""What runs the networks, as an operator sets it: the section ``[engine]``."""

from pathlib import Path

from engine.runtime.backends import Backends, Wish
from kiosk.config_fields import Section
from kiosk.packages import default_dir


class EngineSettings(Section):
    """Where networks run."""

    backend: Wish = "auto"
    """What runs the networks: TensorRT, else PyTorch on the GPU, else the CPU; or one of them."""
    plans_dir: str = ""
    """Folder of TensorRT's plans; empty: ``trt_plans`` beside the project."""

    @property
    def plans_path(self) -> Path:
        """Folder of TensorRT's plans."""
        return Path(self.plans_dir).expanduser() if self.plans_dir else default_dir("trt_plans")

    def backends(self) -> Backends:
        """How networks are to be run."""
        return Backends(self.plans_path, self.backend)
