"""What a report is about: everything, a secretariat, an agency, a phase or a workspace; and who may ask for which."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from apps.accounts.actors import EVERYWHERE, Actor, Role
from apps.core import clock
from apps.core.errors import Invalid
from apps.reports.publishing import ALL, Node

_AGENCIES = """
    SELECT a.id, a.code, a.name, COALESCE(a.parent_id, a.id) AS secretariat, a.workspace, p.id, p.number, p.name
    FROM agencies_agency_at(%(moment)s) a
    LEFT JOIN LATERAL (
        SELECT p.id, p.number, p.name FROM rollout_phaseagency_at(%(moment)s) pa
        JOIN rollout_phase_at(%(moment)s) p ON p.id = pa.phase_id WHERE pa.agency_id = a.id
        ORDER BY CASE p.state WHEN 'open' THEN 0 WHEN 'paused' THEN 0 WHEN 'closed' THEN 1 WHEN 'scheduled' THEN 2
            WHEN 'draft' THEN 3 ELSE 4 END, p.number DESC LIMIT 1
    ) p ON true ORDER BY a.name
"""


@dataclass(frozen=True, slots=True)
class Place:
    """An agency as it was on a day."""

    id: int
    code: str
    name: str
    secretariat: int
    workspace: str
    phase_id: int | None
    phase_number: int | None
    phase_name: str | None


@dataclass(frozen=True, slots=True)
class Landscape:
    """All agencies as they were at the end of a day."""

    day: date
    places: dict[int, Place]

    @property
    def groupings(self) -> dict[str, dict[int, Hashable]]:
        """For publishing: which agency is part of which total; totals of secretariats are given up last."""
        found: dict[str, dict[int, Hashable]] = {"secretariat": {}, "phase": {}, "workspace": {}}
        for place in self.places.values():
            found["secretariat"][place.id] = place.secretariat
            if place.phase_id is not None:
                found["phase"][place.id] = place.phase_id
            if place.workspace:
                found["workspace"][place.id] = place.workspace
        return found

    def agencies_in(self, scope: Scope) -> list[Place]:
        """The agencies of a scope, by name."""
        return [place for place in self.places.values() if scope.holds(place)]


@dataclass(frozen=True, slots=True)
class Scope:
    """`kind` is all, secretariat, agency, phase or workspace; `ref` the code, number or name in addresses; `id` its key."""

    kind: str
    ref: str
    id: Hashable
    label: str

    def __str__(self) -> str:
        return "all" if self.kind == "all" else f"{self.kind}:{self.ref}"

    @property
    def node(self) -> Node:
        """The total that this scope is, in what is published."""
        return ALL if self.kind == "all" else (self.kind, self.id)

    def holds(self, place: Place) -> bool:
        mine: dict[str, Any] = {
            "agency": place.id, "secretariat": place.secretariat, "phase": place.phase_id, "workspace": place.workspace,
        }  # fmt: skip
        return self.kind == "all" or mine[self.kind] == self.id


EVERYTHING = Scope("all", "", None, "All agencies")


def landscape_on(day: date) -> Landscape:
    """The agencies as they were when a day ended."""
    with connection.cursor() as cursor:
        cursor.execute(_AGENCIES, {"moment": clock.end_of(day)})
        return Landscape(day, {row[0]: Place(*row) for row in cursor.fetchall()})


def scopes_in(landscape: Landscape) -> list[Scope]:
    """Every scope that there was: all, secretariats, phases, workspaces, agencies."""
    places = landscape.places
    parents = sorted({place.secretariat for place in places.values()}, key=lambda pk: places[pk].name)
    phases = sorted({(p.phase_number, p.phase_id, p.phase_name) for p in places.values() if p.phase_id}, key=str)
    spaces = sorted({place.workspace for place in places.values() if place.workspace})
    return [
        EVERYTHING,
        *(Scope("secretariat", places[pk].code, pk, f"Secretariat: {places[pk].name}") for pk in parents),
        *(Scope("phase", str(number), pk, f"Phase {number}: {name}") for number, pk, name in phases),
        *(Scope("workspace", name, name, f"Workspace {name}") for name in spaces),
        *(Scope("agency", place.code, place.id, place.name) for place in places.values()),
    ]


def scopes_for(actor: Actor, landscape: Landscape) -> list[Scope]:
    """The scopes that a person may ask reports about, the widest first.

    EOTSS, the privacy office, auditors and leaders of everything: all. Leaders of a secretariat: it and its agencies.
    Contacts: the agencies that they serve.
    """
    scopes = scopes_in(landscape)
    led = actor.roles.get(Role.LEADER, frozenset())
    if actor.sees_everyone or EVERYWHERE in led:
        return scopes
    by_id = landscape.places
    mine = {pk for pk, place in by_id.items() if place.code in led or by_id[place.secretariat].code in led}
    whole = {place.secretariat for place in by_id.values() if by_id[place.secretariat].code in led}
    return [
        scope
        for scope in scopes
        if (scope.kind == "secretariat" and scope.id in whole)
        or (scope.kind == "agency" and scope.id in (mine | actor.agency_ids))
    ]


def scope_named(name: str, scopes: list[Scope]) -> Scope:
    """The scope of an address among those that are allowed; the widest for an empty name. Raises `Invalid`."""
    if not scopes:
        raise Invalid("There is nothing that you may report about.", how_to_fix="Ask EOTSS for a role.")
    found = scopes[0] if not name else next((scope for scope in scopes if str(scope) == name), None)
    if found is None:
        raise Invalid("There is no such scope, or it is not yours.", how_to_fix="Choose one from the list.")
    return found
