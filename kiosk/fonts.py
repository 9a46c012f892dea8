"""A font of this machine that has the characters of a text."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from engine.synthesis.mark import MarkError, refuse_missing

FOLDERS: Final = (
    "~/.local/share/fonts", "/usr/local/share/fonts", "/usr/share/fonts",
    "/System/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
PATTERNS: Final = (
    "NotoSansCJK*-Medium.*", "NotoSansCJK*-Regular.*", "NotoSansSC*.*", "SourceHanSans*-Regular.*",
    "wqy-microhei.*", "wqy-zenhei.*", "DroidSansFallback*.*", "msyh.*", "PingFang.*", "uming.*",
    "DejaVuSans.ttf", "NotoSans-Regular.*",
)  # fmt: skip
"""Best first: plain strokes that stay legible when small."""


def font_for(text: str, folders: Iterable[str] = FOLDERS) -> str:
    """A font file that has every character of *text*; empty: Pillow's own has them.

    Raises:
        ValueError: none has; the message says what to install.
    """
    for font in ("", *_installed(folders)):
        try:
            refuse_missing(text, font)
        except MarkError:
            continue
        return font
    raise ValueError(
        f"mark_text = {text!r}: no font of this machine has all of its characters: "
        "apt install fonts-noto-cjk, or name a font file as mark_font"
    )


def _installed(folders: Iterable[str]) -> Iterator[str]:
    roots = [path for name in folders if (path := Path(name).expanduser()).is_dir()]
    for pattern in PATTERNS:
        for root in roots:
            yield from (str(file) for file in sorted(root.rglob(pattern)))
