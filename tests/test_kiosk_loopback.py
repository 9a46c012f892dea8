"""The loopback address is offered when, and only when, there is no other."""

import inspect
from collections.abc import Iterator

import pytest
from aioice import ice

from kiosk.loopback import offer_loopback_when_alone


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    original = ice.get_host_addresses
    yield
    ice.get_host_addresses = original


@pytest.mark.parametrize(
    ("found", "offered"), [([], ["127.0.0.1"]), (["192.0.2.7"], ["192.0.2.7"])]
)
def test_loopback_is_the_last_resort(found: list[str], offered: list[str]) -> None:
    ice.get_host_addresses = lambda use_ipv4, use_ipv6: found
    offer_loopback_when_alone()
    offer_loopback_when_alone()
    assert ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == offered


def test_aioice_still_asks_by_that_name() -> None:
    """Fails loudly when aioice changes under us: then read loopback.py again."""
    assert list(inspect.signature(ice.get_host_addresses).parameters) == ["use_ipv4", "use_ipv6"]
    code = ice.Connection.gather_candidates.__code__
    assert "get_host_addresses" in code.co_names
