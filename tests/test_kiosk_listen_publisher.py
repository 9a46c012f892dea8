"""A publisher against a real aiortc client: its sound arrives; it ends when either side does."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from fractions import Fraction
from typing import cast

import numpy as np
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.rtcdtlstransport import RTCDtlsTransport
from av import AudioFrame

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.listen import publisher as publishing
from kiosk.listen.publisher import JITTER_BUFFER, Publisher
from kiosk.stage import Stage
from tests.opus_utils import PACKET_SAMPLES, voice


class FakeInlet:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.parts: list[FloatArray] = []
        self.closed = False
        self.closes = 0

    def push(self, samples: FloatArray) -> None:
        self.parts.append(samples)

    def close(self) -> None:
        self.closed = True
        self.closes += 1

    @property
    def sound(self) -> FloatArray:
        return np.concatenate([np.zeros(0, np.float32), *self.parts])


class VoiceTrack(MediaStreamTrack):
    """Sound for ever, in real time."""

    kind = "audio"

    def __init__(self, sound: FloatArray) -> None:
        super().__init__()
        self._sound = sound
        self._index = 0

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(PACKET_SAMPLES / SAMPLE_RATE_HZ)
        at = np.arange(self._index, self._index + PACKET_SAMPLES)
        pcm = (self._sound.take(at, mode="wrap") * 32767).astype(np.int16)
        # Stereo: aiortc turns mono into stereo 3 dB softer.
        frame = AudioFrame.from_ndarray(np.repeat(pcm, 2)[None], format="s16", layout="stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, self._index
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        self._index += PACKET_SAMPLES
        return frame


@asynccontextmanager
async def sender(*kinds: str) -> AsyncIterator[RTCPeerConnection]:
    """A client that has an offer and sends a voice."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in kinds or ("audio",):
        if kind == "audio":
            pc.addTransceiver(VoiceTrack(voice(1.0)), direction="sendonly")
        else:
            pc.addTransceiver(kind, direction="sendonly")
    await pc.setLocalDescription(await pc.createOffer())
    yield pc
    await pc.close()


class Ended:
    """What a publisher calls when it has ended by itself."""

    def __init__(self) -> None:
        self.happened = asyncio.Event()

    async def __call__(self, peer: Publisher) -> None:
        self.happened.set()
        await peer.aclose()


@asynccontextmanager
async def published(
    ended: Ended | None = None, timeout_s: float = 15.0
) -> AsyncIterator[tuple[Publisher, FakeInlet]]:
    publisher, inlet = Publisher(cast(Stage, None), ended or Ended(), timeout_s), FakeInlet()
    publisher.inlet = inlet
    yield publisher, inlet
    await publisher.aclose()


async def connect(pc: RTCPeerConnection, publisher: Publisher) -> str:
    answer = await publisher.answer(pc.localDescription.sdp)
    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    return answer


async def heard(inlet: FakeInlet, seconds: float) -> FloatArray:
    for _ in range(500):
        if len(inlet.sound) >= seconds * SAMPLE_RATE_HZ:
            return inlet.sound
        await asyncio.sleep(0.02)
    raise TimeoutError(f"only {len(inlet.sound)} samples were heard")


def pitch_hz(sound: FloatArray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum) * SAMPLE_RATE_HZ / len(sound))


async def test_what_is_sent_is_heard_mono_and_as_loud() -> None:
    ended = Ended()
    async with published(ended) as (publisher, inlet), sender() as pc:
        answer = await connect(pc, publisher)
        assert "a=recvonly" in answer
        assert "srflx" not in answer and "a=candidate" in answer
        sound = (await heard(inlet, 1.0))[-SAMPLE_RATE_HZ // 2 :]
        assert inlet.parts[0].dtype == np.float32
        assert pitch_hz(sound) == pytest.approx(140.0, abs=3.0)
        assert np.sqrt(np.mean(sound**2)) == pytest.approx(
            float(np.sqrt(np.mean(voice(1.0) ** 2))), rel=0.15
        )
    assert inlet.closed


@pytest.mark.parametrize("kinds", [("video", "audio"), ("audio", "video")])
async def test_a_picture_beside_the_sound_is_declined_and_the_sound_heard(
    kinds: tuple[str, ...],
) -> None:
    async with published() as (publisher, inlet), sender(*kinds) as pc:
        offer = SoundSections(pc.localDescription.sdp)
        answer = await publisher.answer(pc.localDescription.sdp)
        assert SoundSections(answer).kinds == offer.kinds
        assert "m=video 0 " in answer
        # aiortc as a client does not know declined sections: it is told of the sound alone.
        await pc.setRemoteDescription(RTCSessionDescription(offer.revive(answer), "answer"))
        await heard(inlet, 0.3)


class SoundSections:
    """The sections of an SDP."""

    def __init__(self, sdp: str) -> None:
        self.sections = sdp.split("m=")[1:]
        self.kinds = [section.split(" ")[0] for section in self.sections]

    def revive(self, answer: str) -> str:
        """*answer* with the declined picture as an inactive section that aiortc can read."""
        head = answer.split("m=")[0].replace(
            next(line for line in answer.splitlines() if "BUNDLE" in line), "a=group:BUNDLE 0 1"
        )
        answered = dict(
            zip(SoundSections(answer).kinds, SoundSections(answer).sections, strict=True)
        )
        sound = answered["audio"].splitlines()
        transport = [
            line for line in sound if line.split(":")[0] in
            ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup", "a=candidate", "a=rtcp-mux",
             "a=end-of-candidates")
        ]  # fmt: skip
        parts = []
        for kind, offered in zip(self.kinds, self.sections, strict=True):
            if kind == "audio":
                parts.append(answered["audio"])
                continue
            lines = [line for line in offered.splitlines() if "rtpmap" in line or "a=mid" in line]
            first = offered.splitlines()[0]
            parts.append("\r\n".join([first, *lines, "a=inactive", *transport]) + "\r\n")
        return head + "".join(f"m={part}" for part in parts)


async def test_an_offer_without_candidates_connects_by_the_checks_that_come() -> None:
    """As some clients send it, who wait for the answer to say where to go."""
    async with published() as (publisher, inlet), sender() as pc:
        lines = pc.localDescription.sdp.splitlines()
        bare = [line for line in lines if "candidate" not in line]
        answer = await publisher.answer("\r\n".join(bare) + "\r\n")
        await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await heard(inlet, 0.3)


@contextmanager
def losing(every: int) -> Iterator[None]:
    """Every so many-th packet of RTP does not arrive."""
    handle = RTCDtlsTransport._handle_rtp_data
    count = 0

    async def spoiled(self: RTCDtlsTransport, data: bytes, arrival_time_ms: int) -> None:
        nonlocal count
        count += 1
        if count % every:
            await handle(self, data, arrival_time_ms)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RTCDtlsTransport, "_handle_rtp_data", spoiled)
        yield


async def test_lost_packets_leave_no_hole_in_the_timeline() -> None:
    with losing(every=10):
        async with published() as (publisher, inlet), sender() as pc:
            await connect(pc, publisher)
            await heard(inlet, 1.5)
            stream = publisher.stream
            assert stream.lost >= 5
            expected = (stream.heard + stream.lost) * PACKET_SAMPLES
            assert abs(len(inlet.sound) - expected) <= 2 * PACKET_SAMPLES


async def test_a_client_that_never_connects_is_dropped() -> None:
    ended = Ended()
    async with published(ended, timeout_s=0.2) as (publisher, inlet), sender() as pc:
        await publisher.answer(pc.localDescription.sdp)
        async with asyncio.timeout(5):
            await ended.happened.wait()
        assert inlet.closed


async def test_a_client_that_closes_is_noticed_at_once() -> None:
    ended = Ended()
    async with published(ended) as (publisher, inlet), sender() as pc:
        await connect(pc, publisher)
        await heard(inlet, 0.2)
        await pc.close()
        async with asyncio.timeout(5):
            await ended.happened.wait()
        assert inlet.closed


async def test_a_client_that_falls_silent_without_a_word_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "SILENT_S", 0.3)
    ended = Ended()
    async with published(ended) as (publisher, inlet), sender() as pc:
        await connect(pc, publisher)
        await heard(inlet, 0.2)
        for transceiver in pc.getTransceivers():
            transceiver.sender.replaceTrack(None)
        async with asyncio.timeout(5):
            await ended.happened.wait()


async def test_a_publisher_whose_place_was_taken_ends() -> None:
    ended = Ended()
    async with published(ended) as (publisher, inlet), sender() as pc:
        await connect(pc, publisher)
        await heard(inlet, 0.2)
        inlet.closed = True
        async with asyncio.timeout(5):
            await ended.happened.wait()
        assert publisher.dismissed


def test_the_private_names_we_use_are_those_of_this_aiortc() -> None:
    """Fails loudly when aiortc changes under us: then read publisher.py again."""
    assert JITTER_BUFFER in RTCRtpReceiver.__init__.__code__.co_names
    assert JITTER_BUFFER in RTCRtpReceiver._handle_rtp_packet.__code__.co_names
