"""The same speech out of another kind of synthesiser: taken apart and put together by WORLD.

    python -m engine.train.revoice build/corpus/train/kokoro build/corpus/train/world
    python -m engine.train.revoice build/real_lips.npz build/real_lips_revoiced.npz

Statistical voices speak through a vocoder: their spectra are a few cepstra, blurred over time, and
their sound is a pulse train or noise. A network that has heard neural voices alone does not know
them. WORLD (Morise, Yokomori and Ozawa 2016, *WORLD: a vocoder-based high-quality speech synthesis
system for real-time applications*; package ``pyworld``, extra ``train``) gives pitch, envelope and
aperiodicity; each is changed at random. Times stay as they are, so the labels do too.
"""

import argparse
import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from engine.media import FloatArray
from engine.train import lip_fit

Doubles = NDArray[np.float64]
Rng = np.random.Generator

RATE_HZ: Final = 16_000
"""What training hears."""

FRAME_MS: Final = 5.0
CEPSTRA: Final = (16, 40)
"""How many cepstra describe an envelope; statistical voices have about 25."""

BLUR_S: Final = (0.0, 0.022)
"""Standard deviation of the blur over time."""

PITCH: Final = (0.55, 1.9)
MELODY: Final = (0.0, 1.6)
"""How much of the melody about the mean pitch is kept; 0 is a monotone."""

TRACT: Final = (0.84, 1.2)
"""Length of the vocal tract, against the speaker's."""


COPIES: Final = 4
"""Of every take of recorded lips."""


def _blurred(rng: Rng, envelope: Doubles, world: Any) -> Doubles:  # noqa: ANN401 -- no types
    """Few cepstra, and their blur over time."""
    size = (envelope.shape[1] - 1) * 2
    coded = world.code_spectral_envelope(envelope, RATE_HZ, int(rng.integers(*CEPSTRA)))
    blur = rng.uniform(*BLUR_S) * 1000 / FRAME_MS
    if blur > 0.3:
        coded = np.ascontiguousarray(ndimage.gaussian_filter1d(coded, blur, axis=0))
    return np.asarray(world.decode_spectral_envelope(coded, RATE_HZ, size))


def _stretched(envelope: Doubles, factor: float) -> Doubles:
    """The envelope of a vocal tract that is shorter (above 1) or longer."""
    bins = np.arange(envelope.shape[1])
    at = np.minimum(bins / factor, bins[-1])
    low = np.minimum(at.astype(int), bins[-1] - 1)
    part = at - low
    return np.ascontiguousarray(envelope[:, low] * (1 - part) + envelope[:, low + 1] * part)


def _breath(rng: Rng, aperiodicity: Doubles) -> Doubles:
    """How much of the sound is noise: as it was, a buzz, breathy, or a whisper."""
    kind = rng.random()
    if kind < 0.35:
        return aperiodicity
    if kind < 0.75:
        return np.ascontiguousarray(np.clip(aperiodicity * rng.uniform(0.0, 0.5), 1e-4, 1.0))
    if kind < 0.95:
        return np.ascontiguousarray(np.clip(aperiodicity + rng.uniform(0.1, 0.5), 0.0, 1.0))
    return np.ones_like(aperiodicity)


def revoiced(rng: Rng, samples: FloatArray) -> FloatArray:
    """Speech by another synthesiser, of the same length.

    Args:
        rng: where chance comes from.
        samples: shape (n,), at ``RATE_HZ``.
    """
    import pyworld

    sound = samples.astype(np.float64)
    rough, times = pyworld.dio(sound, RATE_HZ, frame_period=FRAME_MS)
    pitch = pyworld.stonemask(sound, rough, times, RATE_HZ)
    envelope = pyworld.cheaptrick(sound, pitch, times, RATE_HZ)
    aperiodicity = pyworld.d4c(sound, pitch, times, RATE_HZ)
    voiced = pitch > 0
    if voiced.any():
        mean = np.exp(np.mean(np.log(pitch[voiced])))
        melody = (pitch[voiced] / mean) ** rng.uniform(*MELODY)
        pitch[voiced] = np.clip(mean * rng.uniform(*PITCH) * melody, 55.0, 500.0)
    envelope = _stretched(_blurred(rng, envelope, pyworld), rng.uniform(*TRACT))
    out = pyworld.synthesize(pitch, envelope, _breath(rng, aperiodicity), RATE_HZ, FRAME_MS)
    out = np.resize(np.pad(out, (0, max(0, len(samples) - len(out)))), len(samples))
    return np.asarray(out * (np.abs(sound).max() / (np.abs(out).max() + 1e-9)), np.float32)


def revoice(source: Path, target: Path) -> None:
    """Write the shard *source* anew, its samples by another synthesiser."""
    with np.load(source) as shard:
        fields = {name: shard[name] for name in shard.files}
    samples = fields["samples"].astype(np.float32) / 32768.0
    rate_hz = int(fields["sample_rate_hz"])
    low = signal.resample_poly(samples, RATE_HZ, rate_hz).astype(np.float32)
    rng = np.random.default_rng(
        random.Random(f"{target.parent.name}/{source.name}").getrandbits(32)
    )
    new = revoiced(rng, low)
    fields |= {
        "samples": np.round(np.clip(new, -1, 1) * 32767).astype(np.int16),
        "sample_rate_hz": np.array(RATE_HZ),
        "voice": np.array(f"{fields['voice']} (WORLD)"),
    }
    partial = target.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, **fields)  # type: ignore[arg-type,unused-ignore]
    partial.replace(target)


def revoice_lips(source: Path, target: Path) -> None:
    """Recorded lips and ``COPIES`` more of each, by other voices: one speaker is too few."""
    takes, rng = lip_fit.load(source), np.random.default_rng(1)
    others = [
        replace(take, samples=revoiced(rng, take.samples)) for take in takes for _ in range(COPIES)
    ]
    lip_fit.write(target, takes + others)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Speak a corpus anew through a vocoder.")
    parser.add_argument("source", type=Path, help="folder of shards, or what lip_fit wrote")
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    if arguments.source.is_file():
        revoice_lips(arguments.source, arguments.target)
        return
    arguments.target.mkdir(parents=True, exist_ok=True)
    for path in sorted(arguments.source.glob("*.npz")):
        if not (arguments.target / path.name).exists():
            revoice(path, arguments.target / path.name)


if __name__ == "__main__":
    main()
