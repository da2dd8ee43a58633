"""What an adapter believes of the vendor's API, and on whose word. Pure: the list; values per workspace are records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CONFIRMED = "Confirmed by the vendor"
REPORTED = "Reported by others, not by the vendor"
UNKNOWN = "Not documented: our assumption"


@dataclass(frozen=True, slots=True)
class Spec:
    """One assumption. `default` is used until a workspace says otherwise; empty means: do without.

    `is_asked`: `check_workspace` can find out by reading alone. The rest can only be confirmed by a person.
    """

    code: str
    title: str
    default: str
    source: str = UNKNOWN
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a read-only question said about one assumption; `holds` is None where the answer says neither."""

    code: str
    holds: bool | None
    answer: str


def values(specs: tuple[Spec, ...], changed: Mapping[str, str]) -> dict[str, str]:
    """The values in use: what the workspace's record says, else the default."""
    return {spec.code: changed.get(spec.code, spec.default) for spec in specs}
