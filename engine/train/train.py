"""Train the motion network.

    python -m engine.train.train CORPUS HELD_OUT build/motion.pt --real build/real_lips.npz \\
        --minutes 60

Every example is heard through new rooms, noises and levels. A checkpoint is written every few
hundred steps and taken up again when the command is repeated. What is judged, kept and exported is
the running mean of the weights (Polyak averaging).
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.media import FloatArray
from engine.mel import decimate
from engine.motion.lips import opening
from engine.train.corpus import Utterance, load_all
from engine.train.data import mel_pairs
from engine.train.feed import Batch, Feed, Sources
from engine.train.losses import curve_loss, naming_loss
from engine.train.network import HIDDEN, MotionNetwork

REPORT_STEPS = 400
WARM_UP_STEPS = 8
"""A crop's first steps, whose past the network has not heard, do not count."""

RISE_STEPS = 100
"""The learning rate rises to its height over so many steps."""

LEAST_RATE = 0.25
"""Of the learning rate at the end: the mean of the weights does the rest, and with a lower one the
network knew its own voices better and others worse."""

MEAN_DECAY = 0.998


def predict(network: MotionNetwork, samples: FloatArray, steps: int) -> FloatArray:
    """Clipped coefficients of a whole recording at the engine's rate: (steps, len(SPEECH))."""
    pairs = torch.from_numpy(mel_pairs(decimate(samples), steps))[None]
    with torch.no_grad():
        given, _ = network(pairs, network.start())
    return np.asarray(np.clip(given[0, -steps:].numpy(), 0.0, 1.0), np.float32)


def opening_r(network: MotionNetwork, held_out: Sequence[Utterance]) -> float:
    """Correlation of lip opening with the teacher's, over all of *held_out*."""
    network.eval()
    given = [opening(predict(network, u.samples, u.steps)) for u in held_out]
    wanted = [opening(u.targets()) for u in held_out]
    return float(np.corrcoef(np.concatenate(given), np.concatenate(wanted))[0, 1])


class Trainer:
    """Network, the mean of its weights, optimiser, and where they are kept."""

    def __init__(self, checkpoint: Path, rate: float, seed: int) -> None:
        torch.manual_seed(seed)
        self.network, self.mean = MotionNetwork(HIDDEN), MotionNetwork(HIDDEN)
        self.mean.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=0.01)
        self.checkpoint = checkpoint
        self.steps = 0
        if checkpoint.exists():
            self._resume()

    def _resume(self) -> None:
        saved = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        self.network.load_state_dict(saved["raw"])
        self.mean.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.steps = saved["steps"]

    def save(self) -> None:
        """Write the checkpoint, never leaving half a file."""
        state = {
            "network": self.mean.state_dict(),
            "raw": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "hidden": self.network.hidden,
            "steps": self.steps,
        }
        partial = self.checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def set_rate(self, rate: float) -> None:
        """Learning rate of the next steps."""
        for group in self.optimiser.param_groups:
            group["lr"] = float(rate * min(1.0, (self.steps + 1) / RISE_STEPS))

    def _loss(self, batch: Batch) -> Tensor:
        mixed, _ = self.network.heard(
            torch.from_numpy(batch.pairs), self.network.start(len(batch.pairs))
        )
        mixed = mixed[:, -batch.targets.shape[1] :][:, WARM_UP_STEPS:]
        targets, weights, labels = (
            torch.from_numpy(part[:, WARM_UP_STEPS:])
            for part in (batch.targets, batch.weights, batch.labels)
        )
        return curve_loss(self.network.outlet(mixed), targets, weights) + naming_loss(
            self.network.naming(mixed), labels
        )

    def step(self, batch: Batch) -> float:
        """One step of the optimiser."""
        self.network.train()
        loss = self._loss(batch)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.steps += 1
        decay = min(MEAN_DECAY, (self.steps + 1) / (self.steps + 20))
        with torch.no_grad():
            for mean, raw in zip(self.mean.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(raw, 1.0 - decay)
        return float(loss.detach())


def train(arguments: argparse.Namespace) -> None:
    """Steps until the time is over."""
    trainer = Trainer(arguments.checkpoint, arguments.rate, arguments.seed)
    held_out = list(load_all(arguments.held_out, 240.0))
    feed = Feed(Sources(arguments.corpus, arguments.real, arguments.seed + trainer.steps))
    begin_s, span_s, losses = time.monotonic(), arguments.minutes * 60, list[float]()
    try:
        while (spent_s := time.monotonic() - begin_s) < span_s:
            left = 1.0 - spent_s / span_s
            trainer.set_rate(
                arguments.rate * (LEAST_RATE + (1 - LEAST_RATE) * np.sin(np.pi / 2 * left) ** 2)
            )
            losses.append(trainer.step(feed.next()))
            if trainer.steps % REPORT_STEPS == 0:
                trainer.save()
                r = opening_r(trainer.mean, held_out)
                print(  # noqa: T201  # the progress of a command
                    f"step {trainer.steps} loss {np.mean(losses):.4f} r {r:.4f} "
                    f"{spent_s / 60:.1f} min",
                    flush=True,
                )
                losses.clear()
    finally:  # broken off or done
        feed.close()
        trainer.save()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the motion network.")
    parser.add_argument("corpus", type=Path, help="folder of shards")
    parser.add_argument("held_out", type=Path, help="folder of shards of other voices")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--real", type=Path, help="recorded lips: engine.train.lip_fit")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    train(arguments)


if __name__ == "__main__":
    main()
