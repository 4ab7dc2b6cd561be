"""Which addresses count as public, in all their forms."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis.strategies import integers, ip_addresses, sampled_from

from senryu.web.addresses import is_in, is_public
from tests.contract.manifest import requirement

MAPPED, NAT64, COMPATIBLE = (IPv6Address(each) for each in ("::ffff:0:0", "64:ff9b::", "::"))
SIX_TO_FOUR, TEREDO = 0x2002 << 112, 0x2001 << 112
INSIDE = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]


@requirement("urls.public")
@given(sampled_from(INSIDE).map(IPv4Network), integers(0, 2**32 - 1))
def test_no_form_of_an_inner_address_is_public(network: IPv4Network, number: int) -> None:
    inner = network[number % network.num_addresses]
    embedded = int(inner)
    forms = [
        inner,
        *(IPv6Address(int(prefix) | embedded) for prefix in (MAPPED, NAT64, COMPATIBLE)),
        IPv6Address(SIX_TO_FOUR | embedded << 80),
        IPv6Address(TEREDO | embedded ^ 0xFFFF_FFFF),
    ]
    assert not [form for form in forms if is_public(form)]
    assert is_in(IPv6Address(int(MAPPED) | embedded), [network])


@requirement("urls.public")
@given(ip_addresses())
def test_what_the_registries_do_not_call_global_is_not_public(
    address: IPv4Address | IPv6Address,
) -> None:
    assert address.is_global or not is_public(address) or address in ip_network("64:ff9b::/96")


@requirement("urls.public")
@pytest.mark.parametrize(
    "text",
    ["0.0.0.0", "100.100.100.200", "168.63.129.16", "192.0.2.1", "198.18.0.1", "224.0.0.251"]
    + ["239.255.255.250", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1"]
    + ["fd00:ec2::254", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "64:ff9b:1::1", "4000::1"],
)
def test_special_addresses_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@requirement("urls.public")
@pytest.mark.parametrize(
    "text", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are_public(text: str) -> None:
    assert is_public(ip_address(text))
