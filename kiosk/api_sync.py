"""The HTTP contract of lip sync: how it stands, the terminals' constants, faults for tests."""

from pydantic import Field

from kiosk.api import Message, Name


class InjectRequest(Message):
    """What is to be wrong from now on, instead of what was."""

    faults: str = Field(
        max_length=400,
        description="Faults such as video-delay=150ms,loss=20%; empty: none.",
    )


class InjectAnswer(Message):
    """What is wrong on purpose."""

    faults: str = Field(description="The faults, as they may be sent again; empty: none.")


class SyncPoint(Message):
    """One report of a page."""

    at_s: float = Field(description="When, by the server's monotonic clock.")
    offset_ms: float = Field(description="Lip-sync offset that remains; positive: picture late.")
    measured_ms: float = Field(description="What the page measured, without the correction.")
    shift_ms: float = Field(description="The correction.")
    frame_rate_hz: float = Field(description="Pictures a second that the page shows.")
    audio_buffer_ms: float = Field(description="The browser's jitter buffer for sound.")
    video_buffer_ms: float = Field(description="The browser's jitter buffer for pictures.")
    rung: int = Field(description="Rungs of the ladder gone down.")


class ViewerSync(Message):
    """One viewer of a stage."""

    terminal: str = Field(description="Where it looks and listens.")
    site_ms: float = Field(description="What the terminal adds, from kiosk calibrate.")
    playout_delay_ms: float | None = Field(description="From the browser to the sound device.")
    freezes: float | None = Field(description="Gaps of over 200 ms between pictures.")
    frames_dropped: float | None = Field(description="Pictures the browser dropped.")


class StageSync(Message):
    """How it stands with lip sync on one stage."""

    stage: str = Field(description="Name of the stage.")
    avatar: str = Field(description="Persona on it.")
    offset_ms: float | None = Field(description="Latest offset that remains; null: unknown.")
    shift_ms: float = Field(description="The correction: the lips are shown earlier by this.")
    target_ms: float | None = Field(description="Where the correction goes; null: unknown.")
    trim_ms: float = Field(description="The part of it that lips and sound themselves tell.")
    bias_ms: float | None = Field(description="How late lips are by themselves; null: unsure.")
    holding: bool = Field(description="Whether it waits for reports it can trust.")
    rung: str = Field(description="Rung of the degradation ladder.")
    rungs: list[str] = Field(description="All rungs, best first.")
    load: float = Field(description="Share of a picture's time that pictures take.")
    steps_down: int = Field(description="Steps down the ladder so far.")
    steps_up: int = Field(description="Steps up the ladder so far.")
    latency_ms: float = Field(description="How long before it sounds a sample is fixed.")
    frames: dict[str, int] = Field(description="What became of the pictures.")
    audio_underrun_samples: int = Field(description="Samples of sound not written in time.")
    viewers: list[ViewerSync] = Field(description="Who watches.")
    points: list[SyncPoint] = Field(description="The latest reports, oldest first.")


class SyncAnswer(Message):
    """How it stands with lip sync."""

    stages: list[StageSync] = Field(description="The open stages.")
    faults: str = Field(description="Faults injected on purpose; empty: none.")
    now_s: float = Field(description="The server's monotonic clock.")


class CalibrationRequest(Message):
    """What a terminal adds to the picture's delay, unseen by its page."""

    terminal: Name = Field(default="default", description="The terminal, as in ?terminal=NAME.")
    offset_ms: float = Field(
        ge=-200.0, le=200.0, allow_inf_nan=False, description="Positive: the picture is late."
    )


class CalibrationAnswer(Message):
    """What a terminal adds."""

    terminal: str = Field(description="The terminal.")
    offset_ms: float = Field(description="Positive: the picture is late.")
    viewers: int = Field(default=0, description="Viewers there.")
