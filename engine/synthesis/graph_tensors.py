"""The inputs of the synthesis graph: a rig's, made once, and a frame's.

They are taken from a ``Synthesizer``, which has every layer at the picture's size already: so the
two ways of drawing cannot differ in what they draw. That is why private names are read here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray, MotionFrame
from engine.synthesis.cutout import Cutout
from engine.synthesis.eyes import Eyes, _Level
from engine.synthesis.framing import Planes, Rect
from engine.synthesis.graph_layout import (
    EYE_NUMBERS,
    GRID,
    KINDS,
    NUMBERS,
    Precision,
    eye_size,
    window,
)
from engine.synthesis.mouth import LIGHT_DROP_PX, LIGHT_REACH_PX, ROUNDED_HIDE_PX, Mouth
from engine.synthesis.plate import PAD_PX, Plate
from engine.synthesis.refining import Place
from engine.synthesis.skin import Skin
from engine.synthesis.synthesizer import Synthesizer

Array = NDArray[Any]
Arrays = dict[str, Array]

TOO_LARGE: Final = (
    "too large for the graph: draw this portrait on the CPU, or add it with more room about it"
)
PADDED: Final = {"nodes": (2, 3), "flows": (2, 3), "plate_nodes": (2, 3)}
"""Inputs whose size depends on the rig, and the axes that do."""


def is_fine(drawer: Synthesizer) -> bool:
    """Whether its luma is sampled cubically."""
    return drawer._way == cv2.INTER_CUBIC


def refines(drawer: Synthesizer) -> bool:
    """Whether its pictures are refined."""
    return drawer._refining is not None


def rig_tensors(drawer: Synthesizer, precision: Precision = "fp32") -> Arrays:
    """What the graph needs of the rig and the size that *drawer* draws; batch 1.

    Raises:
        ValueError: the mouth or an eye is larger than the graph has room for, or the look is one
            that only the CPU draws.
    """
    if drawer.alpha is not None:
        raise ValueError("the graph has no transparent background: draw this look on the CPU")
    size, room = (drawer.output.width, drawer.output.height), window(drawer.output)
    x0, y0, x1, y1 = drawer._mouth_box
    # Turned, near and wide open it covers less than twice its box.
    if 2 * (x1 - x0) > room[0] or 2 * (y1 - y0) > room[1]:
        raise ValueError(f"the mouth is {x1 - x0}x{y1 - y0} pixels, {TOO_LARGE}")
    skin, mouth = drawer._skin, drawer._mouth
    pictures = {
        **_planes("head", drawer._head, skin.rect, size, 3),
        **_planes("upper", drawer._upper, drawer._upper_rect, size, 2),
        **_inside(mouth, room),
        **_scene(drawer._plate),
    }  # fmt: skip
    other = {
        **_eyes(drawer._eyes, eye_size(drawer.output), skin.rect),
        "nodes": np.concatenate([skin.grid.index.transpose(2, 0, 1), skin._rest[..., 2][None]]),
        "flows": _flows(skin),
        "plate_nodes": np.concatenate([drawer._plate._breath, drawer._plate._follow[None]]),
        "jaw_motion": mouth._jaw_motion.T,
        "numbers": np.array([_numbers(drawer)[name] for name in NUMBERS]),
    }
    if drawer._refining is not None:
        other |= _refined(drawer._refining.full, drawer._bare)
    whole = {name: np.ascontiguousarray(each[None], np.float32) for name, each in other.items()}
    if max(whole["nodes"].shape[2:]) > GRID[2]:
        raise ValueError(f"the head's grid has a side of {max(whole['nodes'].shape[2:])} nodes, "
                         f"{TOO_LARGE}")  # fmt: skip
    return whole | {n: np.ascontiguousarray(p[None], KINDS[precision]) for n, p in pictures.items()}


def frame_tensors(drawers: Sequence[Synthesizer], motions: Sequence[MotionFrame]) -> Arrays:
    """What the graph needs of each frame: one motion for each drawer."""
    rows: list[FloatArray] = []
    turns: list[FloatArray] = []
    breaths: list[float] = []
    for drawer, motion in zip(drawers, motions, strict=True):
        weights, breath, turned = drawer.posed(motion)
        rows.append(weights)
        turns.append(np.column_stack([turned.matrix, turned.shift]))
        breaths.append(breath)
    given = {
        "coefficients": np.stack(rows).astype(np.float32),
        "turn": np.stack(turns).astype(np.float32),
        "breath": np.array(breaths, np.float32)[:, None],
    }
    gains = [each._refining.advance() for each in drawers if each._refining is not None]
    return given | ({"gain": np.array(gains, np.float32)[:, None]} if gains else {})


Sizes = Mapping[str, tuple[int, ...]]
"""Of each input that ``PADDED`` names, along the axes that it names."""


def largest(rigs: Sequence[Mapping[str, Array]]) -> Sizes:
    """The sizes into which the grids of all *rigs* fit."""
    return {
        name: tuple(max(rig[name].shape[axis] for rig in rigs) for axis in axes)
        for name, axes in PADDED.items()
    }


def carried_on(rig: Mapping[str, Array], sizes: Sizes) -> Arrays:
    """The tensors of a rig with its grids carried on at their edges; nothing drawn changes.

    Those that are as they should be are the very arrays that were given.
    """
    out: Arrays = dict(rig)
    for name, size in sizes.items():
        for axis, count in zip(PADDED[name], size, strict=True):
            if out[name].shape[axis] < count:
                out[name] = _carried_on(out[name], axis, count)
    if out["nodes"] is not rig["nodes"]:  # nodes carried on count on, too
        rows, columns = out["nodes"].shape[2:]
        out["nodes"][:, 0], out["nodes"][:, 1] = np.arange(columns), np.arange(rows)[:, None]
    numbers = rig["numbers"].copy()
    for tensor, prefix in (("nodes", ""), ("plate_nodes", "plate_")):
        for axis, name in ((2, "grid_rows"), (3, "grid_columns")):
            numbers[:, NUMBERS.index(prefix + name)] = out[tensor].shape[axis]
    if not np.array_equal(numbers, rig["numbers"]):
        out["numbers"] = numbers
    return out


def stacked(rigs: Sequence[Mapping[str, Array]]) -> Arrays:
    """The tensors of several rigs of one size of picture as one batch."""
    sizes = largest(rigs)
    each = [carried_on(rig, sizes) for rig in rigs]
    return {name: np.concatenate([rig[name] for rig in each]) for name in rigs[0]}


def _carried_on(array: Array, axis: int, size: int) -> Array:
    pad = [(0, 0)] * array.ndim
    pad[axis] = (0, size - array.shape[axis])
    return np.pad(array, pad, mode="edge")


def _flows(skin: Skin) -> Array:
    """(4, rows, columns, coefficients): the lower flow, and what the upper adds."""
    lower = np.stack(skin._lower, -1).transpose(2, 0, 1, 3)
    extra = np.zeros_like(lower)
    extra[(slice(None), *skin._lens)] = np.stack(skin._extra, -1).transpose(2, 0, 1, 3)
    return np.concatenate([lower, extra])


def _laid(plane: Array, x: int, y: int, size: tuple[int, int], *, edge: bool = False) -> Array:
    """(rows, columns, k) as (k, height, width), at x, y; 0 or its edge around it."""
    rows, columns = plane.shape[:2]
    width, height = size
    if x + columns > width or y + rows > height:
        raise ValueError(
            f"a layer is {columns}x{rows} pixels, not within {width}x{height}, {TOO_LARGE}"
        )
    around = ((y, height - y - rows), (x, width - x - columns), (0, 0))
    padded = np.pad(plane, around, mode="edge" if edge else "constant")
    return padded.transpose(2, 0, 1)


def _scene(plate: Plate) -> Arrays:
    """What is still behind, and what breathes over it, premultiplied."""
    luma, chroma = _cropped(plate._luma[..., None], 1), _cropped(np.dstack(plate._chroma), 2)
    still, still_half = luma.copy(), chroma.copy()
    if isinstance(plate, Cutout):
        still[plate._top :, :, 0] = plate._still[plate._top :]
        still_half[plate._top // 2 :] = np.dstack(plate._still_chroma)[plate._top // 2 :]
        body = _cropped(plate._body[..., :2], 1)
        body_half = _cropped(plate._body_half[..., :3], 2)
    else:
        body, body_half = (
            np.dstack([each, np.full_like(each[..., :1], 255)]) for each in (luma, chroma)
        )
    given = {"still_luma": still, "still_chroma": still_half, "body_luma": body,
             "body_chroma": body_half}  # fmt: skip
    return {name: each.transpose(2, 0, 1) for name, each in given.items()}


def _cropped(padded: Array, by: int) -> Array:
    """Without the edges that are carried on."""
    edge = PAD_PX // by
    return padded[edge:-edge, edge:-edge]


def _planes(name: str, planes: Planes, rect: Rect, size: tuple[int, int], count: int) -> Arrays:
    half = size[0] // 2, size[1] // 2
    return {
        f"{name}_luma": _laid(planes.luma[..., :count], rect[0], rect[1], size),
        f"{name}_chroma": _laid(planes.chroma[..., :3], rect[0] // 2, rect[1] // 2, half),
    }


def _inside(mouth: Mouth, room: tuple[int, int]) -> Arrays:
    half = room[0] // 2, room[1] // 2
    luma, chroma = [], []
    for k, part in enumerate(mouth._parts):
        # The back of the mouth goes on for ever.
        luma.append(_laid(part.planes.luma[..., :2], 0, 0, room, edge=k == 0))
        chroma.append(_laid(part.planes.chroma[..., :3], 0, 0, half, edge=k == 0))
    return {"inside_luma": np.concatenate(luma), "inside_chroma": np.concatenate(chroma)}


def _eyes(eyes: Eyes, size: tuple[int, int], head: Rect) -> Arrays:
    out: Arrays = {"lid_motion": eyes._lid_motion, "gaze_motion": eyes._gaze_motion.swapaxes(1, 2)}
    for k, name in enumerate(("luma", "chroma")):
        by = k + 1
        room, corner = (size[0] // by, size[1] // by), (head[0] // by, head[1] // by)
        levels = [pair[k] for pair in eyes._eyes]
        out[f"eye_{name}"] = np.stack([_eye_pictures(level, room) for level in levels])
        out[f"eye_curves_{name}"] = np.stack([_curves(level, room[0]) for level in levels])
        out[f"eye_numbers_{name}"] = np.stack([_eye_numbers(level, corner) for level in levels])
    return out


def _eye_pictures(level: _Level, room: tuple[int, int]) -> Array:
    layers = np.dstack([level.open_eye, level.ball, level.closed, level.veil])
    return _laid(layers, 0, 0, room, edge=True)


def _curves(level: _Level, width: int) -> Array:
    lines = np.concatenate([level.crease, level.upper, level.lower])
    return _carried_on(lines, 1, width)


def _eye_numbers(level: _Level, corner: tuple[int, int]) -> Array:
    """*corner*: of the head's rectangle in the picture."""
    rows, columns = level.view
    x, y, radius = level.iris
    given = {
        "x0": columns.start + corner[0], "y0": rows.start + corner[1],
        "x1": columns.stop + corner[0], "y1": rows.stop + corner[1],
        "scale": level.scale, "band": level.band, "iris_x": x, "iris_y": y, "iris_radius": radius,
    }  # fmt: skip
    return np.array([given[name] for name in EYE_NUMBERS], np.float32)


def _numbers(drawer: Synthesizer) -> dict[str, float]:
    """What ``graph_layout.NUMBERS`` names."""
    skin, mouth, plate = drawer._skin, drawer._mouth, drawer._plate
    grid, scale = skin.grid, mouth._scale
    reach = max(1, round(LIGHT_REACH_PX * scale))
    rows, columns = plate._follow.shape
    out: dict[str, float] = {
        "cell": grid.cell_px, "columns": grid.columns, "rows": grid.rows,
        "grid_columns": grid.columns, "grid_rows": grid.rows,
        "head_x": skin.rect[0], "head_y": skin.rect[1],
        "pivot_x": mouth._pivot[0], "pivot_y": mouth._pivot[1],
        "cavity_x": mouth._rect[0], "cavity_y": mouth._rect[1],
        "light_reach": reach, "light_narrow": (reach | 1) // 2,
        "light_drop": max(1, round(LIGHT_DROP_PX * scale)),
        "plate_top": plate._top, "plate_columns": columns, "plate_rows": rows,
        "plate_grid_columns": columns, "plate_grid_rows": rows,
    }  # fmt: skip
    out |= {f"depth_{k}": part.depth for k, part in enumerate(mouth._parts)}
    hide = ROUNDED_HIDE_PX * scale
    out |= {f"hide_{k}": part.hide * hide for k, part in enumerate(mouth._parts)}
    out |= zip(("throat_x", "throat_y", "throat_depth"), plate._throat, strict=True)
    for name, box in (("head_cells", drawer._head_box), ("mouth_cells", drawer._mouth_box)):
        out |= _cells(name, box, skin)
    return out


def _refined(place: Place, bare: bool) -> Arrays:
    """What ``RefineGraph`` needs of a rig."""
    return {
        "region": np.append(place.region.corner, place.region.step),
        "neutral": place.neutral, "noise": place.noise, "bare": np.array([float(bare)]),
    }  # fmt: skip


def _cells(name: str, box: Rect, skin: Skin) -> dict[str, float]:
    """The nodes that rest in *box*, as ``Skin.cells_over`` counts them."""
    cell, (x0, y0) = skin.grid.cell_px, skin.rect[:2]
    return {
        f"{name}_x0": max(0, (box[0] - x0) // cell),
        f"{name}_y0": max(0, (box[1] - y0) // cell),
        f"{name}_x1": min(skin.grid.columns, -((x0 - box[2]) // cell)),
        f"{name}_y1": min(skin.grid.rows, -((y0 - box[3]) // cell)),
    }
