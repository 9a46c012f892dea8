"""The section ``[listen]``: its defaults, and what it refuses."""

import pytest

from kiosk.config import ConfigError, load


def test_microphones_are_visitors_unless_told_otherwise() -> None:
    assert load(None, {}, {"KIOSK_CONFIG": "/dev/null"}).listen.mode == "speak"
    preview = {"KIOSK_CONFIG": "/dev/null", "KIOSK_LISTEN__MODE": "preview"}
    assert load(None, {}, preview).listen.mode == "preview"


def test_another_mode_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r'listen\.mode = "sing": allowed: "speak" or "preview"'):
        load(None, {"listen.mode": "sing"}, {"KIOSK_CONFIG": "/dev/null"})
