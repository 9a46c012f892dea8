"""Of what is offered the sound is taken, in whatever place; the rest is declined by the book."""

import re

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from kiosk.api import ProblemError
from kiosk.listen.offer import SoundOffer

HEAD = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE v a d
"""
VIDEO = """m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=mid:v
a=sendonly
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdef01234567
a=fingerprint:sha-256 AA:BB
a=setup:actpass
a=rtcp-mux
a=rtpmap:96 AV1/90000
a=rtpmap:97 rtx/90000
a=candidate:1 1 UDP 2122317823 192.0.2.1 5000 typ host
a=end-of-candidates
"""
AUDIO = """m=audio 0 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=bundle-only
a=mid:a
a=sendonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
"""
DATA = """m=application 0 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=bundle-only
a=mid:d
a=sctp-port:5000
"""


def test_a_bundled_sound_brings_the_connection_that_the_picture_describes() -> None:
    sdp = SoundOffer(HEAD + VIDEO + AUDIO + DATA).sdp
    assert sdp.count("\r\nm=") == 1
    assert "a=group:BUNDLE a\r\n" in sdp
    for line in (
        "a=ice-ufrag:abcd",
        "a=ice-pwd:0123456789abcdef01234567",
        "a=fingerprint:sha-256 AA:BB",
        "a=setup:actpass",
        "a=candidate:1 1 UDP 2122317823 192.0.2.1 5000 typ host",
    ):
        assert f"{line}\r\n" in sdp.partition("m=audio")[2]


def test_what_the_session_tells_is_not_told_twice() -> None:
    head = HEAD + "a=fingerprint:sha-256 CC:DD\na=setup:active\n"
    sdp = SoundOffer(head + VIDEO + AUDIO).sdp
    assert "AA:BB" not in sdp
    assert sdp.count("a=setup:") == 1


def test_the_answer_declines_the_rest_in_its_place() -> None:
    answer = "v=0\na=group:BUNDLE a\nm=audio 9 UDP/TLS/RTP/SAVPF 111\na=mid:a\na=recvonly\n"
    whole = SoundOffer(HEAD + VIDEO + AUDIO + DATA).complete(answer)
    lines = re.findall(r"(?m)^m=.*(?=\r\n)", whole)
    assert lines == [
        "m=video 0 UDP/TLS/RTP/SAVPF 96 97",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
    ]
    assert re.findall(r"(?m)^a=mid:(\w)", whole) == ["v", "a", "d"]
    assert whole.count("a=inactive") == 2
    assert "a=group:BUNDLE a\r\n" in whole
    assert whole.count("a=ptime:10\r\n") == 1


async def test_an_offer_of_aiortc_is_answered_as_it_was_made() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    other = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.createDataChannel("chat")
    pc.addTransceiver("video", direction="sendonly")
    pc.addTransceiver("audio", direction="sendonly")
    await pc.setLocalDescription(await pc.createOffer())
    offer = SoundOffer(pc.localDescription.sdp)
    await other.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
    await other.setLocalDescription(await other.createAnswer())
    whole = offer.complete(other.localDescription.sdp)
    kinds = re.findall(r"(?m)^m=(\w+) (\d+)", whole)
    offered = re.findall(r"(?m)^m=(\w+)", pc.localDescription.sdp)
    assert [kind for kind, _ in kinds] == offered
    assert {kind for kind, port in kinds if port != "0"} == {"audio"}
    await pc.close()
    await other.close()


@pytest.mark.parametrize(
    ("sdp", "status", "code"),
    [
        ("", 400, "malformed_sdp"),
        ("hello", 400, "malformed_sdp"),
        (HEAD, 422, "no_audio"),
        (HEAD + VIDEO, 422, "no_audio"),
        (HEAD + AUDIO.replace("sendonly", "recvonly"), 422, "no_audio"),
        (HEAD + AUDIO.replace("sendonly", "inactive"), 422, "no_audio"),
        (HEAD + AUDIO.replace("a=bundle-only\n", ""), 422, "no_audio"),
        (HEAD + AUDIO.replace("opus/48000/2", "PCMU/8000"), 422, "no_opus"),
    ],
)
def test_offers_without_sound_to_hear_are_refused(sdp: str, status: int, code: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        SoundOffer(sdp)
    problem = refusal.value.problem
    assert (problem.status, problem.code) == (status, code)
    assert problem.remedy


def test_the_second_sound_is_taken_if_the_first_is_not_opus() -> None:
    first = AUDIO.replace("opus/48000/2", "PCMU/8000").replace("a=mid:a", "a=mid:p")
    assert "a=mid:a" in SoundOffer(HEAD + first + AUDIO).sdp
