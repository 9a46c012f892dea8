"""Whether a face is still the same person: the distance of dlib's face embeddings.

dlib (Boost licence) and its recognition network (King 2017; weights CC0, in
``face-recognition-models``) are optional. Of that package the recognition network alone is used;
faces are aligned by our own landmarks. The network calls two pictures one person below 0.6.
"""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray
from engine.portrait.landmarks import Landmarker
from kiosk.bench.browser import BenchError

Floats = NDArray[np.float64]

_NETWORK: Final = "models/dlib_face_recognition_resnet_model_v1.dat"
MISSING: Final = "dlib is not installed: .venv/bin/pip install -e '.[identity]'"
_FIVE: Final = (263, 362, 33, 133, 2)
"""The five points dlib aligns by: outer and inner corner of each eye, the nose's base."""
_SIDE_PX: Final = 150
_PADDING: Final = 0.25


class Embedder:
    """Turns faces into 128 numbers each."""

    def __init__(self) -> None:
        """Load the network.

        Raises:
            BenchError: it is not installed; the message says how to.
        """
        path = _network()
        if path is None:
            raise BenchError(MISSING)
        self._dlib: Any = import_module("dlib")
        self._network = self._dlib.face_recognition_model_v1(str(path))

    @staticmethod
    def missing() -> str | None:
        """What to do if it cannot be loaded."""
        return MISSING if _network() is None else None

    def embed(self, picture: ByteArray, landmarks_px: Floats) -> Floats:
        """The embedding, (128,), of the face with *landmarks_px*, (478, 2 or 3), blue-green-red."""
        rgb = np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        dlib = self._dlib
        points = dlib.points([dlib.point(*(round(v) for v in landmarks_px[i, :2])) for i in _FIVE])
        low, high = landmarks_px[:, :2].min(0), landmarks_px[:, :2].max(0)
        box = dlib.rectangle(*(int(v) for v in (*low, *high)))
        face = dlib.full_object_detection(box, points)
        chip = dlib.get_face_chip(rgb, face, size=_SIDE_PX, padding=_PADDING)
        return np.array(self._network.compute_face_descriptor(chip), np.float64)


def from_photo(
    embedder: Embedder, landmarker: Landmarker, photo: ByteArray, pictures: Sequence[ByteArray]
) -> tuple[float, ...]:
    """How far each of *pictures* is from *photo*, framed alike; none if no face is found there."""
    faces = landmarker.faces(photo)
    if not faces:
        return ()
    own, *others = (
        embedder.embed(picture, landmarker.mesh(picture, faces[0]).points_px)
        for picture in (photo, *pictures)
    )
    return tuple(float(np.linalg.norm(own - other)) for other in others)


def _network() -> Path | None:
    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations or find_spec("dlib") is None:
        return None
    path = Path(next(iter(spec.submodule_search_locations))) / _NETWORK
    return path if path.is_file() else None
