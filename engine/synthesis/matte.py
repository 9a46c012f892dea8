"""How much of each pixel of a portrait is person, and the person's own colours at the edge.

Found once for each rig, where another background than the photo's own is wanted: a graph cut from
what the rig knows of the head's place (Rother, Kolmogorov, Blake 2004, as OpenCV has it), its
border made soft by a guided filter (He, Sun, Tang 2013), and the edge's colours freed from the old
background (Forte 2021, "Approximate Fast Foreground Colour Estimation").
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import ByteArray, FloatArray
from engine.portrait.rig import Rig

CUT_SIZE_PX: Final = 256
"""Side of the picture that is cut: larger gains little and takes seconds."""
CUT_ROUNDS: Final = 6
EDGE_PX: Final = 14
"""Half the width of the band in which the border is looked for, at 1024 pixels."""
RIM_PX: Final = 8
BEHIND_PX: Final = 26
"""The head never uncovers more than this of what is behind it."""


@dataclass(frozen=True)
class Person:
    """A rig's person, apart from the background."""

    alpha: FloatArray
    """(height, width) 0 to 1, of the portrait at rest."""
    head: ByteArray
    """(rows, columns, 4) over the rig's box: ``Rig.head`` without background."""
    body: ByteArray
    """(height, width, 4): ``Rig.plate`` without background; beneath ``head`` it makes ``alpha``."""


def person(rig: Rig) -> Person:
    """Find the person of *rig*; takes about a second."""
    photo = composed(rig)
    alpha = _soft(photo, _cut(photo, rig))
    moving = np.zeros(alpha.shape, np.float32)
    x0, y0, x1, y1 = rig.box
    moving[y0:y1, x0:x1] = rig.head[..., 3] / np.float32(255)
    head, body = _shared(alpha, moving)
    plate = own_colours(rig.plate, alpha)
    colours = own_colours(photo, alpha)[y0:y1, x0:x1]
    edge = (np.clip((0.98 - alpha[y0:y1, x0:x1]) * 50, 0, 1))[..., None]
    head_colours = rig.head[..., :3] * (1 - edge) + colours * edge
    return Person(
        alpha,
        np.dstack([_bytes(head_colours), _bytes(255 * head[y0:y1, x0:x1])]),
        np.dstack([plate, _bytes(255 * body)]),
    )


def _shared(alpha: FloatArray, moving: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What of *alpha* the head and the body beneath it cover, that together they cover just that.

    *moving*, the head's own cover, may take background along, or end a little within its edge.
    """
    head = np.minimum(moving, alpha)
    body = np.where(head < 1, (alpha - head) / np.maximum(1 - head, 1e-3), 0).astype(np.float32)
    # A rim left about the head would stand still while the head moves away from it: it is head too.
    thick = cv2.dilate(cv2.erode(body, _disc(RIM_PX)), _disc(RIM_PX))
    near = cv2.dilate((moving > 0.03).astype(np.uint8), _disc(RIM_PX)) > 0
    body = np.where(near, np.minimum(body, thick), body).astype(np.float32)
    rest = np.where(body < 1, (alpha - body) / np.maximum(1 - body, 1e-3), 0)
    head = np.where(near, np.maximum(head, rest), head).astype(np.float32)
    # Deep inside all of it is body: there the head uncovers what the photo or the plate has.
    deep = cv2.erode((alpha > 0.98).astype(np.uint8), _disc(BEHIND_PX))
    soft = cv2.GaussianBlur(deep.astype(np.float32), (0, 0), 3) * alpha
    return head, np.asarray(np.maximum(body, soft), np.float32)


def composed(rig: Rig) -> ByteArray:
    """The portrait at rest, (height, width, 3): the head over the plate."""
    out = rig.plate.copy()
    x0, y0, x1, y1 = rig.box
    cover = rig.head[..., 3:] / np.float32(255)
    out[y0:y1, x0:x1] = _bytes(rig.head[..., :3] * cover + out[y0:y1, x0:x1] * (1 - cover))
    return out


def own_colours(image: ByteArray, alpha: FloatArray) -> ByteArray:
    """The colours that *image*, (rows, columns, 3), has where it is foreground alone."""
    picture, cover = image.astype(np.float32), alpha[..., None].astype(np.float32)
    rest = np.asarray(1 - cover, np.float32)
    front: FloatArray = picture
    back: FloatArray = picture
    for size in (91, 7):
        front_mean, back = _weighted(front, cover, size), _weighted(back, rest, size)
        left = picture - cover * front_mean - rest * back
        front = np.asarray(front_mean + cover * left, np.float32)
    return _bytes(front)


def _weighted(values: FloatArray, weight: FloatArray, size: int) -> FloatArray:
    total = _mean(np.asarray(values * weight, np.float32), size)
    return np.asarray(total / np.maximum(_mean(weight, size), 1e-4), np.float32)


def _mean(values: FloatArray, size: int) -> FloatArray:
    return cv2.blur(values, (size, size)).reshape(values.shape).astype(np.float32, copy=False)


def _cut(photo: ByteArray, rig: Rig) -> FloatArray:
    """1 where a person is, over the portrait, hard."""
    height, width = photo.shape[:2]
    size = CUT_SIZE_PX
    small = cv2.resize(photo, (size, size), interpolation=cv2.INTER_AREA)
    labels = _seeds(rig, size, size / width)
    state = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(small, labels, (0, 0, 0, 0), *state, CUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    whole = _whole(found).astype(np.float32)
    large = cv2.resize(whole, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.float32)


def _whole(found: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest piece, its holes filled."""
    found = np.asarray(cv2.morphologyEx(found, cv2.MORPH_OPEN, _disc(2)), np.uint8)
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(found)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    piece = (pieces == largest).astype(np.uint8)
    # Holes are background that the border of the picture does not reach, above the lower edge.
    _, gaps, stats, _ = cv2.connectedComponentsWithStats(1 - piece)
    for i in range(1, len(stats)):
        x, y, w, h, area = stats[i]
        inside = x > 0 and y > 0 and x + w < piece.shape[1] and y + h < piece.shape[0]
        if inside and area < 200:
            piece[gaps == i] = 1
    return np.asarray(piece, np.uint8)


def _seeds(rig: Rig, size: int, scale: float) -> NDArray[np.uint8]:
    """What is surely or probably person or background, as ``cv2.grabCut`` takes it."""
    eye = rig.eye_distance_px * scale
    chin_x, chin_y = (v * scale for v in rig.chin_px)
    middle = (float(rig.irises[0, 0]) + float(rig.irises[1, 0])) / 2 * scale
    eyes_y = (float(rig.irises[0, 1]) + float(rig.irises[1, 1])) / 2 * scale
    ys, xs = np.mgrid[0:size, 0:size].astype(np.float64)
    labels = np.full((size, size), cv2.GC_PR_BGD, np.uint8)

    def oval(x: float, y: float, across: float, down: float) -> NDArray[np.float64]:
        return np.asarray(np.hypot((xs - x) / across, (ys - y) / down))

    face = chin_y - eyes_y
    head = oval(middle, eyes_y - 0.05 * face, 1.15 * eye, 1.25 * face)
    below = (ys - chin_y) / eye
    shoulders = np.abs(xs - chin_x) < eye * (0.55 + 1.9 * np.clip((below - 0.25) / 0.9, 0, 1))
    labels[(head < 1) | (shoulders & (below > -0.2))] = cv2.GC_PR_FGD
    far = (oval(middle, eyes_y, 2.0 * eye, 2.0 * face) > 1) & (below < 0.1)
    # The crop leaves room above the hair and beside it: what is there is background.
    rim = (ys < 0.035 * size) | (np.abs(xs + 0.5 - size / 2) > 0.47 * size)
    aside = np.abs(xs - middle) > 1.55 * eye
    labels[far | (rim & (below < 0.1)) | (aside & (below < -0.1))] = cv2.GC_BGD
    sure = oval(middle, (eyes_y + chin_y) / 2 - 0.15 * face, 0.68 * eye, 0.85 * face) < 1
    neck = (np.abs(xs - chin_x) < 0.32 * eye) & (below > -0.3)
    wide = 0.8 + 0.9 * np.clip((below - 1.0) / 0.5, 0, 1)
    torso = (np.abs(xs - chin_x) < wide * eye) & (below > 1.0)
    labels[sure | neck | torso] = cv2.GC_FGD
    return labels


def _soft(photo: ByteArray, hard: FloatArray) -> FloatArray:
    """The cut's border, found again at full size by a guided filter, hair by hair."""
    guide = np.asarray(photo / np.float32(255), np.float32)
    wide = guided(guide, np.clip(hard, 0, 1).astype(np.float32), EDGE_PX, 1e-4)
    fine = guided(guide, np.clip(wide * 1.6 - 0.3, 0, 1).astype(np.float32), 5, 1e-5)
    out = np.clip((fine - 0.12) / 0.76, 0, 1)
    inner = cv2.erode((hard > 0.5).astype(np.uint8), _disc(EDGE_PX))
    outer = cv2.dilate((hard > 0.5).astype(np.uint8), _disc(EDGE_PX))
    return np.where(inner > 0, 1, np.where(outer > 0, out, 0)).astype(np.float32)


def guided(guide: FloatArray, source: FloatArray, radius: int, epsilon: float) -> FloatArray:
    """*source*, (rows, columns), smoothed along the edges of *guide*, (rows, columns, 3).

    With a wide radius the slopes are found at half the size (He and Sun 2015, "Fast guided
    filter"): a quarter of the work, and no difference to see.
    """
    rows, columns = source.shape
    whole = guide
    if radius >= 8:
        guide, source = (
            np.asarray(
                cv2.resize(part, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32
            )
            for part in (guide, source)
        )
        radius //= 2
    slope, offset = _slopes(guide, source, 2 * radius + 1, epsilon)
    small = np.dstack([slope, offset])
    line = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray((line[..., :3] * whole).sum(-1) + line[..., 3], np.float32)


def _slopes(
    guide: FloatArray, source: FloatArray, size: int, epsilon: float
) -> tuple[FloatArray, FloatArray]:
    """The best fit of *source* by *guide* about each pixel: slopes and offset, averaged."""
    mean_g, mean_s = _mean(guide, size), _mean(source, size)
    cross = _mean(guide * source[..., None], size) - mean_g * mean_s[..., None]
    spread = _mean((guide[..., :, None] * guide[..., None, :]).reshape(*source.shape, 9), size)
    spread = spread.reshape(*source.shape, 3, 3) - mean_g[..., :, None] * mean_g[..., None, :]
    spread += epsilon * np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(spread, cross[..., None])[..., 0].astype(np.float32)
    return _mean(slope, size), _mean(mean_s - (slope * mean_g).sum(-1), size)


def _disc(radius: int) -> NDArray[np.uint8]:
    size = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def _bytes(values: NDArray[np.floating]) -> ByteArray:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
