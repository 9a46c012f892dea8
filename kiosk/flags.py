"""Which flag of which command overrides which key, for messages that name the flag."""

from collections.abc import Mapping
from typing import Final

LOOK_FLAGS: Final[Mapping[str, str]] = {
    "look.preset": "--preset",
    "look.inference_steps": "--inference-steps",
    "look.background": "--background",
    "look.mark": "--mark",
    "look.mark_text": "--mark-text",
    "look.mark_position": "--mark-position",
    "look.mark_font": "--mark-font",
}
"""Of ``kiosk serve`` and ``kiosk render``."""

FLAGS: Final[Mapping[str, str]] = {
    "server.host": "--host",
    "server.port": "--port",
    "server.token": "--token",
    "server.tls_certificate": "--tls-certificate",
    "server.tls_key": "--tls-key",
    "page.title": "--title",
    "page.language": "--language",
    "video.frame_rate_hz": "--fps",
    "video.bitrate_kbps": "--bitrate-kbps",
    "speech.voice_en": "--voice-en",
    "speech.voice_zh": "--voice-zh",
    "speech.rate": "--rate",
    "speech.style": "--style",
    "avatar.name": "--avatar",
    "avatar.dynamic_scale": "--dynamic-scale",
    "avatar.motion_scale": "--motion-scale",
    **LOOK_FLAGS,
    "log.level": "--log-level",
}
"""Of ``kiosk serve``."""

PORTRAIT_FLAGS: Final[Mapping[str, str]] = {
    "avatar.expand_ratio": "--expand-ratio",
    "avatar.min_resolution": "--min-resolution",
}
"""Of ``kiosk portrait add``."""
