"""WHIP (RFC 9725): who has a voice to send comes with an SDP offer and leaves with DELETE."""

import logging
from typing import Literal, Protocol, cast, get_args

from aiohttp import web

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.api import ProblemError, flag, name
from kiosk.config import Settings
from kiosk.listen.inlets import Role, asked_role
from kiosk.listen.publisher import Hears, Publisher
from kiosk.metrics import Metrics
from kiosk.sdp_sessions import SdpSessions, read_offer
from kiosk.stage import Stage
from kiosk.stages import Stages

logger = logging.getLogger(__name__)

Kind = Literal["whip", "microphone"]


class Opens(Protocol):
    """What WHIP needs of ``inlets.Inlets``."""

    def open(
        self, stage: Stage, kind: Kind, role: Role | None, rate_hz: int, takeover: bool
    ) -> Hears:
        """Let a source be heard at *stage*; raises ``ProblemError`` if it may not."""
        ...


class Whip(SdpSessions[Publisher]):
    """The sessions of those who send sound."""

    def __init__(self, settings: Settings, stages: Stages, inlets: Opens, metrics: Metrics) -> None:
        """Bring what is sent to *stages*.

        Args:
            settings: limits.
            stages: where it is heard; they must be open already.
            inlets: says who is heard at which stage.
            metrics: counts sessions.
        """
        super().__init__("/whip", "source", metrics)
        self._settings = settings
        self._stages = stages
        self._inlets = inlets

    async def _post(self, request: web.Request) -> web.Response:
        offer = await read_offer(request)
        stage = self._stages.only(name(request.query, "stage"))
        role = asked_role(request.query)
        kind = _one_of(request, "kind", get_args(Kind)) or "whip"
        takeover = flag(request.query, "takeover", default=False)
        publisher = Publisher(
            stage, self._lost, self._settings.server.connect_timeout_s, self._count_packets
        )
        try:
            answer = await publisher.answer(offer)
            if stage not in tuple(self._stages):
                raise _closed(stage)
            # Last, so that an offer that cannot be answered takes nobody's place.
            publisher.inlet = self._inlets.open(
                stage, cast(Kind, kind), role, SAMPLE_RATE_HZ, takeover
            )
        except BaseException:
            await publisher.aclose()
            raise
        logger.info("session %s opened: %s to stage %s", publisher.id, kind, stage.name)
        return self._opened(publisher, answer)

    def _count_packets(self, event: str, packets: int) -> None:
        self._metrics.source_packets.labels(event).inc(packets)

    async def _lost(self, peer: Publisher) -> None:
        if peer.dismissed:
            self._count("dismissed")
            await self._close(peer)
        else:
            await super()._lost(peer)


def _closed(stage: Stage) -> ProblemError:
    return ProblemError(
        409,
        "no_stage",
        f"stage {stage.name} has closed meanwhile: nobody watches it",
        "open the page, then POST the offer again",
    )


def _one_of(request: web.Request, key: str, allowed: tuple[str, ...]) -> str | None:
    """What the query gives as *key*; None if it gives nothing.

    Raises:
        ProblemError: 422 for what is not *allowed*.
    """
    value = request.query.get(key)
    if value is None or value in allowed:
        return value
    raise ProblemError(
        422,
        "invalid_request",
        f"{key}={value!r} is unknown",
        f"allowed are {' and '.join(allowed)}",
    )
