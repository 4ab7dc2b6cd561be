"""Which addresses may be fetched from. Pure.

A server that fetches what its clients name must not become their way into its own network, so
everything is refused that is not an address of the public Internet.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

__all__ = ["Address", "AddressRange", "is_in", "is_public"]

Address = IPv4Address | IPv6Address
AddressRange = IPv4Network | IPv6Network

_UNICAST: Final = IPv6Network("2000::/3")  # IANA: all that is given out so far
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052
_PLATFORM: Final = IPv4Address("168.63.129.16")  # Azure's own service, on each of its machines


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public Internet, however it is written."""
    end = _destination(address)
    if isinstance(end, IPv4Address):
        return end.is_global and not end.is_multicast and end != _PLATFORM
    is_tunnel = end.sixtofour is not None or end.teredo is not None
    return end in _UNICAST and end.is_global and not is_tunnel


def is_in(address: Address, ranges: Sequence[AddressRange]) -> bool:
    """Whether an address is in one of these ranges, however it is written."""
    end = _destination(address)
    return any(end in each for each in ranges)


def _destination(address: Address) -> Address:
    """Where packets end: an IPv4 address in an IPv6 one is that IPv4 address."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address
