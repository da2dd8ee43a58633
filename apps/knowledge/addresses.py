"""Web addresses and names of tools, as people type them and as they are compared. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from apps.core.delimited import squeezed

_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
# Columns about a person or their device, by words of the squeezed name. Only counts come in.
_PERSONAL = (
    "user", "name", "mail", "ip", "device", "employee", "login", "account", "client", "machine", "computer", "mac",
    "workstation", "person", "upn", "source", "src",
)  # fmt: skip


def host_of(text: str) -> str:
    """The host of a web address without scheme, port, path and "www."; empty where the text is no address.

    "https://www.ChatGPT.com:443/c/1?x=2" → "chatgpt.com".
    """
    text = text.strip()
    if not text or any(character.isspace() for character in text):
        return ""
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        host = host.rstrip(".").encode("idna").decode("ascii")
    except ValueError:  # a broken bracket, a label that is too long: no address then
        return ""
    host = host.removeprefix("www.")
    return host if _HOST.fullmatch(host) else ""


def above(host: str) -> list[str]:
    """The host and those that it is a sub-domain of, the longest first: "a.b.org" → ["a.b.org", "b.org"]."""
    labels = host.split(".")
    return [".".join(labels[place:]) for place in range(len(labels) - 1)]


def plain(name: str) -> str:
    """A name as names are compared: lower case, single blanks."""
    return " ".join(name.casefold().split())


def points_to_a_person(text: str) -> bool:
    """Whether a cell is an e-mail address or the address of a device."""
    if "@" in text:
        return True
    try:
        ip_address(text.strip().strip("[]"))
    except ValueError:
        return False
    return True


def is_about_a_person(column: str) -> bool:
    """Whether a column of this name would tell who or which device it was."""
    return any(word in squeezed(column) for word in _PERSONAL)
