"""Who may speak into which stage, and what is made of it: her voice, or a visitor's."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, get_args

from kiosk.api import ProblemError
from kiosk.listen.hearing import Mode
from kiosk.listen.inlet import Hears as Hears
from kiosk.listen.inlet import Inlet as Inlet
from kiosk.listen.inlet import Kind, VisitorInlet
from kiosk.listen.inlet_metrics import InletCollector
from kiosk.listen.resample import MAX_RATE_HZ, MIN_RATE_HZ
from kiosk.listen.voice_inlet import VoiceInlet
from kiosk.metrics import Metrics
from kiosk.stage import Stage

logger = logging.getLogger(__name__)

Role = Literal["voice", "visitor"]
"""She says it, or she hears it."""

MAX_INLETS_PER_STAGE: Final = 8


class Inlets:
    """The sources that are connected. Used from the event loop only."""

    def __init__(
        self,
        mode: Callable[[Stage], Mode],
        metrics: Metrics,
        hears: Callable[[Stage], Hears] | None = None,
    ) -> None:
        """Nobody is connected yet.

        Args:
            mode: what microphones are at a stage where nobody says otherwise; see ``listen.mode``.
            metrics: counts what they drop and conceal.
            hears: makes the ear of a stage for one visitor; None: nobody is heard.
        """
        self._mode = mode
        self._hears = hears
        self._inlets: list[Inlet] = []
        self._counts = InletCollector(lambda: self._inlets)
        metrics.registry.register(self._counts)

    def __iter__(self) -> Iterator[Inlet]:
        return iter(tuple(self._inlets))

    def open(
        self, stage: Stage, kind: Kind, role: Role | None, rate_hz: int, takeover: bool
    ) -> Inlet:
        """Connect a source to *stage*. It is closed with the stage at the latest.

        Args:
            stage: where the sound goes.
            kind: what the source is; ``pcm`` can be held back, the others speak as they do.
            role: what it is for; None: a voice if it is ``pcm`` or the mode is preview.
            rate_hz: of the samples that will be pushed.
            takeover: whether it breaks off what is being said; else it waits for its turn.

        Raises:
            ProblemError: 422 for the rate, 409 where nobody is heard, 503 for too many sources.
        """
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise ProblemError(
                422,
                "invalid_rate",
                f"sound at {rate_hz} samples a second cannot be taken",
                f"give rate as a whole number from {MIN_RATE_HZ} to {MAX_RATE_HZ}",
            )
        if sum(inlet.stage is stage for inlet in self._inlets) >= MAX_INLETS_PER_STAGE:
            raise ProblemError(
                503,
                "too_many_sources",
                f"{MAX_INLETS_PER_STAGE} sources are connected to stage {stage.name!r}",
                "close one of them, then try again",
            )
        role = role or self._role(stage, kind)
        if role == "voice":
            inlet: Inlet = VoiceInlet(stage, kind, rate_hz, takeover)
        else:
            inlet = VisitorInlet(stage, rate_hz, self._ear(stage))
        self._inlets.append(inlet)
        stage.closing.append(inlet.close)
        inlet.closing.append(lambda: self._closed(inlet))
        logger.info("stage %s: a %s is connected as %s", stage.name, kind, role)
        return inlet

    def _role(self, stage: Stage, kind: Kind) -> Role:
        return "voice" if kind == "pcm" or self._mode(stage) == "preview" else "visitor"

    def _ear(self, stage: Stage) -> Hears:
        if self._hears is None:
            raise ProblemError(
                409, "no_ears", "visitors are not listened to here", "connect with role=voice"
            )
        return self._hears(stage)

    def _closed(self, inlet: Inlet) -> None:
        self._inlets.remove(inlet)
        self._counts.retire(inlet)
        inlet.stage.closing.remove(inlet.close)
        logger.info("stage %s: a source is disconnected", inlet.stage.name)


def asked_role(query: Mapping[str, str]) -> Role | None:
    """What the query of a request says that a source is for; None if it says nothing.

    Raises:
        ProblemError: 422 for what is no role.
    """
    given = query.get("role")
    role: Role | None = next((role for role in get_args(Role) if role == given), None)
    if role is None and given is not None:
        raise ProblemError(
            422,
            "invalid_role",
            f"role={given!r} is unknown",
            "give voice (the avatar says it) or visitor (the avatar hears it)",
        )
    return role
