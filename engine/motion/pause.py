"""Where the voice pauses: phrases end, a silence lasts, a voice comes back."""

from dataclasses import dataclass, replace
from typing import Final

from engine.timeline import MOTION_RATE_HZ

STEP_S: Final = 1.0 / MOTION_RATE_HZ

PHRASE_END_S: Final = 0.24
"""Lips at rest this long end a phrase. Closures of stops last less than 0.15 s (Byrd, *54,000
American stops*, 1993); a pause counts as one from 0.25 s on (Goldman-Eisler 1968)."""

PHRASE_MIN_S: Final = 1.5
"""Between two ends of phrases; a pause sooner than this does not count as one. What an end sets
off (a nod, a blink) is over by then, so that the next end can begin it anew without a jump."""

FULL_PHRASE_S: Final = 1.2
"""A phrase this long counts fully; an interjection counts less."""

RETURN_S: Final = 3 * STEP_S
"""In this time the eyes are back once a voice is heard: a saccade of 15 degrees (Bahill, Clark and
Stark, *The main sequence*, 1975), and less than what the engine hears ahead."""

LONG_S: Final = 60.0
"""Times are counted to here."""


@dataclass(frozen=True, slots=True)
class Pause:
    """What is known of the pause at one motion step; the next one follows from it alone."""

    since_s: float = LONG_S
    """Seconds since the lips came to rest at the end of the last phrase (since the end was noticed,
    where that was later, and ``PHRASE_END_S``); goes on while the next phrase is spoken."""
    weight: float = 0.0
    """How much of a phrase that was: 0 a syllable, 1 from ``FULL_PHRASE_S`` on."""
    phrases: int = 0
    """Phrases ended so far: what numbers the draws of chance."""
    waiting: float = 0.0
    """1 from the end of a phrase until a voice is heard, then 0 within ``RETURN_S``."""
    still_s: float = LONG_S
    """Seconds that the lips have been at rest."""
    spoken_s: float = 0.0
    """Seconds of speech since the last phrase ended."""
    expects: bool = False
    """No voice was heard since the phrase ended."""

    def next(self, speaks: bool, hears: bool) -> "Pause":
        """One motion step later.

        Args:
            speaks: the lips are at work.
            hears: a sound sets in; comes before the lips, if they move at all.
        """
        expects = self.expects and not (speaks or hears)
        ahead = Pause(
            since_s=min(self.since_s + STEP_S, LONG_S),
            weight=self.weight,
            phrases=self.phrases,
            waiting=_towards(self.waiting, 1.0 if expects else 0.0),
            still_s=0.0 if speaks else min(self.still_s + STEP_S, LONG_S),
            spoken_s=min(self.spoken_s + STEP_S, LONG_S) if speaks else self.spoken_s,
            expects=expects,
        )
        return ahead._ended() if ahead._ends else ahead

    @property
    def _ends(self) -> bool:
        settled = self.still_s > PHRASE_END_S and self.since_s > PHRASE_MIN_S
        return settled and self.spoken_s > 0.0 and self.waiting == 0.0

    def _ended(self) -> "Pause":
        return replace(
            self,
            since_s=PHRASE_END_S,
            weight=min(1.0, self.spoken_s / FULL_PHRASE_S),
            phrases=self.phrases + 1,
            spoken_s=0.0,
            expects=True,
        )

    def towards(self, other: "Pause", part: float) -> "Pause":
        """Between this step and the *other*, in which a phrase may have ended."""
        later_s = STEP_S if other.phrases != self.phrases else other.since_s - self.since_s
        return replace(
            self,
            since_s=self.since_s + part * later_s,
            waiting=self.waiting + part * (other.waiting - self.waiting),
        )


def _towards(value: float, aim: float) -> float:
    """*value* nearer to *aim* by what one step of ``RETURN_S`` allows."""
    most = STEP_S / RETURN_S
    moved = value + min(max(aim - value, -most), most)
    return 0.0 if moved < 1e-9 else moved
