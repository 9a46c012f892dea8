"""The section ``[listen]``: its defaults, and what it refuses."""

import pytest

from kiosk.config import ConfigError, load


def test_microphones_are_visitors_unless_told_otherwise() -> None:
    assert load(None, {}, {"KIOSK_CONFIG": "/dev/null"}).listen.mode == "speak"
    preview = {"KIOSK_CONFIG": "/dev/null", "KIOSK_LISTEN__MODE": "preview"}
    assert load(None, {}, preview).listen.mode == "preview"


def test_visitors_interrupt_and_are_listened_to_unless_told_otherwise() -> None:
    listen = load(None, {}, {"KIOSK_CONFIG": "/dev/null"}).listen
    assert listen.barge_in and listen.attend
    calm = load(None, {"listen.barge_in": False}, {"KIOSK_CONFIG": "/dev/null"}).listen
    assert not calm.barge_in and calm.attend


def test_another_mode_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r'listen\.mode = "sing": allowed: "speak" or "preview"'):
        load(None, {"listen.mode": "sing"}, {"KIOSK_CONFIG": "/dev/null"})


def test_nothing_is_listened_to_unless_it_is_asked_for() -> None:
    listen = load(None, {}, {"KIOSK_CONFIG": "/dev/null"}).listen
    assert (listen.microphone, listen.microphone_stage) == ("", "")
    assert (listen.detector, listen.sensitivity, listen.echo_guard) == ("silero", 0.5, True)


def test_a_microphone_by_number_is_text() -> None:
    chosen = {"KIOSK_CONFIG": "/dev/null", "KIOSK_LISTEN__MICROPHONE": "3"}
    assert load(None, {}, chosen).listen.microphone == "3"


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("sensitivity", 1.5, r"a number from 0\.0 to 1\.0"),
        ("detector", "ears", '"webrtc" or "silero"'),
        ("microphone", 3, '"" for none, "default"'),
    ],
)
def test_what_cannot_be_is_refused_by_name(key: str, value: object, allowed: str) -> None:
    with pytest.raises(ConfigError, match=rf"listen\.{key} = .*: allowed: {allowed}"):
        load(None, {f"listen.{key}": value}, {"KIOSK_CONFIG": "/dev/null"})
