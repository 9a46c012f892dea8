"""A kiosk whose cable is pulled: WebRTC over loopback when there is no other address.

aioice leaves 127.0.0.1 out, so a machine that has lost every other address could not show its own
page. Chromium must allow it too: ``--allow-loopback-in-peer-connection`` and
``--disable-features=WebRtcHideLocalIpsWithMdns`` (the screen unit sets both).
"""

from aioice import ice

LOOPBACK_ADDRESS = "127.0.0.1"


def offer_loopback_when_alone() -> None:
    """Make aioice offer the loopback address when this machine has no other."""
    found = ice.get_host_addresses
    if getattr(found, "offers_loopback", False):
        return

    def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        addresses = found(use_ipv4=use_ipv4, use_ipv6=use_ipv6)
        return addresses or ([LOOPBACK_ADDRESS] if use_ipv4 else [])

    get_host_addresses.offers_loopback = True  # type: ignore[attr-defined]  # marks it as ours
    ice.get_host_addresses = get_host_addresses
