"""What the mouth aims at for every phoneme of Kokoro's English and Mandarin.

Targets are coefficients of ``engine.motion.lips.SPEECH``. Weights say how strongly a phoneme claims
each group of articulators against its neighbours (the dominance of Cohen and Massaro, *Modeling
coarticulation in synthetic visual speech*, 1993). Which phonemes must close the lips, must touch
the teeth, or leave the lips to their neighbours follows JALI (Edwards, Landreth, Fiume and Singh,
*JALI: an animator-centric viseme model for expressive lip synchronization*, 2016).
"""

from dataclasses import dataclass, field
from typing import Final

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "jaw": ("jawOpen",),
    "round": ("mouthFunnel", "mouthPucker"),
    "spread": ("mouthStretch", "mouthSmile", "mouthDimple"),
    "lips": ("mouthUpperUp", "mouthLowerDown"),
}
"""Articulators that blend by dominance. All other coefficients only serve contacts."""


@dataclass(frozen=True, slots=True)
class Viseme:
    """The aim of one phoneme."""

    name: str
    targets: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    """Dominance by group of ``GROUPS``; 1 is a plain vowel's."""
    vowel: bool = False
    contact: str = ""
    """``bilabial``, ``labiodental`` or empty."""


def _vowel(name: str, weight: float = 1.0, /, **targets: float) -> Viseme:
    weights = dict.fromkeys(GROUPS, weight)
    if targets.get("mouthPucker", 0.0) + targets.get("mouthFunnel", 0.0) > 0.2:
        weights["round"] = 1.6 * weight
    return Viseme(name, targets, weights, vowel=True)


def _consonant(
    name: str, jaw: float, lip_round: float, spread: float, lips: float, /, **targets: float
) -> Viseme:
    weights = {"jaw": jaw, "round": lip_round, "spread": spread, "lips": lips}
    return Viseme(name, targets, weights)


SILENCE: Final = Viseme("sil", {}, {"jaw": 0.12, "round": 1.0, "spread": 0.4, "lips": 0.4})
"""Lips come to rest after the sound has ended, and open before the jaw speaks."""

OPEN_BACK = _vowel("aa", jawOpen=0.42, mouthLowerDown=0.28, mouthUpperUp=0.10)
OPEN = _vowel("a", jawOpen=0.41, mouthLowerDown=0.32, mouthUpperUp=0.13, mouthStretch=0.08)
NEAR_OPEN = _vowel("ae", jawOpen=0.37, mouthLowerDown=0.34, mouthUpperUp=0.18, mouthStretch=0.16)
CENTRAL = _vowel("ah", jawOpen=0.32, mouthLowerDown=0.26, mouthUpperUp=0.12)
OPEN_ROUND = _vowel("oh", jawOpen=0.36, mouthFunnel=0.24, mouthPucker=0.12, mouthLowerDown=0.12)
MID_ROUND = _vowel("ao", jawOpen=0.30, mouthFunnel=0.28, mouthPucker=0.22, mouthLowerDown=0.10)
CLOSE_MID_ROUND = _vowel(
    "ow", jawOpen=0.28, mouthFunnel=0.26, mouthPucker=0.42, mouthLowerDown=0.06, mouthUpperUp=0.04
)
NEAR_CLOSE_ROUND = _vowel(
    "uh", jawOpen=0.12, mouthFunnel=0.24, mouthPucker=0.44, mouthLowerDown=0.06
)
CLOSE_ROUND = _vowel("uw", 1.4, jawOpen=0.08, mouthFunnel=0.24, mouthPucker=0.72)
FRONT_ROUND = _vowel("yu", 1.4, jawOpen=0.08, mouthFunnel=0.20, mouthPucker=0.76)
FRONT_MID_ROUND = _vowel("oe", jawOpen=0.22, mouthFunnel=0.30, mouthPucker=0.46)
CLOSE_MID = _vowel(
    "ey", 1.2, jawOpen=0.30, mouthLowerDown=0.30, mouthUpperUp=0.19, mouthStretch=0.20,
    mouthSmile=0.08,
)  # fmt: skip
OPEN_MID = _vowel("eh", jawOpen=0.34, mouthLowerDown=0.30, mouthUpperUp=0.18, mouthStretch=0.14)
NEAR_CLOSE = _vowel(
    "ih", 0.9, jawOpen=0.27, mouthLowerDown=0.29, mouthUpperUp=0.19, mouthStretch=0.17,
    mouthSmile=0.04,
)  # fmt: skip
CLOSE = _vowel(
    "iy", jawOpen=0.20, mouthLowerDown=0.38, mouthUpperUp=0.24, mouthStretch=0.28, mouthSmile=0.13,
    mouthDimple=0.06,
)  # fmt: skip
APICAL = _vowel("zhi", jawOpen=0.14, mouthLowerDown=0.32, mouthUpperUp=0.20, mouthStretch=0.17)
BACK_UNROUND = _vowel("e", jawOpen=0.27, mouthLowerDown=0.24, mouthUpperUp=0.12, mouthStretch=0.10)
SCHWA = _vowel("ax", 0.5, jawOpen=0.25, mouthLowerDown=0.21, mouthUpperUp=0.13)
RHOTIC = _vowel("er", jawOpen=0.20, mouthFunnel=0.24, mouthPucker=0.22, mouthLowerDown=0.12)

BILABIAL = Viseme("pbm", {}, {"jaw": 1.5}, contact="bilabial")
LABIODENTAL = Viseme("fv", {}, {"jaw": 1.5}, contact="labiodental")
GLIDE_ROUND = _consonant("w", 1.8, 3.0, 0.8, 2.4, jawOpen=0.02, mouthFunnel=0.05, mouthPucker=0.82)
GLIDE_FRONT_ROUND = _consonant(
    "hu", 1.6, 2.6, 0.8, 2.0, jawOpen=0.03, mouthFunnel=0.08, mouthPucker=0.78
)
ALVEOLAR = _consonant(
    "td", 0.13, 0.04, 0.04, 0.08, jawOpen=0.08, mouthLowerDown=0.26, mouthUpperUp=0.14
)
TAP = _consonant(
    "tap", 0.06, 0.03, 0.03, 0.05, jawOpen=0.13, mouthLowerDown=0.20, mouthUpperUp=0.08
)
SIBILANT = _consonant(
    "s", 0.42, 0.15, 0.25, 0.9, jawOpen=0.06, mouthLowerDown=0.36, mouthUpperUp=0.23,
    mouthStretch=0.13,
)  # fmt: skip
POSTALVEOLAR = _consonant(
    "sh", 1.3, 2.0, 0.8, 0.9, jawOpen=0.09, mouthFunnel=0.40, mouthPucker=0.34,
    mouthLowerDown=0.18, mouthUpperUp=0.14,
)  # fmt: skip
RETROFLEX = _consonant(
    "zh", 0.9, 1.0, 0.5, 0.8, jawOpen=0.08, mouthFunnel=0.30, mouthPucker=0.24,
    mouthLowerDown=0.22, mouthUpperUp=0.14,
)  # fmt: skip
PALATAL = _consonant(
    "x", 0.6, 0.3, 0.5, 0.8, jawOpen=0.09, mouthLowerDown=0.32, mouthUpperUp=0.20,
    mouthStretch=0.18,
)  # fmt: skip
DENTAL = _consonant("th", 0.9, 0.05, 0.1, 0.8, jawOpen=0.08, mouthLowerDown=0.22, mouthUpperUp=0.09)
LATERAL = _consonant(
    "l", 0.6, 0.05, 0.08, 0.5, jawOpen=0.23, mouthLowerDown=0.16, mouthUpperUp=0.08
)
APPROXIMANT = _consonant("r", 1.8, 1.5, 0.6, 1.6, jawOpen=0.03, mouthFunnel=0.10, mouthPucker=0.42)
CODA_R = _consonant(
    "r-", 0.4, 0.7, 0.3, 0.3, jawOpen=0.17, mouthFunnel=0.18, mouthPucker=0.16, mouthLowerDown=0.12
)
"""An r that closes a syllable hardly rounds."""

VELAR = _consonant(
    "kg", 0.25, 0.04, 0.04, 0.1, jawOpen=0.19, mouthLowerDown=0.20, mouthUpperUp=0.09
)
GLIDE_FRONT = _consonant(
    "y", 0.8, 0.3, 0.8, 0.6, jawOpen=0.17, mouthStretch=0.22, mouthSmile=0.08, mouthLowerDown=0.28,
    mouthUpperUp=0.16,
)  # fmt: skip
TRANSPARENT = _consonant("h", 0.08, 0.02, 0.02, 0.05, jawOpen=0.22, mouthLowerDown=0.18)

VISEMES: Final[dict[str, Viseme]] = {
    symbol: viseme
    for symbols, viseme in (
        ("ɑ", OPEN_BACK), ("aɐ", OPEN), ("æ", NEAR_OPEN), ("ʌ", CENTRAL), ("ɒ", OPEN_ROUND),
        ("ɔ", MID_ROUND), ("o", CLOSE_MID_ROUND), ("ʊ", NEAR_CLOSE_ROUND), ("u", CLOSE_ROUND),
        ("yʏ", FRONT_ROUND), ("øœɵ", FRONT_MID_ROUND), ("e", CLOSE_MID), ("ɛ", OPEN_MID),
        ("ɪ", NEAR_CLOSE), ("i", CLOSE), ("ɨ", APICAL), ("ɤɯɰɜ", BACK_UNROUND), ("əᵊᵻɘ", SCHWA),
        ("ɚɝ", RHOTIC), ("pbmɸβ", BILABIAL), ("fvʋ", LABIODENTAL), ("wʍᵝ", GLIDE_ROUND),
        ("ɥ", GLIDE_FRONT_ROUND), ("tdnɖʈɳ", ALVEOLAR), ("Tɾɽ", TAP), ("szʦʣ", SIBILANT),
        ("ʃʒʧʤ", POSTALVEOLAR), ("ʂꭧɻʐ", RETROFLEX), ("ɕʨʥçʝʑS", PALATAL), ("θð", DENTAL),
        ("lʎɫ", LATERAL), ("ɹrʁ", APPROXIMANT), ("kɡgŋxɣqχcɟɲɴ", VELAR), ("j", GLIDE_FRONT),
        ("hɦʔ", TRANSPARENT),
    )
    for symbol in symbols
}  # fmt: skip
"""Every sounding symbol. The ɜ of *bird* is unrounded until its ɹ."""

NAMES: Final = tuple(
    dict.fromkeys((SILENCE.name, *(v.name for v in VISEMES.values()), CODA_R.name))
)
"""Every viseme's name once; silence first."""

DIPHTHONGS: Final[dict[str, str]] = {
    "A": "eɪ", "I": "aɪ", "O": "oʊ", "Q": "əʊ", "W": "aʊ", "Y": "ɔɪ",
}  # fmt: skip
"""Single symbols for two vowels."""

STRESS_MARKS: Final = {"ˈ": 1.12, "ˌ": 1.04}
"""A mark before a vowel, and how much wider that vowel's jaw opens."""

EXTENDERS: Final = frozenset("ːʰʲ↓→↗↘ˑ̩̯̃˥˦˧˨˩")
"""Length, tone, aspiration: part of the symbol before."""

UNSTRESSED_JAW: Final = 0.92
"""Jaw of a vowel without a stress mark, where marks are written."""
