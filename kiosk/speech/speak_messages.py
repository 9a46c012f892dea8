"""What is said over ``WS /v1/speak``: commands in, answers out."""

import json
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from kiosk.api import ProblemError
from kiosk.speech.manner import Wish

Kind = Literal["text", "flush", "end", "cancel"]

Answer = dict[str, object]
"""JSON's types only, with ``type``."""

_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_SHOWN_CHARACTERS: Final = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the socket says."""

    stage: str | None = None
    voice: str | None = None
    wish: Wish = field(default_factory=Wish)
    interrupt: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """What a writer asks for."""

    kind: Kind
    piece: str | bytes = ""
    """Of ``text``: characters, possibly with half a surrogate pair; bytes: of UTF-8."""


class CommandError(Exception):
    """A message that is no command; the text says what is wrong."""


def command(message: str) -> Command:
    """Read a text message.

    Raises:
        CommandError: it is not JSON, or not a command.
    """
    try:
        read = json.loads(message)
    except (ValueError, RecursionError):
        raise CommandError(f"not JSON: {_short(message)}") from None
    asked = read.get("type") if isinstance(read, dict) else None
    kind = next((kind for kind in _KINDS if kind == asked), None)
    if kind is None:
        raise CommandError(f"no type that is known in {_short(message)}")
    if kind != "text":
        return Command(kind)
    piece = read.get("text")
    if not isinstance(piece, str):
        raise CommandError(f"the key 'text' is missing, or no string, in {_short(message)}")
    return Command("text", piece)


def invalid(error: CommandError) -> Answer:
    """The answer to what is no command."""
    remedy = (
        'send {"type": "text", "text": "..."}, {"type": "flush"}, {"type": "end"} or '
        '{"type": "cancel"}, or UTF-8 as a binary message'
    )
    return failure("invalid_message", str(error), remedy)


def failure(code: str, message: str, remedy: str) -> Answer:
    """An error, with the remedy and a stable code."""
    return {"type": "error", "code": code, "message": message, "remedy": remedy}


def refusal(error: ProblemError) -> Answer:
    """A problem, told over a socket."""
    problem = error.problem
    return failure(problem.code, problem.detail, problem.remedy)


def _short(message: str) -> str:
    shown = message[:_SHOWN_CHARACTERS].encode("utf-8", "replace").decode()
    return repr(shown + ("…" if len(message) > _SHOWN_CHARACTERS else ""))
