"""Identifiers: opaque to a client, yet the same in every run, so that two runs can be compared."""

from __future__ import annotations

from hashlib import blake2b

ID_BYTES = 12


def object_id(kind: str, seq: int) -> str:
    """Return the id of the `seq`-th object of a kind ("user", "invite", ...), such as `user-5f0c...`."""
    return f"{kind}-{blake2b(f'{kind}/{seq}'.encode(), digest_size=ID_BYTES).hexdigest()}"


def request_id(count: int, salt: str) -> str:
    """Return the value of `x-request-id` for the `count`-th request of a process with its own salt."""
    return f"req_{blake2b(f'{salt}/{count}'.encode(), digest_size=16).hexdigest()}"


def draw(*parts: object, size: int = 8) -> int:
    """Return a number of `size` bytes that depends on nothing but `parts`: chance that can be repeated."""
    text = "/".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=size).digest(), "big")


def draw_share(*parts: object) -> float:
    """Return a number in [0, 1) that depends on nothing but `parts`."""
    return draw(*parts) / 2**64
