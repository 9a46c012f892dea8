"""What the motion network is punished for."""

import torch
from torch import Tensor
from torch.nn import functional

from engine.motion.lips import FULL_GAP, GAP, SPEECH, SPEECH_INDEX

WEIGHTS = {"jawOpen": 2.0, "mouthClose": 2.0, "mouthPucker": 1.3, "mouthFunnel": 1.3}
VELOCITY_WEIGHT = 2.0
OPENING_WEIGHT = 0.45
CLOSURE_WEIGHT = 4.0
CONTACT_WEIGHT = 1.5
SHAPE_WEIGHT = 0.25
"""Of one minus the correlation of the opening over a crop: right whatever the speaker's scale."""

NAMING_WEIGHT = 0.03

_GAP = torch.tensor([GAP[name] for name in SPEECH]) / FULL_GAP
_WEIGHT = torch.tensor([WEIGHTS.get(name, 1.0) for name in SPEECH])
_PRESS, _ROLL = SPEECH_INDEX["mouthPress"], SPEECH_INDEX["mouthRollLower"]
MOVING = 0.05
"""A crop whose opening varies less than this has no shape to compare."""


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1.0)


def _opening(curves: Tensor) -> Tensor:
    return (curves @ _GAP).clamp(min=0.0)


def _unlike(given: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """One minus Pearson's r of every crop that moves, (batch, steps) each."""
    total = weights.sum(dim=1, keepdim=True).clamp(min=1.0)
    a = given - (given * weights).sum(dim=1, keepdim=True) / total
    b = wanted - (wanted * weights).sum(dim=1, keepdim=True) / total
    across = (a * b * weights).sum(dim=1)
    size_a = ((a * a * weights).sum(dim=1) + 1e-3).sqrt()
    size_b = ((b * b * weights).sum(dim=1) + 1e-3).sqrt()
    moves = (size_b / total[:, 0].sqrt() > MOVING).float()
    return ((1.0 - across / (size_a * size_b)) * moves).sum() / moves.sum().clamp(min=1.0)


def curve_loss(given: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Error of positions, velocities and lip opening, and fines on missed contacts.

    Below zero is as good as zero where zero is wanted: the live path clips.

    Args:
        given: (batch, steps, len(SPEECH)).
        wanted: the same shape.
        weights: (batch, steps).
    """
    given = torch.where((wanted <= 0.0) & (given < 0.0), given * 0.05, given)
    error = given - wanted
    position = _mean(((0.5 * error.abs() + 5.0 * error**2) * _WEIGHT).mean(dim=-1), weights)
    velocity = _mean((error.diff(dim=1).abs() * _WEIGHT).mean(dim=-1), weights[:, 1:])
    gap, wanted_gap = _opening(given), _opening(wanted)
    closed = (wanted[..., _PRESS] > 0.25).float()
    touching = (wanted[..., _ROLL] > 0.3).float()
    lacking = (wanted - given).clamp(min=0.0)
    return (
        position
        + VELOCITY_WEIGHT * velocity
        + OPENING_WEIGHT * _mean((gap - wanted_gap).abs(), weights)
        + CLOSURE_WEIGHT * _mean((gap - 0.03).clamp(min=0.0) * closed, weights)
        + CONTACT_WEIGHT
        * _mean(lacking[..., _ROLL] * touching + lacking[..., _PRESS] * closed, weights)
        + SHAPE_WEIGHT * _unlike(gap, wanted_gap, weights)
    )


def naming_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the viseme that sounds; labels (batch, steps), below 0 where unknown."""
    return NAMING_WEIGHT * functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=-1, label_smoothing=0.05
    )
