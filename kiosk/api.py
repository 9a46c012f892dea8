"""The HTTP contract: what is asked, what is answered, and how a refusal looks (RFC 9457)."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.speech.manner import LIMITS, Style, Wish

PROBLEM_TYPE: Final = "application/problem+json"
"""Content type of every refusal."""

NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_MAX_NAME_CHARACTERS: Final = 64

Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME_CHARACTERS, pattern=NAME_PATTERN)]


class Message(BaseModel):
    """What is sent: frozen, its keys known, its types strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Problem(Message):
    """A refusal or a failure, as RFC 9457 problem details, with the remedy and a stable code."""

    type: str = Field(default="about:blank", description="URI of the kind of problem.")
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(ge=400, le=599, description="The HTTP status, again.")
    detail: str = Field(description="What went wrong this time.")
    remedy: str = Field(description="What the caller can do about it.")
    code: str = Field(pattern=r"^[a-z0-9_]+$", description="Stable name of the problem.")


class ProblemError(Exception):
    """Raised to answer a request with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str,
        title: str | None = None,
        retry_after_s: int = 10,
    ) -> None:
        self.problem = Problem(
            title=title or code.replace("_", " ").capitalize(),
            status=status,
            detail=detail,
            remedy=remedy,
            code=code,
        )
        self.retry_after_s = retry_after_s
        """With status 503: when it may be tried again."""
        super().__init__(f"{detail}: {remedy}")


def refused(status: int, code: str, error: Exception, remedy: str) -> ProblemError:
    """The problem that *error* is: its message is "what went wrong: what helps".

    Args:
        status: HTTP status.
        code: stable name of the problem.
        error: what was raised; its message may end with a remedy after ``; remedy: `` or ``: ``.
        remedy: given where the message has none.
    """
    text = str(error)
    for mark in ("; remedy: ", ": "):
        detail, found, own = text.rpartition(mark)
        if found:
            return ProblemError(status, code, detail, own)
    return ProblemError(status, code, text, remedy)


def _part(name: str, description: str) -> Any:  # noqa: ANN401 -- pydantic's FieldInfo
    least, most = LIMITS[name]
    return Field(default=None, ge=least, le=most, description=description)


class MannerRequest(Message):
    """How something is said; what is absent is as the style has it, or as configured."""

    style: Style | None = Field(
        default=None,
        description="gentle: slower, a little lower, longer pauses, a touch louder; plain.",
    )
    rate: float | None = _part("rate", "Speaking rate; 1 is the voice's own.")
    pitch_semitones: float | None = _part("pitch_semitones", "How much higher.")
    pitch_range: float | None = _part("pitch_range", "Melody: below 1 flatter, above 1 livelier.")
    pause: float | None = _part("pause", "Scales the pauses between phrases.")
    loudness_db: float | None = _part("loudness_db", "How much louder.")

    def wish(self) -> Wish:
        """What is asked about the manner."""
        return Wish(
            style=self.style,
            rate=self.rate,
            pitch_semitones=self.pitch_semitones,
            pitch_range=self.pitch_range,
            pause=self.pause,
            loudness_db=self.loudness_db,
        )


class SayRequest(MannerRequest):
    """Text to be spoken."""

    text: str = Field(description="What to say; Chinese and English may mix.")
    voice: Name | None = Field(
        default=None, description="A name from /v1/voices; by language if absent."
    )
    stage: Name | None = Field(default=None, description="Who says it; every stage if absent.")
    interrupt: bool = Field(
        default=True, description="Whether to break off what is being said; else to queue after it."
    )


class SayAnswer(Message):
    """Accepted: the utterance that the data channel will tell about."""

    utterance: str = Field(description="Name of the utterance.")
    stage: str | None = Field(default=None, description="The stage that speaks; null: every stage.")


class InterruptRequest(Message):
    """Silence, please."""

    stage: Name | None = Field(default=None, description="Who shall stop; every stage if absent.")


class InterruptedStage(Message):
    """What an interruption ended on one stage."""

    stage: str = Field(description="Name of the stage.")
    utterance: str | None = Field(description="What was being said; null: nothing.")
    characters_spoken: int = Field(
        ge=0, description="How much of its text was heard, to the last whole word."
    )
    dropped: list[str] = Field(description="Utterances that waited behind it, in order.")


class InterruptAnswer(Message):
    """Who was told to stop."""

    stages: list[str] = Field(description="The stages that were told to stop.")
    interrupted: list[InterruptedStage] = Field(
        default=[], description="What that ended, for each of the stages."
    )


class TopicAnswer(Message):
    """A touch button."""

    title: str = Field(description="Words on the button.")
    text: str = Field(description="What is spoken when it is touched.")


class PageAnswer(Message):
    """What the page needs to draw itself."""

    title: str = Field(description="Heading of the page.")
    language: Literal["en", "zh"] = Field(description="Language of the page's own words.")
    captions: bool = Field(description="Whether captions show from the start.")
    captions_size: Literal["normal", "large"] = Field(description="Type of the captions.")
    style: Style = Field(description="How the avatar speaks where a request does not say.")
    avatar: str = Field(description="Persona shown when a viewer asks for none.")
    topics: list[TopicAnswer] = Field(description="The touch buttons.")
    microphone: bool = Field(description="Whether the page offers its microphone.")
    version: str = Field(description="Version of the server.")
    token_required: bool = Field(description="Whether calls need a bearer token.")


class VoiceAnswer(Message):
    """A voice that can be asked for."""

    name: str = Field(description="What to send as voice.")
    engine: str = Field(description="kokoro, piper, espeak; wyoming or openai: another machine.")
    languages: list[str] = Field(description="ISO 639-1 codes it reads, best first.")
    gender: str = Field(description="female, male or unknown.")
    licence: str = Field(description="SPDX identifier of the voice's licence.")


class VoicesAnswer(Message):
    """The voices that are installed."""

    voices: list[VoiceAnswer] = Field(description="The voices that are installed.")


class HealthAnswer(Message):
    """The server answers."""

    status: Literal["ok"] = Field(default="ok", description="Always ok: the server answers.")
    version: str = Field(description="Version of the server.")


class ReadyAnswer(Message):
    """Whether viewers can be served."""

    status: Literal["ready", "starting", "failing"] = Field(description="ready, or why not yet.")
    detail: str = Field(default="", description="What is missing.")


MessageT = TypeVar("MessageT", bound=BaseModel)


def parse(model: type[MessageT], body: bytes) -> MessageT:
    """Read a request's JSON body.

    Raises:
        ProblemError: 400 ``malformed_json`` if it is not JSON, 422 ``invalid_request`` if keys or
            values are refused; the detail names each.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(model, error) from None


def flag(query: Mapping[str, str], key: str, default: bool) -> bool:
    """Read a flag of the query.

    Raises:
        ProblemError: 422 ``invalid_request`` for what is neither true nor false.
    """
    value = query.get(key)
    if value is None:
        return default
    if value.lower() in ("true", "1"):
        return True
    if value.lower() in ("false", "0"):
        return False
    raise ProblemError(
        422, "invalid_request", f"{key}={value!r} is not a flag", "allowed are true and false"
    )


def name(query: Mapping[str, str], key: str) -> str | None:
    """Read a name of the query.

    Raises:
        ProblemError: 422 ``invalid_name`` for what is none.
    """
    value = query.get(key)
    if value is None:
        return None
    if len(value) <= _MAX_NAME_CHARACTERS and re.fullmatch(NAME_PATTERN, value):
        return value
    raise ProblemError(
        422,
        "invalid_name",
        f"{key}={value!r} is not a name",
        "use letters, digits, '_', '-' and '.', beginning with a letter or digit, at most "
        f"{_MAX_NAME_CHARACTERS}",
    )


def _refusal(model: type[BaseModel], error: ValidationError) -> ProblemError:
    faults = error.errors(include_url=False, include_context=False)
    if faults[0]["type"] == "json_invalid":
        return ProblemError(
            400,
            "malformed_json",
            f"the body is not JSON: {faults[0]['msg']}",
            "send a JSON object encoded as UTF-8, with Content-Type: application/json",
        )
    detail = "; ".join(_fault(fault) for fault in faults)
    keys = ", ".join(model.model_fields)
    return ProblemError(422, "invalid_request", detail, f"keys are {keys}: see /openapi.json")


def _fault(fault: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in fault["loc"]) or "body"
    return f"{where}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"
