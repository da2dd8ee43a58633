"""Where Beacon may call: nothing that is not plainly public, however it is written."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.outgoing import AddressRefused, Allowed, host_of, is_public, judged

HOOK = "https://hooks.example.gov/in?x=1"
PRIVATE = [
    ipaddress.ip_network(one)
    for one in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/8",
                "224.0.0.0/4", "240.0.0.0/4", "192.0.2.0/24", "198.18.0.0/15")
]  # fmt: skip


@st.composite
def not_public(draw: st.DrawFn) -> ipaddress.IPv4Address:
    network = draw(st.sampled_from(PRIVATE))
    return network[draw(st.integers(0, network.num_addresses - 1))]


@given(not_public())
def test_nothing_leads_into_a_network_that_is_not_public(address: ipaddress.IPv4Address) -> None:
    four = int(address)
    forms = [
        str(address), f"::ffff:{address}", str(ipaddress.IPv6Address((0x64FF9B << 96) | four)),
        str(ipaddress.IPv6Address((0x2002 << 112) | (four << 80))), str(ipaddress.IPv6Address(four + (0 if four > 1 else 2))),
        # Teredo hides the client's address by turning every bit over.
        str(ipaddress.IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (four ^ 0xFFFFFFFF))),
    ]  # fmt: skip
    for form in forms:
        assert not is_public(ipaddress.ip_address(form)), form
        with pytest.raises(AddressRefused):
            judged(HOOK, ["8.8.8.8", form])


@given(st.ip_addresses())
def test_what_passes_is_global_and_comes_back_as_it_was(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    try:
        found = judged(HOOK, [str(address)])
    except AddressRefused:
        return
    assert found == [address]
    assert address.is_global
    assert not address.is_multicast


@pytest.mark.parametrize(
    "address",
    ["::1", "::", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:169.254.169.254"],
)
def test_addresses_of_the_newer_kind(address: str) -> None:
    with pytest.raises(AddressRefused):
        judged(HOOK, [address])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_public_ones_pass(address: str) -> None:
    assert [str(one) for one in judged(HOOK, [address])] == [address]


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.gov/", "ftp://hooks.example.gov/", "https://", "https:///x", "//hooks.example.gov/", "file:///etc/passwd",
     "https://user:pw@hooks.example.gov/", "https://hooks.example.gov:22/", "https://hooks.example.gov\\@127.0.0.1/", "https://a b/",
     "https://hooks.example.gov:99999/", "https://[::1/", "https://-x.gov/", " https://hooks.example.gov/", "https://h\tx/", "gopher://x/",
     "https://hooks_example/"],
)  # fmt: skip
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(AddressRefused):
        host_of(url)


@given(st.text(max_size=60))
def test_any_text_is_refused_or_read(text: str) -> None:
    try:
        host, port = host_of(text)
    except AddressRefused:
        return
    assert text.lower().startswith("https://")
    assert host
    assert port == 443


def test_a_list_of_names_keeps_others_out() -> None:
    allowed = Allowed(hosts=["example.gov"])
    assert host_of("https://EXAMPLE.gov./x", allowed) == ("example.gov", 443)
    assert host_of("https://hooks.example.gov/", allowed)
    for url in ("https://badexample.gov/", "https://example.gov.evil.example/"):
        with pytest.raises(AddressRefused, match="list"):
            host_of(url, allowed)


def test_settings_may_open_a_network_and_the_demo_its_own_machine() -> None:
    inside = Allowed(networks=[ipaddress.ip_network("10.1.0.0/16")])
    assert judged(HOOK, ["10.1.2.3"], inside)
    with pytest.raises(AddressRefused):
        judged(HOOK, ["10.2.2.3"], inside)
    demo = Allowed(is_demo=True)
    assert host_of("http://127.0.0.1:8100/v1", demo) == ("127.0.0.1", 8100)
    assert judged("http://127.0.0.1:8100/v1", ["127.0.0.1"], demo)
    with pytest.raises(AddressRefused):
        judged("http://metadata:80/", ["169.254.169.254"], demo)


def test_a_name_that_leads_nowhere() -> None:
    with pytest.raises(AddressRefused, match="no address"):
        judged(HOOK, [])
