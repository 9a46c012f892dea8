"""One finding of the doctor."""

from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was found, and what to do about it."""

    name: str
    state: State
    detail: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """As a program reads it."""
        return asdict(self)


def trouble(name: str, state: State, message: str) -> Check:
    """A finding of an error, whose message ends in its remedy after the last colon."""
    detail, _, remedy = message.rpartition(": ")
    return Check(name, state, detail or message, remedy)
