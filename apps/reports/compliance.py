"""The compliance report: every live seat against every requirement, what is open and who owes it, in one opinion.

For those who may see every person counts are exact; for everybody else they are cut like all published figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from apps.core import clock
from apps.core.floor import share
from apps.incidents.lifecycle import OPEN
from apps.incidents.models import SEVERITIES
from apps.incidents.trends import suppressed
from apps.licenses.lifecycle import SUSPENSION_REASONS
from apps.reports.document import Column, Document, Section, Stat, Table, Value
from apps.reports.figures import Figures, figures_on
from apps.reports.past_registers import (
    Incident,
    Registers,
    Wrong,
    people_with_waivers,
    registers_on,
    suspended_since,
)
from apps.reports.scopes import Scope

# Requirement, the measure of those who lack it, and where it is known from.
REQUIREMENTS = (
    ("Active employment", "no_employment", "HR file"),
    ("Agency in an open phase", "no_phase", "Phases"),
    ("Terms in force accepted", "no_terms", "Acceptances"),
    ("Required training valid", "no_training", "Completions, waivers"),
)
OWNERS = {
    "terms": "Employee", "training": "Employee", "incident": "Privacy office", "moved": "EOTSS", "rolled_back": "EOTSS",
    "review": "Agency contact", "stopped": "EOTSS, privacy office",
}  # fmt: skip
_DRIFT_HOURS = 24


@dataclass(frozen=True, slots=True)
class Open:
    """Something open: what, how many (None: not shown), since when the oldest, and who owes the next step."""

    what: str
    number: int | None
    since: datetime | None
    owner: str


def compliance(day: date, scope: Scope, *, is_floored: bool, fresh: bool = False) -> Document:
    """The report about a scope at the end of a day. `is_floored` for readers who may not see every person."""
    return _Compliance(day, scope, is_floored=is_floored, fresh=fresh).document()


class _Compliance:
    def __init__(self, day: date, scope: Scope, *, is_floored: bool, fresh: bool) -> None:
        self.day, self.scope, self.is_floored = day, scope, is_floored
        self.figures: Figures = figures_on(day, fresh=fresh)
        self.registers: Registers = registers_on(day)
        self.places = self.figures.landscape.agencies_in(scope)
        self.ids = [place.id for place in self.places]

    def count(self, measure: str, scope: Scope | None = None) -> int | None:
        """People of a scope (the report's); None where the reader may not know."""
        if self.is_floored:
            return self.figures.of(scope or self.scope, measure)
        if scope is None:
            return self.figures.exact(measure, self.ids)
        return self.figures.exact(measure, [p.id for p in self.figures.landscape.agencies_in(scope)])

    def is_any(self, measure: str) -> bool:
        """Whether there is anybody at all: that much every reader is told, or nobody could trust the opinion."""
        return self.figures.exact(measure, self.ids) > 0

    def document(self) -> Document:
        exceptions = [*self.about_people(), *self.about_records(), *self.about_the_vendor()]
        sections = [
            self.requirements(), self.exceptions(exceptions), self.agencies(), self.phases(), self.incidents(),
            *([self.vendor()] if self.scope.kind in {"all", "workspace"} else []),
        ]  # fmt: skip
        return Document(
            "compliance", "Compliance of the AI assistant", str(self.scope), self.scope.label, self.day, self.is_floored,
            self.opinion(exceptions), sections, self.notes(),
        )  # fmt: skip

    def notes(self) -> list[str]:
        said = ["Figures are those known at the end of the day; what was recorded later is not in them."]
        if self.is_floored:
            said.append("A figure about fewer than ten people is not shown, nor one from which it could be worked out.")
            said.append("Where a total would give a hidden figure away, it is the sum of the agencies that are shown.")
        return said

    # -- the opinion -------------------------------------------------------------------------------------------

    def opinion(self, exceptions: Sequence[Open]) -> str:
        lacking = [title.lower() for title, measure, _ in REQUIREMENTS if self.is_any(measure)]
        if self.is_oversold:
            lacking.append("more seats in use than purchased")
        if lacking:
            return f"Not compliant: {'; '.join(lacking)}."
        count = len(exceptions)
        if count:
            return f"Compliant with {count} exception{'s' * (count > 1)}."
        return "Compliant."

    @property
    def is_oversold(self) -> bool:
        purchased = sum(contract.seats for contract in self.registers.contracts)
        return self.scope.kind == "all" and sum(self.registers.seats_counted.values()) > purchased

    # -- exceptions --------------------------------------------------------------------------------------------

    def about_people(self) -> list[Open]:
        since = suspended_since(self.day, self.ids)
        found = [
            Open(f"Seats suspended: {label.lower()}", self.count(f"suspended_{code}"), since.get(code), OWNERS[code])
            for code, label in SUSPENSION_REASONS.items()
            if self.is_any(f"suspended_{code}")
        ]
        waived = people_with_waivers(self.day, self.ids)
        if waived:
            number = None if self.is_floored else waived
            found.append(Open("People with a training waiver", number, None, "EOTSS, privacy office"))
        return found

    def about_records(self) -> list[Open]:
        registers, phases = self.registers, {place.phase_id for place in self.places}
        waivers = [one for one in registers.gate_waivers if one.phase_id in phases]
        late = self.late_incidents()
        found = []
        if waivers:
            found.append(Open("Gates of a phase waived", len(waivers), min(w.confirmed_at for w in waivers), "EOTSS"))
        if late:
            first = min(one.acknowledge_by for one in late)
            found.append(Open("Incidents past their clock", self.incident_count(late), first, "Privacy office"))
        if self.scope.kind == "all":
            for what, number, owner in (
                ("Access reviews past their day", registers.reviews_late, "EOTSS"),
                ("People under a legal hold", None if self.is_floored else registers.holds, "Privacy office"),
                ("Emergency stops in force", registers.stops, "EOTSS, privacy office"),
            ):
                if number or (number is None and registers.holds):
                    found.append(Open(what, number, None, owner))
        return found

    def about_the_vendor(self) -> list[Open]:
        old = clock.end_of(self.day) - timedelta(hours=_DRIFT_HOURS)
        groups = (
            (f"Drift older than {_DRIFT_HOURS} hours", [one for one in self.at_vendor(self.registers.drift) if one.since < old]),
            ("Posture not as expected or not known", self.at_vendor(self.registers.posture)),
            ("Vendor operations that need attention", self.at_vendor(self.registers.failed)),
        )  # fmt: skip
        return [
            Open(what, sum(one.number for one in wrong), min(one.since for one in wrong), "EOTSS")
            for what, wrong in groups
            if wrong
        ]

    def at_vendor(self, wrong: Sequence[Wrong]) -> list[Wrong]:
        """What concerns this report: workspaces are no part of an agency or phase."""
        if self.scope.kind == "all":
            return list(wrong)
        return [one for one in wrong if self.scope.kind == "workspace" and one.workspace == self.scope.id]

    def incident_count(self, incidents: Sequence[Incident]) -> int | None:
        return suppressed([len(incidents)])[0] if self.is_floored else len(incidents)

    @property
    def mine(self) -> list[Incident]:
        """The incidents of the scope; those that name no agency stand in the report about all."""
        whole, ids = self.scope.kind == "all", set(self.ids)
        return [one for one in self.registers.incidents if whole or one.agency_id in ids]

    def late_incidents(self) -> list[Incident]:
        end = clock.end_of(self.day)
        return [
            one for one in self.mine if one.acknowledged_at is None and one.state in OPEN and one.acknowledge_by < end
        ]

    # -- sections ----------------------------------------------------------------------------------------------

    def requirements(self) -> Section:
        holders = self.count("enabled")
        rows: list[Sequence[Value]] = []
        for title, measure, source in REQUIREMENTS:
            lacking = self.count(measure)
            met = (
                None if holders is None or lacking is None else holders - (0 if measure == "no_employment" else lacking)
            )
            rows.append((title, met, lacking, share(met, holders), source))
        table = Table(
            "requirements", "Live seats against each requirement",
            [
                Column("requirement", "Requirement", "text"), Column("met", "Met", "count", "met"), Column("lacking", "Lacking"),
                Column("share", "Coverage", "percent"), Column("source", "Known from", "text"),
            ],
            rows, note="A request approved by somebody else comes before every seat; the database refuses any other.",
        )  # fmt: skip
        stats = [Stat("Live seats", holders, "count", "enabled"), Stat("Suspended seats", self.count("suspended"))]
        if self.scope.kind == "all":
            stats.append(Stat("Seats purchased", sum(c.seats for c in self.registers.contracts), "count", "purchased"))
        return Section("requirements", "Who holds a seat, and by what right", stats=stats, tables=[table])

    def exceptions(self, found: Sequence[Open]) -> Section:
        end = clock.end_of(self.day)
        rows = [
            (one.what, one.number, None if one.number is None else _age(one.since, end), one.owner) for one in found
        ]
        table = Table(
            "exceptions", "Exceptions",
            [
                Column("what", "What", "text"), Column("number", "How many"), Column("age", "Oldest", "days"),
                Column("owner", "Who owes the next step", "text"),
            ],
            rows, empty="There are no exceptions.",
        )  # fmt: skip
        return Section("exceptions", "What is open", tables=[table])

    def agencies(self) -> Section:
        inside = [Scope("agency", p.code, p.id, p.name) for p in self.places if p.phase_id is not None]
        measures = ("enabled", "no_terms", "no_training", "suspended")
        rows = [[one.label, *(self.count(name, one) for name in measures)] for one in inside]
        columns = [
            Column("agency", "Agency", "text"), Column("enabled", "Live seats", "count", "enabled"),
            Column("no_terms", "Lack the terms"), Column("no_training", "Lack training"), Column("suspended", "Suspended"),
        ]  # fmt: skip
        table = Table("agencies", "By agency", columns, rows, empty="No agency is in a phase yet.")
        return Section("agencies", "Where", tables=[table])

    def phases(self) -> Section:
        mine = {place.phase_id for place in self.places}
        names = {phase.id: f"Phase {phase.number}: {phase.name}" for phase in self.registers.phases if phase.id in mine}
        switches = [
            (names[phase.id], "yes" if phase.training_before_access else "no")
            for phase in self.registers.phases
            if phase.id in mine
        ]
        waived = [
            (names[one.phase_id], one.gate, one.reason, timezone.localdate(one.confirmed_at))
            for one in self.registers.gate_waivers
            if one.phase_id in names
        ]
        return Section(
            "phases", "Phases",
            tables=[
                Table(
                    "phases", "Training before access",
                    [Column("phase", "Phase", "text"), Column("training", "Training before access", "text")], switches,
                    empty="No phase has been planned.",
                ),
                Table(
                    "waivers", "Waived gates",
                    [
                        Column("phase", "Phase", "text"), Column("gate", "Gate", "text"), Column("reason", "Reason", "text"),
                        Column("on", "Waived on", "date"),
                    ],
                    waived, empty="No gate was waived.",
                ),
            ],
        )  # fmt: skip

    def incidents(self) -> Section:
        unfinished = [one for one in self.mine if one.state in OPEN]
        labels = [(code, label) for code, label in [*SEVERITIES, (None, "Not known yet")]]
        counts = [sum(one.severity == code for one in unfinished) for code, _ in labels]
        shown = suppressed(counts) if self.is_floored else counts
        table = Table(
            "incidents", "Open incidents by severity",
            [Column("severity", "Severity", "text"), Column("number", "Open")],
            [(str(label), number) for (_, label), number in zip(labels, shown, strict=True)],
        )  # fmt: skip
        return Section("incidents", "Incidents and their clocks", tables=[table])

    def vendor(self) -> Section:
        end = clock.end_of(self.day)
        rows = [
            (kind, one.workspace, one.kind.replace("_", " "), one.number, max(0, (end - one.since).days))
            for kind, wrong in (
                ("Drift", self.registers.drift), ("Posture", self.registers.posture),
                ("Operation", self.registers.failed),
            )
            for one in self.at_vendor(wrong)
        ]  # fmt: skip
        columns = [
            Column("what", "What", "text"), Column("workspace", "Workspace", "text"), Column("kind", "Kind", "text"),
            Column("number", "How many"), Column("age", "Oldest", "days"),
        ]  # fmt: skip
        table = Table("vendor", "At the vendor", columns, rows, empty="Everything at the vendor is as it should be.")
        return Section("vendor", "The vendor's side", tables=[table])


def _age(since: datetime | None, end: datetime) -> Value:
    return "" if since is None else max(0, (end - since).days)
