"""The part of the HTTP contract that makes, lists and removes avatars."""

from typing import Annotated, Literal

from pydantic import Field

from kiosk.api import Message, Problem, ProblemError

DraftState = Literal["baking", "ready", "failed"]


class FindingAnswer(Message):
    """Something that speaks against a photo."""

    code: str = Field(description="Stable name of the finding.")
    reason: str = Field(description="What is wrong.")
    remedy: str = Field(description="What helps.")


class PhotoProblem(Problem):
    """A photo that is not taken; ``code``, ``detail`` and ``remedy`` are the first finding's."""

    findings: list[FindingAnswer] = Field(description="All that speaks against the photo.")
    forcible: bool = Field(description="Whether force=true goes on nevertheless.")


class PhotoRefusedError(ProblemError):
    """Raised to answer with a ``PhotoProblem``."""

    problem: PhotoProblem

    def __init__(self, findings: list[FindingAnswer], forcible: bool) -> None:
        first = findings[0]
        super().__init__(422, first.code, first.reason, first.remedy, "The photo is not taken")
        facts = self.problem.model_dump()
        self.problem = PhotoProblem(**facts, findings=findings, forcible=forcible)


class AvatarAnswer(Message):
    """An avatar there is."""

    name: str = Field(description="What to ask for as avatar.")
    ships: bool = Field(description="Whether it came with the kiosk; such a one stays.")
    shown: bool = Field(description="Whether viewers who ask for none see it.")
    sheet: bool = Field(description="Whether there is a sheet of its key shapes.")


class AvatarsAnswer(Message):
    """The avatars there are."""

    avatars: list[AvatarAnswer] = Field(description="The avatars there are.")


class DraftAnswer(Message):
    """A photo on its way to be an avatar; in memory alone until it is saved."""

    draft: str = Field(description="Name of the draft.")
    avatar: str = Field(description="What to ask /whep for as avatar, once it is ready.")
    state: DraftState = Field(description="How far it is.")
    findings: list[FindingAnswer] = Field(description="Warnings, and what force=true went on from.")
    problem: PhotoProblem | Problem | None = Field(default=None, description="Why it failed.")


class SaveRequest(Message):
    """Keep a draft."""

    draft: str = Field(description="Name of the draft.")
    name: Annotated[str, Field(max_length=200)] = Field(
        description="What to call the avatar: letters, digits, '_' and '-', at most 64."
    )
