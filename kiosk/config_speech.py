"""What can be set about the voices."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from kiosk.config_fields import Name, Section
from kiosk.speech.assets import default_voices_dir
from kiosk.speech.manner import Manner, Style


class SpeechSettings(Section):
    """Who speaks, and how."""

    voice_en: Name = "af_heart"
    """Voice for English."""
    voice_zh: Name = "zf_xiaobei"
    """Voice for Mandarin."""
    rate: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0
    """Speaking rate; 1.0 is the voice's own."""
    style: Style = "plain"
    """How she speaks where a request does not say: ``gentle`` is slower, lower and clearer."""
    pitch_semitones: Annotated[float, Field(ge=-4.0, le=4.0)] = 0.0
    """How much higher she speaks."""
    pitch_range: Annotated[float, Field(ge=0.5, le=1.5)] = 1.0
    """Melody: below 1 flatter, above 1 livelier."""
    pause: Annotated[float, Field(ge=0.5, le=3.0)] = 1.0
    """Scales the pauses between phrases."""
    loudness_db: Annotated[float, Field(ge=-12.0, le=6.0)] = 0.0
    """How much louder she speaks."""
    threads: Annotated[int, Field(ge=1, le=16)] = 1
    """CPU threads that the voice may use."""
    max_characters: Annotated[int, Field(ge=100, le=100_000)] = 20_000
    """Longest text that one request may speak."""
    prepare_topics: bool = True
    """Whether topics and common openings are spoken beforehand, so that they sound at once."""
    voices_dir: str = ""
    """Folder of the voices; empty: ``voices`` beside the project."""

    @property
    def voices(self) -> dict[str, str]:
        """Who speaks each language when a request names nobody."""
        return {"en": self.voice_en, "zh": self.voice_zh}

    @property
    def voices_path(self) -> Path:
        """Folder of the voices."""
        return Path(self.voices_dir).expanduser() if self.voices_dir else default_voices_dir()

    @property
    def manner(self) -> Manner:
        """How she speaks, whatever the style."""
        return Manner(
            self.rate, self.pitch_semitones, self.pitch_range, self.pause, self.loudness_db
        )
