"""The media of the stand-in server: a face that opens its mouth, a tone, captions."""

import asyncio
import json
import re
import time
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from aiortc import MediaStreamTrack, RTCDataChannel
from aiortc.rtcrtpsender import RTCRtpSender
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

SAMPLE_RATE_HZ: Final = 48_000
PACKET_SAMPLES: Final = 960
FRAME_RATE_HZ: Final = 25
WORD_MS: Final = 320.0
LEAD_MS: Final = 350.0

Image = NDArray[np.uint8]


def drawn_face(size_px: int) -> Image:
    """A cartoon face, shape (size_px, size_px, 3), BGR."""
    ramp = np.linspace(225, 175, size_px, dtype=np.uint8)[:, None, None]
    image = np.ascontiguousarray(np.broadcast_to(ramp, (size_px, size_px, 3)))
    unit = size_px / 100
    cv2.ellipse(image, point(50, 110, unit), point(42, 42, unit), 0, 0, 360, (80, 50, 35), -1)
    cv2.ellipse(image, point(50, 42, unit), point(19, 26, unit), 0, 0, 360, (160, 190, 230), -1)
    for eye_x in (42, 58):
        cv2.circle(image, point(eye_x, 38, unit), round(2 * unit), (60, 60, 60), -1)
    return image


def point(x: float, y: float, unit: float) -> tuple[int, int]:
    return round(x * unit), round(y * unit)


class Stage:
    """The media clock, what is being said and the pictures of one session."""

    def __init__(self, name: str, portrait: bool, picture: Path | None) -> None:
        self.name = name
        self.epoch_s = time.monotonic()
        self.speech_ms: tuple[float, float] = (0.0, 0.0)
        self.frozen = False
        self.channel: RTCDataChannel | None = None
        self.utterance = ""
        self.origins: dict[str, int] = {}
        self._still = self._load(portrait, picture)

    @staticmethod
    def _load(portrait: bool, picture: Path | None) -> Image:
        image = cv2.imread(str(picture)) if picture else drawn_face(720)
        assert image is not None
        if not portrait:
            return np.asarray(cv2.resize(image, (512, 512), interpolation=cv2.INTER_AREA), np.uint8)
        side = image.shape[0]
        margin = round(side * (1 - 9 / 16) / 2)
        return np.asarray(cv2.resize(image[:, margin : side - margin], (432, 768)), np.uint8)

    def now_ms(self) -> float:
        return (time.monotonic() - self.epoch_s) * 1000

    def mouth(self, media_ms: float) -> float:
        start_ms, end_ms = self.speech_ms
        if not start_ms <= media_ms < end_ms:
            return 0.0
        return float(abs(np.sin((media_ms - start_ms) / WORD_MS * np.pi)))

    def picture(self, index: int) -> Image:
        media_ms = index * 1000 / FRAME_RATE_HZ
        height, width = self._still.shape[:2]
        sway = np.array([[1, 0, 0], [0, 1, 1.5 * np.sin(media_ms / 900)]], np.float32)
        image = cv2.warpAffine(self._still, sway, (width, height), borderMode=cv2.BORDER_REPLICATE)
        opening_px = 1 + round(0.022 * height * self.mouth(media_ms))
        centre = (width // 2, round(0.548 * height))
        cv2.ellipse(image, centre, (height // 24, opening_px), 0, 0, 360, (60, 50, 110), -1)
        return np.asarray(image, np.uint8)

    def send(self, **message: object) -> None:
        if self.channel and self.channel.readyState == "open":
            self.channel.send(json.dumps(message))

    def say(self, text: str, utterance: str) -> None:
        """Schedule *text*: phrases of words, one every ``WORD_MS``."""
        if self.utterance:
            self.interrupt()
        start_ms = cursor_ms = self.now_ms() + LEAD_MS
        self.utterance = utterance
        self.send(
            type="utterance",
            utterance=utterance,
            event="started",
            media_ms=start_ms,
            characters_spoken=0,
        )
        self.send(type="state", state="speaking", media_ms=start_ms)
        for index, phrase in enumerate(re.finditer(r"[^.,;。，；]+[.,;。，；]?", text)):
            found = re.findall(r"[一-鿿]{1,2}|[^\s一-鿿,.。，]+", phrase.group())
            words = [
                {
                    "text": word,
                    "start_ms": cursor_ms + i * WORD_MS,
                    "end_ms": cursor_ms + (i + 1) * WORD_MS,
                }
                for i, word in enumerate(found)
            ]
            phrase_start_ms, cursor_ms = cursor_ms, cursor_ms + len(words) * WORD_MS
            self.send(
                type="caption",
                utterance=utterance,
                index=index,
                text=phrase.group().strip(),
                char_start=phrase.start(),
                char_end=phrase.end(),
                start_ms=phrase_start_ms,
                end_ms=cursor_ms,
                words=words,
            )
        self.speech_ms = (start_ms, cursor_ms)

    def interrupt(self) -> None:
        if not self.utterance:
            return
        now_ms = self.now_ms()
        self.send(type="caption_clear", utterance=self.utterance, from_ms=now_ms)
        self._finish("interrupted", now_ms)

    def tick(self) -> None:
        """End the utterance when its time is over."""
        if self.utterance and self.now_ms() >= self.speech_ms[1]:
            self._finish("finished", self.speech_ms[1])

    def _finish(self, event: str, media_ms: float) -> None:
        self.send(
            type="utterance",
            utterance=self.utterance,
            event=event,
            media_ms=media_ms,
            characters_spoken=0,
        )
        self.send(type="state", state="idle", media_ms=media_ms)
        self.utterance, self.speech_ms = "", (0.0, 0.0)


class Sound(MediaStreamTrack):
    """A tone while she speaks, silence otherwise."""

    kind = "audio"

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._pts = 0

    async def recv(self) -> AudioFrame:
        stage, pts = self._stage, self._pts
        await asyncio.sleep(max(0.0, stage.epoch_s + pts / SAMPLE_RATE_HZ - time.monotonic()))
        stage.tick()
        time_s = (pts + np.arange(PACKET_SAMPLES)) / SAMPLE_RATE_HZ
        level = 9000 * stage.mouth(pts * 1000 / SAMPLE_RATE_HZ)
        samples = (level * np.sin(2 * np.pi * 220 * time_s)).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.pts, frame.sample_rate = pts, SAMPLE_RATE_HZ
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        self._pts += PACKET_SAMPLES
        return frame


class Picture(MediaStreamTrack):
    """The face."""

    kind = "video"

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._index = 0

    async def recv(self) -> VideoFrame:
        stage = self._stage
        while stage.frozen:
            await asyncio.sleep(0.05)
            self._index = int(stage.now_ms() / 1000 * FRAME_RATE_HZ)
        due_s = stage.epoch_s + self._index / FRAME_RATE_HZ
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        image = await asyncio.to_thread(stage.picture, self._index)
        frame = VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = self._index * 90_000 // FRAME_RATE_HZ
        frame.time_base = Fraction(1, 90_000)
        self._index = max(self._index + 1, int(stage.now_ms() / 1000 * FRAME_RATE_HZ))
        return frame


def watch_origin(sender: RTCRtpSender, kind: str, stage: Stage) -> None:
    """Read the RTP timestamp of media time 0 from the first packet sent (its pts is 0)."""
    origins, transport = stage.origins, sender.transport
    send = transport._send_rtp

    async def watched(data: bytes) -> None:
        key = f"{kind}_rtp"
        ssrc = int.from_bytes(data[8:12], "big")
        if ssrc == sender._ssrc and key not in origins and not 200 <= data[1] <= 207:
            origins[key] = int.from_bytes(data[4:8], "big")
            if len(origins) == 2:
                stage.send(type="origin", **origins)
        await send(data)

    transport._send_rtp = watched  # type: ignore[method-assign]  # to read what is sent
