"""Train the motion network.

    python -m engine.train.train CORPUS HELD_OUT build/motion.pt --minutes 30

Every round lays new rooms, noises and levels over the corpus. The checkpoint is written after each
round and taken up again when the command is repeated.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.media import FloatArray
from engine.motion.lips import FULL_GAP, GAP, SPEECH, SPEECH_INDEX, opening
from engine.train.corpus import Utterance, load_all
from engine.train.data import Example, Examples, mel_pairs, total_s
from engine.train.network import HIDDEN, MotionNetwork

BATCH = 16
EPOCHS_PER_ROUND = 5
WARM_UP_STEPS = 5
"""A crop's first steps, whose past the network has not heard, do not count."""

WEIGHTS = {"jawOpen": 2.0, "mouthClose": 2.0, "mouthPucker": 1.3, "mouthFunnel": 1.3}
VELOCITY_WEIGHT = 2.0
OPENING_WEIGHT = 1.5
CLOSURE_WEIGHT = 8.0
CONTACT_WEIGHT = 3.0

_GAP = torch.tensor([GAP[name] for name in SPEECH]) / FULL_GAP
_WEIGHT = torch.tensor([WEIGHTS.get(name, 1.0) for name in SPEECH])
_PRESS, _ROLL = SPEECH_INDEX["mouthPress"], SPEECH_INDEX["mouthRollLower"]


def loss_of(given: Tensor, wanted: Tensor) -> Tensor:
    """Error of positions, velocities and lip opening, and fines on missed contacts.

    Below zero is as good as zero where zero is wanted: the live path clips.
    """
    given = torch.where((wanted <= 0.0) & (given < 0.0), given * 0.05, given)
    error = given - wanted
    position = ((0.5 * error.abs() + 5.0 * error**2) * _WEIGHT).mean()
    velocity = (error.diff(dim=1).abs() * _WEIGHT).mean()
    gap = (given @ _GAP).clamp(min=0.0)
    wanted_gap = (wanted @ _GAP).clamp(min=0.0)
    closed = (wanted[..., _PRESS] > 0.25).float()
    missed = ((gap - 0.03).clamp(min=0.0) * closed).mean()
    lacking = (wanted - given).clamp(min=0.0)
    touching = (wanted[..., _ROLL] > 0.3).float()
    untouched = (lacking[..., _ROLL] * touching + lacking[..., _PRESS] * closed).mean()
    opened = (gap - wanted_gap).abs().mean()
    return (
        position
        + VELOCITY_WEIGHT * velocity
        + OPENING_WEIGHT * 0.3 * opened
        + CLOSURE_WEIGHT * missed
        + CONTACT_WEIGHT * untouched
    )


def _batches(examples: Sequence[Example], rng: np.random.Generator) -> list[list[Example]]:
    order = rng.permutation(len(examples))
    usable = len(order) // BATCH * BATCH or len(order)
    groups = np.array_split(order[:usable], max(1, usable // BATCH))
    return [[examples[i] for i in group] for group in groups]


def predict(network: MotionNetwork, samples: FloatArray, steps: int) -> FloatArray:
    """Clipped coefficients of a whole recording, shape (steps, len(SPEECH))."""
    pairs = torch.from_numpy(mel_pairs(samples, steps))[None]
    with torch.no_grad():
        given, _ = network(pairs, network.start())
    return np.asarray(np.clip(given[0, -steps:].numpy(), 0.0, 1.0), np.float32)


def opening_r(network: MotionNetwork, held_out: Sequence[Utterance]) -> float:
    """Correlation of lip opening with the teacher's, over all of *held_out*."""
    network.eval()
    given = [opening(predict(network, u.samples, u.steps)) for u in held_out]
    wanted = [opening(u.targets()) for u in held_out]
    network.train()
    return float(np.corrcoef(np.concatenate(given), np.concatenate(wanted))[0, 1])


class Trainer:
    """Network, optimiser and where they are kept."""

    def __init__(self, checkpoint: Path, rate: float, seed: int) -> None:
        torch.manual_seed(seed)
        self.network = MotionNetwork(HIDDEN)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=0.01)
        self.checkpoint = checkpoint
        self.rounds = 0
        if checkpoint.exists():
            self._resume()

    def _resume(self) -> None:
        saved = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        self.network.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.rounds = saved["rounds"]

    def save(self) -> None:
        """Write the checkpoint, never leaving half a file."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "hidden": self.network.hidden,
            "rounds": self.rounds,
        }
        partial = self.checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def set_rate(self, rate: float) -> None:
        """Learning rate of the next steps."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def step(self, batch: Sequence[Example]) -> float:
        """One step of the optimiser."""
        pairs = torch.from_numpy(np.stack([e.pairs for e in batch]))
        targets = torch.from_numpy(np.stack([e.targets for e in batch]))
        given, _ = self.network(pairs, self.network.start(len(batch)))
        given = given[:, -targets.shape[1] :]
        loss = loss_of(given[:, WARM_UP_STEPS:], targets[:, WARM_UP_STEPS:])
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        return float(loss.detach())


def train(arguments: argparse.Namespace) -> None:
    """Rounds until the time is over."""
    rng = np.random.default_rng(arguments.seed)
    trainer = Trainer(arguments.checkpoint, arguments.rate, arguments.seed)
    held_out = list(load_all(arguments.held_out, 300.0))
    begin_s = time.monotonic()
    span_s = arguments.minutes * 60
    while (spent_s := time.monotonic() - begin_s) < span_s:
        corpus = list(load_all(arguments.corpus))  # anew: it may still be growing
        examples = Examples(corpus, arguments.seed + trainer.rounds).round()
        losses = []
        for batch in (b for _ in range(EPOCHS_PER_ROUND) for b in _batches(examples, rng)):
            left = max(0.0, 1.0 - (time.monotonic() - begin_s) / span_s)
            trainer.set_rate(arguments.rate * (0.03 + 0.97 * min(1.0, 1.6 * left)))
            losses.append(trainer.step(batch))
        trainer.rounds += 1
        trainer.save()
        r = opening_r(trainer.network, held_out)
        print(  # noqa: T201  # the progress of a command
            f"round {trainer.rounds} corpus {total_s(corpus) / 60:.1f} min "
            f"loss {np.mean(losses):.4f} r {r:.4f} {spent_s / 60:.1f} min",
            flush=True,
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the motion network.")
    parser.add_argument("corpus", type=Path, help="folder of shards")
    parser.add_argument("held_out", type=Path, help="folder of shards of other voices")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    train(arguments)


if __name__ == "__main__":
    main()
