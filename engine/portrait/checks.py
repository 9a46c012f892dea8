"""Whether a photo makes a good portrait: each check has a stable code, a reason and a remedy.

The limits come from 120 portraits, looked at one by one, and from spoilt copies of a good one
(blurred, darkened, masked, with sunglasses).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.portrait.crop import Crop
from engine.portrait.landmarks import Mesh
from engine.portrait.measures import Measures

Floats = NDArray[np.float64]

MIN_SIDE_PX: Final = 512
MAX_YAW_DEG: Final = 18.0
MAX_PITCH_DEG: Final = 16.0
MAX_ROLL_DEG: Final = 14.0
LYING_DEG: Final = 45.0
"""A head that leans by more leans with its photo."""

MIN_ROOM: Final = 0.6
MARGIN: Final = 0.1
"""Room between the face and the picture's edge, in eye distances."""
MAX_TEETH: Final = 0.05
MAX_LIPS_APART: Final = 0.16
MIN_EYES_OPEN: Final = 0.16
MIN_EYE_CONTRAST: Final = 0.2
MIN_SEAM_CONTRAST: Final = 0.06
LIGHT: Final = (40.0, 225.0)
MAX_UNEVEN_STOPS: Final = 2.8
MIN_SHARPNESS: Final = 0.02
OTHER_FACE: Final = 0.05
"""A second face counts if its area is at least this share of the first's."""


@dataclass(frozen=True)
class Finding:
    """Something that speaks against a photo."""

    code: str
    """Stable name."""
    reason: str
    remedy: str
    refuses: bool = True
    """Whether the photo is not taken for it; otherwise it is a warning."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}"


class RefusedError(Exception):
    """A photo that is not taken; the message names the first reason and its remedy."""

    def __init__(self, findings: tuple[Finding, ...], forcible: bool = True) -> None:
        self.findings = findings
        self.forcible = forcible
        """Whether the operator may go on nevertheless."""
        more = len(findings) - 1
        tail = f" ({more} more: {', '.join(f.code for f in findings[1:])})" if more else ""
        force = "; --force goes on nevertheless" if forcible else ""
        super().__init__(f"{findings[0].code}: {findings[0]}{tail}{force}")


NO_FACE: Final = Finding(
    "no_face", "no face is seen in the photo", "give a photo of one person, seen from the front"
)

PHOTO_TURNED: Final = Finding(
    "photo_turned", "the photo stands on its head or lies on its side", "turn it upright"
)


def size(width: int, height: int) -> Iterator[Finding]:
    """What is wrong with the photo's size, in pixels of the file."""
    if min(width, height) < MIN_SIDE_PX:
        yield Finding(
            "photo_small", f"the photo is {width}×{height} pixels",
            f"give one whose shorter side has at least {MIN_SIDE_PX}",
        )  # fmt: skip


def faces(found: list[Mesh]) -> Iterator[Finding]:
    """What is wrong with the number of faces, of which there is at least one."""
    largest = max(mesh.face.area_px for mesh in found)
    count = sum(mesh.face.area_px >= OTHER_FACE * largest for mesh in found)
    if count > 1:
        yield Finding(
            "several_faces", f"there are {count} faces in the photo",
            "crop it to one person; forced, the largest is taken",
        )  # fmt: skip


def place(
    landmarks_px: Floats, width: int, height: int, crop: Crop, min_px: float
) -> Iterator[Finding]:
    """What is wrong with where the face is; *min_px* is the least side of the crop."""
    at = landmarks_px[:, :2]
    margin = MARGIN * float(np.linalg.norm(at[33] - at[263]))
    if (at < margin).any() or (at > [width - margin, height - margin]).any():
        yield Finding(
            "face_cut", "the face reaches the picture's edge",
            "give a photo with the whole head, and room about it",
        )  # fmt: skip
    elif crop.room < MIN_ROOM:
        yield Finding(
            "face_close", f"there is {crop.room:.0%} of the room a portrait needs about the face",
            "give a photo taken from farther away, with head and shoulders",
        )  # fmt: skip
    if crop.side_px < min_px and crop.room >= MIN_ROOM:
        yield Finding(
            "face_small",
            f"head and shoulders have {crop.side_px:.0f} pixels, fewer than {min_px:.0f}",
            "come nearer, or use a camera with more pixels",
        )


def face(m: Measures) -> Iterator[Finding]:
    """What is wrong with the face itself."""
    yield from _turned(m)
    if m.eye_contrast < MIN_EYE_CONTRAST and m.eyes_open >= MIN_EYES_OPEN:
        yield Finding("eyes_hidden", "the eyes cannot be made out", "take off dark glasses")
    if m.eyes_open < MIN_EYES_OPEN:
        yield Finding("eyes_closed", "the eyes are shut or nearly so", "look into the camera")
    if m.seam_contrast < MIN_SEAM_CONTRAST:
        yield Finding("mouth_hidden", "the lips cannot be made out", "uncover the mouth")
    if m.lips_apart > MAX_LIPS_APART:
        yield Finding(
            "mouth_open", "the mouth is open",
            "close the lips; the teeth are drawn when the portrait speaks",
        )  # fmt: skip
    elif m.teeth > MAX_TEETH:
        yield Finding(
            "teeth_shown", "the photo shows teeth, so the lips are closed by guess",
            "look at the sheet; a photo with closed lips keeps their own look", refuses=False,
        )  # fmt: skip


def _turned(m: Measures) -> Iterator[Finding]:
    frontal = "look straight into the camera"
    if abs(m.yaw_deg) > MAX_YAW_DEG:
        yield Finding("face_turned", f"the face is turned aside by {abs(m.yaw_deg):.0f}°", frontal)
    if abs(m.pitch_deg) > MAX_PITCH_DEG:
        way = "raised" if m.pitch_deg > 0 else "lowered"
        yield Finding("face_tilted", f"the face is {way} by {abs(m.pitch_deg):.0f}°", frontal)
    if abs(m.roll_deg) > LYING_DEG:
        yield PHOTO_TURNED
    elif abs(m.roll_deg) > MAX_ROLL_DEG:
        yield Finding(
            "face_leaning", f"the head leans by {abs(m.roll_deg):.0f}°",
            "hold the head, or turn the photo, upright",
        )  # fmt: skip


def light(m: Measures) -> Iterator[Finding]:
    """What is wrong with the light and the focus."""
    if m.light < LIGHT[0]:
        yield Finding(
            "too_dark", "the face is in the dark", "take it in soft light, from the front"
        )
    if m.light > LIGHT[1]:
        yield Finding("too_bright", "the face is overexposed", "take it in softer light")
    if m.uneven > MAX_UNEVEN_STOPS:
        yield Finding(
            "light_uneven", f"one half of the face has {m.uneven:.1f} stops less light",
            "take it in soft light, from the front",
        )  # fmt: skip
    if m.sharpness < MIN_SHARPNESS:
        yield Finding(
            "blurred", "the eyes are not sharp", "hold the camera still, and focus on the eyes"
        )
