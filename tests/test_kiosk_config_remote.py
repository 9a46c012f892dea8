"""Servers of the local network: addresses that are allowed, and those that are not."""

import pytest

from kiosk.config import load
from kiosk.config_remote import KEY_VARIABLE, RemoteVoicesSettings, is_private, speech_key
from kiosk.config_sources import ConfigError


def faults(variable: str, value: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(environment={f"KIOSK_REMOTE_VOICES__{variable}": value})
    return str(caught.value)


def test_by_default_there_are_none() -> None:
    settings = RemoteVoicesSettings()
    assert settings.wyoming == settings.openai == ()


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("192.168.0.9", True),
        ("172.31.0.1", True),
        ("169.254.1.1", True),
        ("fd00::1", True),
        ("fe80::1%eth0", True),
        ("::1", True),
        ("::ffff:10.0.0.1", True),
        ("8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("172.32.0.1", False),
        ("2606:4700::1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
    ],
)
def test_which_addresses_are_private(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_addresses_are_made_plain() -> None:
    settings = RemoteVoicesSettings(
        wyoming=("tcp://Speech.Local:10200/",),
        openai=("http://10.0.0.6:8000/v1/", "https://hall.lan/kokoro/v1"),
    )
    assert settings.wyoming == ("tcp://speech.local:10200",)
    assert settings.openai == ("http://10.0.0.6:8000", "https://hall.lan/kokoro")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WYOMING", "10.0.0.5:10200"),
        ("WYOMING", "tcp://10.0.0.5"),
        ("WYOMING", "tcp://10.0.0.5:99999"),
        ("WYOMING", "http://10.0.0.5:10200"),
        ("OPENAI", "tcp://10.0.0.6:8000"),
        ("OPENAI", "http://user:secret@10.0.0.6"),
        ("OPENAI", "http://10.0.0.6?key=secret"),
        ("OPENAI_VOICES", "alloy:fr"),
        ("OPENAI_VOICES", "two words"),
        ("TIMEOUT_S", "0"),
    ],
)
def test_what_is_no_address_or_voice_is_refused_with_an_example(variable: str, value: str) -> None:
    told = faults(variable, value)
    assert f"remote_voices.{variable.lower()}" in told and "allowed" in told


@pytest.mark.parametrize(("variable", "host"), [("WYOMING", "tcp"), ("OPENAI", "https")])
def test_a_host_out_of_the_house_needs_a_word(variable: str, host: str) -> None:
    address = f"{host}://8.8.8.8:443"
    assert "allow_public" in faults(variable, address)
    allowed = {
        f"KIOSK_REMOTE_VOICES__{variable}": address,
        "KIOSK_REMOTE_VOICES__ALLOW_PUBLIC": "true",
    }
    assert getattr(load(environment=allowed).remote_voices, variable.lower()) == (address,)


def test_the_key_is_no_setting() -> None:
    assert speech_key({KEY_VARIABLE: " abc\n"}) == "abc"
    assert speech_key({}) == ""
    assert not KEY_VARIABLE.startswith("KIOSK_")
