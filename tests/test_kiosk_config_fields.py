"""The kinds of value that settings are made of."""

import pytest
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypeForm

from kiosk.config_fields import Address, FrameRate, Hosts, Name, Origins, Pixels, Spoken, Token


def accepts(kind: TypeForm[object], value: object) -> object:
    return TypeAdapter[object](kind).validate_python(value)


def refuses(kind: TypeForm[object], value: object) -> None:
    with pytest.raises(ValidationError):
        accepts(kind, value)


def test_origins_are_normalised() -> None:
    assert accepts(Origins, "https://Hall.example/, http://10.0.0.5:81") == (
        "https://hall.example",
        "http://10.0.0.5:81",
    )
    assert accepts(Origins, []) == ()


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "hall.example", "ftp://hall.example", "https://h.example/path", "https://"],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    refuses(Origins, [origin])


def test_hosts_are_bare_names() -> None:
    given = ["Kiosk.Hall.example", "10.0.0.5", "[::1]"]
    assert accepts(Hosts, given) == ("kiosk.hall.example", "10.0.0.5", "::1")
    for host in ("http://kiosk", "a b", "", "*", "kiosk:8080"):
        refuses(Hosts, [host])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost", "kiosk.hall.example"])
def test_addresses(address: str) -> None:
    assert accepts(Address, address) == address


@pytest.mark.parametrize("address", ["300.1.1.1", "a:b", "127.0.0.1:80", "", "a b", "1:2"])
def test_what_is_no_address_is_refused(address: str) -> None:
    refuses(Address, address)


def test_tokens_fit_into_a_header() -> None:
    assert accepts(Token, "s3cret~") == "s3cret~"
    assert accepts(Token, "") == ""
    for token in ("two words", "zwölf", "line\n"):
        refuses(Token, token)


def test_numbers() -> None:
    assert accepts(FrameRate, "20") == 20
    refuses(FrameRate, 24)
    assert accepts(Pixels, 512) == 512
    for pixels in (511, 128, 1920):
        refuses(Pixels, pixels)


def test_words() -> None:
    assert accepts(Name, "zf_xiaobei") == "zf_xiaobei"
    for name in ("", "../ada", "_x", "é", "x" * 65):
        refuses(Name, name)
    assert accepts(Spoken, "您好") == "您好"
    for text in ("", "!?", "🙂", "x" * 20_001):
        refuses(Spoken, text)
