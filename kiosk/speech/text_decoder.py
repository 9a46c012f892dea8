"""Characters of messages that may end in the middle of one."""

import codecs
import re
from typing import Final

_PAIR: Final = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_LONE: Final = re.compile(r"[\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"


class TextDecoder:
    """Puts together characters of which messages bring halves.

    Bytes are UTF-8; what is none becomes U+FFFD. In texts (of JSON, where ``\\ud83d`` may stand
    alone) the halves of a surrogate pair are joined, and lone ones become U+FFFD.
    """

    def __init__(self) -> None:
        self._bytes = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._half = ""

    def data(self, piece: bytes) -> str:
        """The characters that *piece* completes."""
        return self._lone() + self._bytes.decode(piece)

    def text(self, piece: str) -> str:
        """*piece* as whole characters; a half at its end waits for the next one."""
        piece = self._bytes.decode(b"", final=True) + self._half + piece
        self._half = ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        return _whole(piece)

    def finish(self) -> str:
        """What is left of halves, and begin anew."""
        return self._lone() + self._bytes.decode(b"", final=True)

    def _lone(self) -> str:
        half, self._half = self._half, ""
        return _REPLACEMENT if half else ""


def _whole(text: str) -> str:
    joined = _PAIR.sub(
        lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text
    )
    return _LONE.sub(_REPLACEMENT, joined)
