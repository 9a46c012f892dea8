"""What a WHIP client offers, cut down to the one stream of sound that is heard here.

Pictures, further sounds and data channels are declined in the answer as RFC 9725 (section 4.4.3,
"Partially Successful Answers") and RFC 9429 (section 5.3.1) have it: port 0 in their sections. The
connection is often described in a declined section alone (of a bundle, RFC 9143), so what the
section of the sound lacks of it is taken from the others.
"""

import re
from collections.abc import Iterable
from typing import Final

from kiosk.api import ProblemError
from kiosk.peer_base import malformed

TRANSPORT: Final = ("ice-ufrag", "ice-pwd", "fingerprint", "setup", "ice-options")
"""Attributes of the connection, equal in all sections of a bundle."""

PACKET_MS: Final = 10
"""Length of the packets that are asked for: half of what is usual, and heard so much sooner."""

SENDING: Final = ("sendrecv", "sendonly")
DIRECTIONS: Final = (*SENDING, "recvonly", "inactive")


class SoundOffer:
    """An offer and how its answer is put together."""

    def __init__(self, sdp: str) -> None:
        """Find the sound.

        Args:
            sdp: the client's offer, sections in any order.

        Raises:
            ProblemError: 400 for what is not SDP; 422 if no section sends sound, or none in Opus.
        """
        if not sdp.lstrip().startswith("v=0"):
            raise malformed("it does not begin with v=0")
        head, *self._sections = re.split(r"^(?=m=)", _lines(sdp), flags=re.MULTILINE)
        self._sound = _find_sound(self._sections)
        section = self._sections[self._sound]
        others = [other for other in self._sections if other is not section]
        self.sdp = _without_others(head, _mid(section)) + _completed(section, head, others)
        """The offer of the sound alone."""

    def complete(self, answer: str) -> str:
        """The answer to the whole offer, given the *answer* to the sound alone."""
        head, section = re.split(r"^(?=m=)", _lines(answer), maxsplit=1, flags=re.MULTILINE)
        sections = [_declined(offered) for offered in self._sections]
        sections[self._sound] = section + f"a=ptime:{PACKET_MS}\r\n"
        return head + "".join(sections)


def _lines(text: str) -> str:
    """*text* with the line ends of SDP, and one at its end."""
    return "".join(f"{line}\r\n" for line in text.strip().splitlines())


def _attributes(section: str, name: str) -> list[str]:
    return re.findall(rf"^a={name}(?::[^\r\n]*)?(?=\r\n)", section, re.MULTILINE)


def _mid(section: str) -> str:
    found = _attributes(section, "mid")
    return found[0].partition(":")[2] if found else ""


def _find_sound(sections: Iterable[str]) -> int:
    """Index of the first section that sends sound in Opus."""
    sending = [
        (index, section)
        for index, section in enumerate(sections)
        if section.startswith("m=audio ") and _sends(section)
    ]
    for index, section in sending:
        if re.search(r"^a=rtpmap:\d+ opus/48000", section, re.MULTILINE | re.IGNORECASE):
            return index
    if sending:
        raise ProblemError(
            422, "no_opus", "the offer has no Opus", "offer opus/48000/2; every WHIP client has it"
        )
    raise ProblemError(
        422,
        "no_audio",
        "the offer sends no sound",
        "offer to send it: addTransceiver(track, {direction: 'sendonly'}); to watch, POST to /whep",
    )


def _sends(section: str) -> bool:
    """Whether the client would send; a section without a direction does (RFC 8866, 6.7)."""
    if re.match(r"m=\w+ 0 ", section) and not _attributes(section, "bundle-only"):
        return False
    directions = [name for name in DIRECTIONS if _attributes(section, name)]
    return not directions or directions[0] in SENDING


def _without_others(head: str, mid: str) -> str:
    """The session's own lines, with a bundle of the section called *mid* alone."""
    lines = [line for line in head.splitlines() if not line.startswith("a=group:BUNDLE")]
    if mid:
        lines.append(f"a=group:BUNDLE {mid}")
    return _lines("\n".join(lines))


def _completed(section: str, head: str, others: list[str]) -> str:
    """*section* with what the others tell of the connection that they share with it."""
    more = []
    for name in TRANSPORT:
        if not _attributes(section, name) and not _attributes(head, name):
            more += next((found for other in others if (found := _attributes(other, name))), [])
    if not _attributes(section, "candidate"):
        # In the order offered, each once: every section of a bundle may tell the same ones.
        found = [line for other in others for line in _attributes(other, "candidate")]
        more += dict.fromkeys(found)
    return section + "".join(f"{line}\r\n" for line in more)


def _declined(section: str) -> str:
    """The answer to a section that is not wanted."""
    line = re.sub(r"^(m=\S+) \d+", r"\1 0", section.partition("\r\n")[0])
    mid = _mid(section)
    lines = [line, "c=IN IP4 0.0.0.0", *([f"a=mid:{mid}"] if mid else []), "a=inactive"]
    return _lines("\n".join(lines))
