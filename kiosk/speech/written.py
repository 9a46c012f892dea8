"""An utterance that a writer at ``WS /v1/speak`` has begun."""

from dataclasses import dataclass, field

from kiosk.sources import LiveSource
from kiosk.speech.speak_messages import Answer


@dataclass(eq=False, slots=True)
class Written:
    """An utterance, and what became of it."""

    source: LiveSource
    stages: set[str] = field(default_factory=set)
    """Those that are to say it, or are saying it."""
    characters_spoken: int = 0

    def interrupted(self, stage: str) -> Answer:
        """How the writer is told that it was."""
        said = {"characters_spoken": self.characters_spoken}
        return {"type": "interrupted", "utterance": self.source.id, "stage": stage, **said}
