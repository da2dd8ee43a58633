"""Which addresses Beacon may call: a guard against being sent to its own network (server-side request forgery).

Pure: the caller resolves the name, asks here, and connects to one of the very addresses that were judged (a second
look-up could answer otherwise). Redirects are a new address and are judged anew. Refused are other schemes than https,
credentials in the address, names that are not on the list where there is one, and every network address that is not
plainly public: loopback, private, link-local (the clouds' metadata among them), shared, multicast, reserved, and IPv6
forms that carry such an IPv4 address inside.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_PORTS = frozenset({443})
# Translated or tunnelled IPv4 (RFC 6052, 8215, 3056, 4380); the text forms ::a.b.c.d as well.
_CARRIERS = {
    ipaddress.ip_network("64:ff9b::/96"): 0, ipaddress.ip_network("64:ff9b:1::/48"): 0, ipaddress.ip_network("2002::/16"): 80,
    ipaddress.ip_network("::/96"): 0,
}  # fmt: skip


class AddressRefused(ValueError):
    """Beacon does not call this address. The message says why in plain words and holds nothing of the address's path."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What settings allow beyond the rule. `hosts`: only these names and what ends in `.name` (empty: any). `networks`:
    addresses in them may be called though they are not public. `is_demo`: http and loopback, for the simulator."""

    hosts: Collection[str] = ()
    networks: Collection[ipaddress.IPv4Network | ipaddress.IPv6Network] = ()
    ports: Collection[int] = _PORTS
    is_demo: bool = False


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.teredo is not None:
        return address.teredo[1]
    for network, shift in _CARRIERS.items():
        if address in network and address not in {ipaddress.IPv6Address("::"), ipaddress.IPv6Address("::1")}:
            return ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could mean this address, and the one inside it."""
    return all(
        one.is_global and not (one.is_multicast or one.is_reserved or one.is_loopback or one.is_link_local)
        for one in (address, _inner(address))
        if one is address or isinstance(one, ipaddress.IPv4Address)
    )


def host_of(url: str, allowed: Allowed = Allowed()) -> tuple[str, int]:
    """The name and the port to connect to. Raises `AddressRefused` where the address itself is not one to call."""
    if url != url.strip() or any(character <= " " or character in "\\\x7f" for character in url):
        raise AddressRefused("The address has characters that no address has.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("The address cannot be read.") from None
    if parts.scheme not in ({"https", "http"} if allowed.is_demo else {"https"}):
        raise AddressRefused("The address must begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The address must not hold a user or a password.")
    host = (parts.hostname or "").rstrip(".")
    if ":" not in host and not _HOST.fullmatch(host):
        raise AddressRefused("The address has no name that can be looked up.")
    wanted = {name.lower().rstrip(".") for name in allowed.hosts}
    if wanted and host not in wanted and not any(host.endswith(f".{name}") for name in wanted):
        raise AddressRefused("The address is not on the list of those that may be called.")
    port = port or (80 if parts.scheme == "http" else 443)
    if not allowed.is_demo and port not in allowed.ports:
        raise AddressRefused("The address names a port that is not called.")
    return host, port


def judged(url: str, resolved: Iterable[str], allowed: Allowed = Allowed()) -> list[Address]:
    """The addresses of `resolved` (what the name was looked up to), in order, to connect to.

    One that may not be called spoils them all: a name with a public and a private address is a trap, not a mistake.
    Raises `AddressRefused`, also for a name that leads nowhere.
    """
    host_of(url, allowed)
    found = [ipaddress.ip_address(one.partition("%")[0]) for one in resolved]
    if not found:
        raise AddressRefused("The name leads to no address.")
    for address in found:
        if any(address.version == network.version and address in network for network in allowed.networks):
            continue
        if allowed.is_demo and address.is_loopback:
            continue
        if not is_public(address):
            raise AddressRefused("The name leads into a network that is not public.")
    return found
