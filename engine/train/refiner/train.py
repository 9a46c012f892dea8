"""Train the refiner.

    python -m engine.train.refiner.train --data SHARDS --out build/refiner_small --size small \\
        --minutes 60 --threads 1

Half of the pairs are seen at time 0, where one step begins and ends; the others on the way to the
network's own estimate, as the sampler will be. A checkpoint is written every other minute, taken up
again with ``--resume``. What is judged and exported is the running mean of the weights (Polyak).
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from engine.synthesis.refiner import BOUND
from engine.train.refiner import data, losses
from engine.train.refiner.log import Log
from engine.train.refiner.network import RESIDUAL_GREY, SHAPES, Conditions, Refiner, sample
from engine.train.refiner.split import held_out, learnt
from engine.train.refiner.steady import Steady

REPORT_STEPS: Final = 50
RATES: Final = {"small": 8e-4, "large": 3e-4}
RISE_STEPS: Final = 100
"""The learning rate rises to its height over so many steps."""
LEAST_RATE: Final = 0.02
"""Of the learning rate at the end."""
STRENGTH: Final = (0.5, 1.3)
"""Of estimates that further steps learn from."""
MEAN_DECAY: Final = 0.998
KEEP_S: Final = 120.0
"""A checkpoint so often."""
JUDGE_S: Final = 300.0
"""Judged so often."""
JUDGED: Final = {"small": 80, "large": 40}
"""Samples of the held-out portraits."""
STEPS: Final = (0, 1, 2, 4)
LONG_STEPS: Final = 20
"""Judged at the end only: they take their time."""


def psnr(square: Tensor) -> float:
    """In dB, of squared errors in grey levels."""
    return float(10 * torch.log10(255.0**2 / square.mean().clamp(min=1e-9)))


class Trainer:
    """Network, the mean of its weights, optimiser, and where they are kept."""

    def __init__(self, size: str, rate: float, noise: float, seed: int) -> None:
        torch.manual_seed(seed)
        self.size, self.rate, self.noise = size, rate, noise
        self.network, self.mean = Refiner(SHAPES[size]), Refiner(SHAPES[size])
        self.network.to(memory_format=torch.channels_last)
        self.mean.to(memory_format=torch.channels_last)
        self.mean.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=rate, betas=(0.9, 0.99), weight_decay=1e-3
        )
        self.generator = torch.Generator().manual_seed(seed)
        self.steps, self.spent_s = 0, 0.0
        self.steady = Steady()

    def resume(self, path: Path) -> None:
        """Go on where a checkpoint ended.

        Raises:
            ValueError: it is of another size.
        """
        saved = torch.load(path, map_location="cpu", weights_only=True)
        if saved["size"] != self.size:
            raise ValueError(f"{path} is a {saved['size']} refiner: give --size {saved['size']}")
        self.network.load_state_dict(saved["raw"])
        self.mean.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.steps, self.spent_s, self.noise = saved["steps"], saved["spent_s"], saved["noise"]
        self.steady = Steady(saved.get("usual"))
        self.generator.manual_seed(self.steps)

    def begin_from(self, path: Path) -> None:
        """Begin with what a smaller network learnt.

        Raises:
            ValueError: the checkpoint is of another size.
        """
        saved = torch.load(path, map_location="cpu", weights_only=True)
        if saved["size"] != "small":
            raise ValueError(f"{path} is a {saved['size']} refiner: give a small one's checkpoint")
        self.network.begin_from(saved["network"])
        self.mean.load_state_dict(self.network.state_dict())

    def save(self, path: Path) -> None:
        """Write the checkpoint, never leaving half a file."""
        state = {
            "size": self.size,
            "noise": self.noise,
            "network": self.mean.state_dict(),
            "raw": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "steps": self.steps,
            "spent_s": self.spent_s,
            "usual": self.steady.usual,
        }
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def set_rate(self, spent: float) -> None:
        """Learning rate after the share *spent* of the time: up in a line, down in a cosine."""
        fall = LEAST_RATE + (1 - LEAST_RATE) * np.cos(np.pi / 2 * min(1.0, spent)) ** 2
        for group in self.optimiser.param_groups:
            group["lr"] = float(self.rate * fall * min(1.0, (self.steps + 1) / RISE_STEPS))

    def noised(self, like: Tensor) -> Tensor:
        """Noise as *like*, (batch, 6, grid, grid), the same for both frames of a pair."""
        half = (len(like) // 2, *like.shape[1:])
        return (torch.randn(half, generator=self.generator) * self.noise).repeat_interleave(2, 0)

    def states(self, noise: Tensor, batch: data.Batch) -> tuple[Tensor, Tensor]:
        """States as *noise* and their times (batch, 1).

        The first half of the pairs is at time 0; the others are on the way from the noise to what
        the network makes of it, as the sampler will be: on the way to the truth the network would
        learn to believe a state that it never meets, and further steps would do harm.
        """
        pairs = len(noise) // 2
        times = torch.rand(pairs, 1, generator=self.generator)
        times[: (pairs + 1) // 2] = 0.0
        times = times.repeat_interleave(2, 0)
        aim = batch.residual.clone()
        own = slice(2 * ((pairs + 1) // 2), None)
        given = Conditions(*(each[own] for each in batch.given))
        if len(given.mask):
            with torch.no_grad():
                made = self._estimate(noise[own], torch.zeros_like(times[own]), given)
                aim[own] = self._worsened(made)
        at = times[..., None, None]
        return (1 - at) * noise + at * aim, times

    def _worsened(self, made: Tensor) -> Tensor:
        """Estimates as faces that were never seen get them: too weak, too strong, or blurred."""
        pairs = (len(made) // 2, 1, 1, 1)
        low, high = STRENGTH
        strength = low + (high - low) * torch.rand(pairs, generator=self.generator)
        blurred = torch.rand(pairs, generator=self.generator) < 0.5
        strength, blurred = (each.repeat_interleave(2, 0) for each in (strength, blurred))
        made = made.float().clamp(-BOUND, BOUND)
        smooth = torch.nn.functional.avg_pool2d(made, 3, 1, 1)
        return torch.where(blurred, smooth, made) * strength

    def _estimate(self, state: Tensor, times: Tensor, given: Conditions) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.network(state, times, given)

    def step(self, batch: data.Batch) -> dict[str, float]:
        """One step of the optimiser; the losses by name, and the gradient's length."""
        state, times = self.states(self.noised(batch.residual), batch)
        clean = self._estimate(state, times, batch.given)
        each = losses.parts(clean, batch.residual, batch.given.picture, batch.given.mask)
        self.optimiser.zero_grad()
        losses.total(each).backward()
        length = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.steady.longest)
        if self.steady.allows(float(length)):  # else one bad sample would undo all that was learnt
            self.optimiser.step()
            self._average()
        self.steps += 1
        return {name: float(value.detach()) for name, value in each.items()} | {
            "gradient": float(length)
        }

    def _average(self) -> None:
        """Let the mean follow the weights: closely at first."""
        decay = min(MEAN_DECAY, (self.steps + 1) / (self.steps + 20))
        with torch.no_grad():
            for mean, raw in zip(self.mean.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(raw, 1.0 - decay)

    def judge(self, batch: data.Batch, steps: tuple[int, ...]) -> dict[str, float]:
        """Luma against the truth in dB, by steps, of all and (``seen``) inside the mouth."""
        noise = torch.randn(batch.residual.shape, generator=torch.Generator().manual_seed(7))
        inside = torch.nn.functional.interpolate(batch.given.mask[:, :1], scale_factor=2.0) > 0.5
        found: dict[str, float] = {}
        for count in steps:
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                made = [
                    sample(self.mean, noise[i : i + 8] * self.noise, _part(batch, i), count)
                    for i in range(0, len(noise), 8)
                ]
            error = losses.luma(torch.cat(made) - batch.residual) * RESIDUAL_GREY
            found[f"psnr_{count}"] = psnr(error.square())
            if inside.any():
                found[f"seen_{count}"] = psnr(error[inside].square())
        return found


def _part(batch: data.Batch, start: int) -> Conditions:
    return Conditions(*(each[start : start + 8] for each in batch.given))


class Course:
    """One training: steps until the time is over, kept, judged and told of as it goes."""

    def __init__(self, trainer: Trainer, judged: data.Batch, out: Path) -> None:
        self.trainer, self.judged, self.out = trainer, judged, out
        self.log = Log(out / "log.jsonl")
        self._kept_s = self._judged_s = trainer.spent_s
        self._height = float("-inf")
        self._sums: dict[str, list[float]] = defaultdict(list)

    def run(self, feed: Iterator[data.Batch], span_s: float) -> None:
        """Until *span_s* are spent; what was spent before counts."""
        trainer, begin_s = self.trainer, time.monotonic() - self.trainer.spent_s
        try:
            while trainer.spent_s < span_s:
                trainer.set_rate(trainer.spent_s / span_s)
                self._note(trainer.step(next(feed)))
                trainer.spent_s = time.monotonic() - begin_s
                self._keep()
                self._judge()
        finally:  # broken off or done
            trainer.save(self.out / "last.pt")
        self._tell(trainer.judge(self.judged, (*STEPS, LONG_STEPS)))

    def _tell(self, found: dict[str, float]) -> None:
        self.log(steps=self.trainer.steps, spent_s=self.trainer.spent_s, **found)

    def _note(self, losses_now: dict[str, float]) -> None:
        for name, value in losses_now.items():
            self._sums[name].append(value)
        if self.trainer.steps % REPORT_STEPS == 0:
            self._tell({name: float(np.mean(values)) for name, values in self._sums.items()})
            self._sums.clear()

    def _keep(self) -> None:
        if self.trainer.spent_s - self._kept_s > KEEP_S:
            self._kept_s = self.trainer.spent_s
            self.trainer.save(self.out / "last.pt")

    def _judge(self) -> None:
        if self.trainer.spent_s - self._judged_s <= JUDGE_S:
            return
        self._judged_s = self.trainer.spent_s
        self._tell(found := self.trainer.judge(self.judged, STEPS))
        if found["psnr_1"] > self._height:
            self._height = found["psnr_1"]
            self.trainer.save(self.out / "best.pt")


def train(arguments: argparse.Namespace) -> None:
    """Load the shards and train, or go on training."""
    shards, side_px = data.paths(arguments.data), SHAPES[arguments.size].side_px
    portraits = [data.load(shards[name], side_px) for name in learnt(shards)]
    judges = [data.load(shards[name], side_px) for name in held_out(shards)] or portraits
    trainer = Trainer(arguments.size, arguments.rate, data.spread(portraits), arguments.seed)
    if arguments.resume and (last := arguments.out / "last.pt").exists():
        trainer.resume(last)
    elif arguments.start:
        trainer.begin_from(arguments.start)
    course = Course(trainer, data.judges(judges, JUDGED[arguments.size]), arguments.out)
    course.log(
        portraits=len(portraits), pairs=sum(who.pairs for who in portraits), judges=len(judges),
        noise=trainer.noise, steps=trainer.steps,
    )  # fmt: skip
    feed = data.feed(portraits, arguments.pairs, arguments.seed + trainer.steps)
    course.run(feed, arguments.minutes * 60)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the refiner.")
    parser.add_argument("--data", type=Path, required=True, help="folder of shards")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints and log")
    parser.add_argument("--size", choices=list(SHAPES), default="small")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--pairs", type=int, default=8, help="of frames in a batch")
    parser.add_argument("--rate", type=float, help=f"of learning; by size: {RATES}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start", type=Path, help="a small network's checkpoint to begin with")
    parser.add_argument("--resume", action="store_true", help="take up the last checkpoint")
    arguments = parser.parse_args()
    if arguments.start and (arguments.size != "large" or arguments.resume):
        parser.error("--start begins a training of --size large anew: leave out --resume")
    if arguments.start and not arguments.start.is_file():
        parser.error(f"--start: no {arguments.start}: give last.pt of a training of --size small")
    arguments.rate = arguments.rate or RATES[arguments.size]
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    train(arguments)


if __name__ == "__main__":
    main()
