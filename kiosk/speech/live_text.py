"""A text that is spoken while it still arrives: decides what to speak next, and when.

Text comes faster than it can be spoken, and speech is made faster than it sounds, but the first
sound must come soon: the first phrase is a few words, and each further one may be as long as what
is made and not yet heard gives time for. While the listener has enough, better places to cut are
waited for (a sentence, a clause); when the listener is about to run dry, the text is cut between
words. All times are seconds of the caller's clock.
"""

from dataclasses import dataclass
from typing import Final

from kiosk.speech.cuts import Cut, Kind, SplitWords, cuts, window
from kiosk.speech.pace import Pace, weight
from kiosk.speech.phrases import SPEAKABLE
from kiosk.speech.sentences import HAN_LETTER, Stretch

FIRST_WAIT_S: Final = 0.25
"""How long the first words wait for a clause's end."""

STALL_S: Final = 0.3
"""A text of which nothing came for so long may have come to its end for now."""

RESERVE_S: Final = 0.2
"""A phrase is to be made this long before the listener has heard the one before it: sound is
written ahead of where it is heard."""

MIN_WEIGHT: Final = 9
"""A phrase that ends in no sentence is at least so long: shorter ones sound chopped and leave no
time to make the next."""

FIRST_CLAUSE_WEIGHT: Final = 6
"""A first clause may be shorter: *Hello,* is soon made, and heard as a greeting."""

FIRST_S: Final = 1.2
"""How long the first phrase may sound if it is cut between words; at a clause's end, half as long
again."""

REVIVING_S: Final = 0.9
"""How long a phrase may sound that comes too late anyway: short, and yet time to make the next;
longer on a slow machine, which would be late again otherwise."""

_REVIVING_MARGIN: Final = 1.3

MAX_S: Final = 8.0
"""Nothing is waited for beyond this: enough to sound well."""

TICK_S: Final = 0.002
"""Shorter waits are none."""

FOREVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is to be spoken yet."""

    duration_s: float
    """When to ask again at the latest; sooner if text comes. ``FOREVER``: only then."""


class LiveText:
    """The text so far, and how much of it was given out to be spoken."""

    def __init__(self, split_words: SplitWords, pace: Pace, rate: float = 1.0) -> None:
        """An empty text.

        Args:
            split_words: finds the words of Chinese.
            pace: how quick the voices are.
            rate: speaking rate.
        """
        self.text = ""
        self.taken = 0
        """Characters that were given out."""
        self.finished = False
        self.language = "en"
        """Of what was given out last."""
        self.chinese = False
        """Whether any Chinese has come."""
        self._split_words = split_words
        self._pace = pace
        self._rate = rate
        self._settled = 0
        self._begun_s: float | None = None
        self._fed_s = 0.0
        self._given = 0

    @property
    def waiting(self) -> int:
        """Characters that were not given out yet."""
        return len(self.text) - self.taken

    @property
    def unspoken(self) -> int:
        """Characters that wait to be spoken: from the first that can be pronounced."""
        found = SPEAKABLE.search(self.text, self.taken)
        return len(self.text) - found.start() if found else 0

    @property
    def speakable(self) -> bool:
        """Whether anything that can be pronounced has come."""
        return self._begun_s is not None

    @property
    def over(self) -> bool:
        """Whether all was given out and nothing more comes."""
        return self.finished and not self.text[self.taken :].strip()

    def feed(self, piece: str, now_s: float) -> None:
        """Add *piece* to the text."""
        self.text += piece
        self._fed_s = now_s
        self.chinese = self.chinese or HAN_LETTER.search(piece) is not None
        if self._begun_s is None and SPEAKABLE.search(piece):
            self._begun_s = now_s

    def flush(self) -> None:
        """What has come is to be spoken without waiting for what follows."""
        self._settled = len(self.text)

    def finish(self) -> None:
        """Nothing more comes."""
        self.flush()
        self.finished = True

    def take(self, stretch: Stretch) -> None:
        """Count *stretch*, as ``next`` gave it, as given out."""
        self.taken = stretch.end
        self._given += 1

    def next(self, now_s: float, ahead_s: float) -> Stretch | Wait:
        """What to speak next, or how long to wait.

        Args:
            now_s: the time.
            ahead_s: how much longer the listener has something to hear.
        """
        stalled = self._fed_s + STALL_S - now_s <= TICK_S
        found = cuts(self.text, self.taken, self._settled, self._split_words, stalled)
        if not found:
            return self._rest() or self._until_stalled(now_s)
        chosen = self._first(found, now_s) if not self._given else self._later(found, ahead_s)
        if isinstance(chosen, Wait):
            settling = self._until_stalled(now_s)
            return Wait(min(chosen.duration_s, settling.duration_s))
        return Stretch(self.taken, chosen.end, chosen.pause_s)

    def _rest(self) -> Stretch | None:
        """What is left of a finished text though nothing of it can be pronounced."""
        if self.finished and not self.over:
            return Stretch(self.taken, len(self.text), 0.0)
        return None

    def _until_stalled(self, now_s: float) -> Wait:
        left_s = self._fed_s + STALL_S - now_s
        return Wait(left_s if left_s > TICK_S and self.waiting else FOREVER)

    def _first(self, found: list[Cut], now_s: float) -> Cut | Wait:
        """The first phrase: to the first clause's end that comes soon, else a few words."""
        for cut in found:
            long_s = self._duration_s(cut)
            if cut.kind is Kind.SENTENCE and long_s <= 2 * FIRST_S:
                return cut
            greeting = weight(self.text[self.taken : cut.end]) >= FIRST_CLAUSE_WEIGHT
            if cut.kind is Kind.CLAUSE and greeting and long_s <= 1.5 * FIRST_S:
                return cut
        left_s = (now_s if self._begun_s is None else self._begun_s) + FIRST_WAIT_S - now_s
        enough = self._worth(found)
        short = [cut for cut in enough if self._duration_s(cut) <= FIRST_S]
        if left_s > TICK_S and len(short) == len(enough):
            return Wait(left_s)
        return _best(short) if short else enough[0] if enough else Wait(FOREVER)

    def _later(self, found: list[Cut], ahead_s: float) -> Cut | Wait:
        """The best that can be made in time; it is waited for while there is time."""
        spare_s = ahead_s - RESERVE_S
        enough = self._without_orphans(self._worth(found))
        if not enough:
            return Wait(FOREVER)
        in_time = [cut for cut in enough if self._cost_s(cut) <= spare_s]
        in_time = [cut for cut in in_time if self._duration_s(cut) <= MAX_S] or in_time[:1]
        if not in_time:
            return self._reviving(enough)
        best = _best(in_time)
        more = len(in_time) == len(enough) and self._duration_s(enough[-1]) < MAX_S
        slack_s = spare_s - self._cost_s(best)
        if best.kind is Kind.SENTENCE or not more or slack_s <= TICK_S:
            return best
        return Wait(slack_s)

    def _reviving(self, enough: list[Cut]) -> Cut:
        """The best for a listener who runs dry whatever is done."""
        sustained_s = self._pace.sustained_s(self._language(enough[0])) / self._rate
        most_s = max(REVIVING_S, _REVIVING_MARGIN * sustained_s)
        return _best([cut for cut in enough if self._duration_s(cut) <= most_s] or enough[:1])

    def _without_orphans(self, found: list[Cut]) -> list[Cut]:
        """*found* without cuts between words that leave a word or two before the next mark."""
        marks = [cut.end for cut in found if cut.kind >= Kind.CLAUSE]

        def leaves_orphan(cut: Cut) -> bool:
            mark = next((end for end in marks if end > cut.end), None)
            return mark is not None and weight(self.text[cut.end : mark]) < MIN_WEIGHT

        return [cut for cut in found if cut.kind >= Kind.CLAUSE or not leaves_orphan(cut)]

    def _worth(self, found: list[Cut]) -> list[Cut]:
        """Those that may stand alone; where no more can come into view, one must."""
        worth = [cut for cut in found if self._enough(cut)]
        full = not worth and window(self.text, self.taken, self._settled).full
        return found[-1:] if full else worth

    def _enough(self, cut: Cut) -> bool:
        return cut.kind is Kind.SENTENCE or self._duration_s(cut) >= self._pace.duration_s(
            self._language(cut), "x" * MIN_WEIGHT
        )

    def _duration_s(self, cut: Cut) -> float:
        text = self.text[self.taken : cut.end]
        return self._pace.duration_s(self._language(cut), text) / self._rate

    def _cost_s(self, cut: Cut) -> float:
        return self._pace.cost_s(self._language(cut), self._duration_s(cut))

    def _language(self, cut: Cut) -> str:
        return "zh" if HAN_LETTER.search(self.text[self.taken : cut.end]) else "en"


def _best(found: list[Cut]) -> Cut:
    """The one that sounds best, and of those the longest."""
    return max(found, key=lambda cut: (cut.kind, cut.end))
