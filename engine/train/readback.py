"""Reading the sound back from the mouth: how much of what is said can be seen.

    python -m engine.train.readback build/corpus/train engine/weights/readback.npz

Sounds fall into the fifteen visemes of the Oculus lip sync reference. A small network reads the
viseme of a step from the mouth curves around it; its like reads it from the loudness alone. Both
are fitted on training voices that speak through the shipped stream, and kept beside its weights:
fit them again whenever those change.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.media import FloatArray
from engine.motion.stream import WEIGHTS
from engine.runtime import checksums
from engine.timeline import MOTION_RATE_HZ, MOTION_STEP_SAMPLES, SAMPLE_RATE_HZ
from engine.train import teacher
from engine.train.corpus import Utterance, load_all
from engine.train.evaluate import curves
from engine.train.teacher import Phone
from engine.train.visemes import DIPHTHONGS, SILENCE, VISEMES

DECODER: Final = WEIGHTS.with_name("readback.npz")

CLASSES: Final = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou",
)  # fmt: skip
"""As in the viseme reference of Oculus Lipsync."""

SOUNDS: Final[dict[str, str]] = {
    "PP": "pbmɸβ", "FF": "fvʋ", "TH": "θð", "DD": "tdɖʈTɾɽ", "kk": "kɡgxɣqχchɦʔɟ",
    "CH": "ʃʒʧʤʂꭧɻʐɕʨʥçʝʑS", "SS": "szʦʣ", "nn": "nɳŋɲɴlʎɫ", "RR": "ɹrʁɚɝ", "aa": "ɑaɐæ",
    "E": "eɛʌəᵊᵻɘɜɤɰ", "ih": "ɪiɨjyʏɥ", "oh": "ɒɔoøœɵ", "ou": "ʊuwʍᵝɯ",
}  # fmt: skip
"""Symbols of ``engine.train.visemes`` by class. The reference names one or two English sounds of
each class; the others went to the class whose mouth they share."""

CLASS_OF: Final[dict[str, int]] = {
    symbol: CLASSES.index(name) for name, symbols in SOUNDS.items() for symbol in symbols
}

REACH_STEPS: Final = 6
"""120 ms before and after a step are seen."""

HIDDEN: Final = 128
ROUNDS: Final = 12
BATCH: Final = 512
SEED: Final = 1
KEPT_OUT: Final = 8
"""One utterance in so many does not fit but judges."""


class ReadbackError(Exception):
    """There is no decoder; the message has the remedy."""


Labels = npt.NDArray[np.int64]
Features = Callable[[Utterance], FloatArray]


def labels(phones: Sequence[Phone], steps: int, class_of: Mapping[str, int] = CLASS_OF) -> Labels:
    """The class of every motion step, shape (steps,): indices of ``CLASSES``."""
    times = np.arange(steps) / MOTION_RATE_HZ
    symbols = iter(
        c for p in phones for c in "".join(DIPHTHONGS.get(s, s) for s in p.symbol) if c in VISEMES
    )
    out = np.zeros(steps, np.int64)
    for segment in teacher.segments_of(phones, steps / MOTION_RATE_HZ):
        label = 0 if segment.viseme is SILENCE else class_of[next(symbols)]
        low, high = np.searchsorted(times, (segment.start_s, segment.end_s))
        out[low:high] = label
    return out


def loudness(samples: FloatArray) -> FloatArray:
    """Level of every motion step below the loudest of the recording, in units of 20 dB."""
    blocks = samples[: len(samples) // MOTION_STEP_SAMPLES * MOTION_STEP_SAMPLES]
    power = np.mean(blocks.reshape(-1, MOTION_STEP_SAMPLES) ** 2, axis=1)
    level = np.log10(power + 1e-8)
    return np.asarray((level - level.max(initial=-8.0))[:, None] / 2, np.float32)


def windows(curves: FloatArray) -> FloatArray:
    """Each step with its neighbours, shape (steps, (2 * REACH_STEPS + 1) * columns)."""
    padded = np.pad(curves, ((REACH_STEPS, REACH_STEPS), (0, 0)), mode="edge")
    seen = [padded[k : k + len(curves)] for k in range(2 * REACH_STEPS + 1)]
    return np.concatenate(seen, axis=1)


@dataclass(frozen=True, slots=True)
class Decoder:
    """Two layers: window to hidden (rectified), hidden to the score of each class."""

    mean: FloatArray
    scale: FloatArray
    hidden: FloatArray
    hidden_bias: FloatArray
    out: FloatArray
    out_bias: FloatArray

    def read(self, curves: FloatArray) -> Labels:
        """The class of every step of *curves* (steps, columns)."""
        seen = (windows(curves) - self.mean) / self.scale
        held = np.maximum(seen @ self.hidden + self.hidden_bias, 0.0)
        return np.asarray(np.argmax(held @ self.out + self.out_bias, axis=1), np.int64)

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.float16]]:
        """For a file, halved in precision."""
        names = type(self).__dataclass_fields__
        return {f"{prefix}.{name}": getattr(self, name).astype(np.float16) for name in names}


@dataclass(frozen=True, slots=True)
class Decoders:
    """One that sees the mouth, one that only hears how loud it is."""

    mouth: Decoder
    energy: Decoder


def load(path: Path = DECODER) -> Decoders:
    """Read what ``save`` wrote.

    Raises:
        ReadbackError: no such file.
        DamageError: the one that ships is not as it was made.
    """
    checksums.check(path)
    if not path.is_file():
        raise ReadbackError(f"no decoder at {path}: python -m engine.train.readback CORPUS {path}")
    with np.load(path) as data:
        read = {key: data[key].astype(np.float32) for key in data.files}
    names = Decoder.__dataclass_fields__
    mouth, energy = (
        Decoder(*(read[f"{prefix}.{name}"] for name in names)) for prefix in ("mouth", "energy")
    )
    return Decoders(mouth, energy)


def save(decoders: Decoders, path: Path) -> None:
    """Write both."""
    with path.open("wb") as file:
        arrays: dict[str, Any] = decoders.mouth.arrays("mouth") | decoders.energy.arrays("energy")
        np.savez_compressed(file, **arrays)


def accuracy(read: Sequence[Labels], said: Sequence[Labels]) -> float:
    """Share of steps read right."""
    pairs = list(zip(read, said, strict=True))
    return float(np.mean(np.concatenate([r == s[: len(r)] for r, s in pairs])))


def fit(seen: Sequence[FloatArray], said: Sequence[Labels]) -> Decoder:
    """Fit a decoder.

    Args:
        seen: curves (steps, columns) of each recording.
        said: their labels.
    """
    import torch

    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # the same sums in the same order
    x = np.concatenate([windows(each) for each in seen])
    y = torch.from_numpy(np.concatenate([s[: len(v)] for s, v in zip(said, seen, strict=True)]))
    mean, scale = x.mean(axis=0), x.std(axis=0) + np.float32(0.02)
    inputs = torch.from_numpy((x - mean) / scale)
    network: Any = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Dropout(0.2),
        torch.nn.Linear(HIDDEN, len(CLASSES)),
    )  # fmt: skip
    _descend(network, inputs, y)
    first, last = (
        [p.detach().numpy() for p in (layer.weight.T, layer.bias)]
        for layer in (network[0], network[3])
    )
    return Decoder(mean, scale, *first, *last)


def _descend(network: Any, inputs: Any, y: Any) -> None:  # noqa: ANN401 -- torch is not seen
    import torch

    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3, weight_decay=1e-5)
    count = len(inputs) // BATCH * BATCH or len(inputs)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimiser, ROUNDS * max(1, count // BATCH)
    )
    for _ in range(ROUNDS):
        order = torch.randperm(len(inputs))
        for start in range(0, count, BATCH):
            rows = order[start : start + BATCH]
            loss: Any = torch.nn.functional.cross_entropy(network(inputs[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def make(corpus: Path, out: Path, minutes: float) -> dict[str, float]:
    """Fit both decoders on *corpus* and write them; their accuracy on what they did not see."""
    spoken = list(load_all(corpus, minutes * 60))
    said = [labels(u.phones, u.steps) for u in spoken]
    views = {
        "mouth": [curves(u.samples) for u in spoken],
        "energy": [loudness(u.samples) for u in spoken],
    }
    judging = np.arange(len(spoken)) % KEPT_OUT == KEPT_OUT - 1
    fit_on, judge_on = np.flatnonzero(~judging), np.flatnonzero(judging)
    fitted, figures = {}, {"minutes": sum(len(u.samples) for u in spoken) / SAMPLE_RATE_HZ / 60}
    for name, seen in views.items():
        fitted[name] = fit([seen[i] for i in fit_on], [said[i] for i in fit_on])
        if len(judge_on):
            read = [fitted[name].read(seen[i]) for i in judge_on]
            figures[name] = accuracy(read, [said[i] for i in judge_on])
    save(Decoders(**fitted), out)
    return figures


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Fit the reader of visemes.")
    parser.add_argument("corpus", type=Path, help="folder of shards of training voices")
    parser.add_argument("out", type=Path, nargs="?", default=DECODER)
    parser.add_argument("--minutes", type=float, default=40.0, help="of speech at most")
    arguments = parser.parse_args()
    for name, value in make(arguments.corpus, arguments.out, arguments.minutes).items():
        print(f"{name:12} {value:.4g}")  # noqa: T201  # what the command is for


if __name__ == "__main__":
    main()
