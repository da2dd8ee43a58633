"""The adoption report: who has come how far, what it costs, what came of it. Counts above the privacy floor only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from apps.catalog.screening import TIERS
from apps.core import clock
from apps.core.floor import share
from apps.incidents.taxonomy import CATEGORIES
from apps.incidents.trends import suppressed
from apps.reports.document import Chart, Column, Document, Section, Stat, Table, Value
from apps.reports.figures import Figures, figures_on, first_day
from apps.reports.past_registers import Phase, Registers, registers_on
from apps.reports.scopes import Scope
from apps.reports.survey import quarter_name
from apps.reports.survey_selectors import time_saved

FUNNEL = ("eligible", "asked", "approved", "enabled", "activated", "monthly", "weekly", "habitual")
LABELS = {
    "people": "Employees", "eligible": "Eligible", "asked": "Asked", "approved": "Approved", "enabled": "Enabled",
    "activated": "Activated", "monthly": "Monthly active", "weekly": "Weekly active", "habitual": "Habitual",
}  # fmt: skip
# The stage that each is a share of.
BEFORE = {
    "asked": "eligible", "approved": "asked", "enabled": "approved", "activated": "enabled", "monthly": "activated",
    "weekly": "monthly", "habitual": "monthly",
}  # fmt: skip
SCALED = 3
_MONTHS, _AHEAD, _GROWTH_DAYS = 12, 3, 28
_CASES_SHOWN = 20
_STATES = {
    "scheduled": "Scheduled",
    "open": "Open",
    "paused": "Paused",
    "closed": "Closed",
    "rolled_back": "Rolled back",
}


def adoption(day: date, scope: Scope, *, fresh: bool = False) -> Document:
    """The report about a scope at the end of a day. `fresh` reads every past month anew, as for what is stored."""
    return _Adoption(day, scope, fresh=fresh).document()


def at_a_glance(day: date, scope: Scope) -> Document:
    """The report's headline, its funnel and its agencies: what a leader's home shows of it."""
    return _Adoption(day, scope, fresh=False).glance()


class _Adoption:
    def __init__(self, day: date, scope: Scope, *, fresh: bool) -> None:
        self.day, self.scope, self.fresh = day, scope, fresh
        self.figures = self.figures_of(day)
        self.first = first_day() or day
        self.registers: Registers = registers_on(day)
        self.mine: dict[str, int | None] = {name: self.figures.of(scope, name) for name in LABELS}

    def figures_of(self, day: date) -> Figures:
        return figures_on(day, fresh=self.fresh)

    def glance(self) -> Document:
        return self.of([self.headline(), self.funnel(), self.phases(), self.agencies()])

    def document(self) -> Document:
        return self.of([
            self.headline(), self.funnel(), self.agencies(), self.phases(), self.months(), self.cost(), self.cases(),
            self.time_saved(), *([self.incidents()] if self.scope.kind == "all" else []),
        ])  # fmt: skip

    def of(self, sections: Sequence[Section]) -> Document:
        enabled, weekly = self.mine["enabled"], self.rate("weekly", "enabled")
        opinion = "Few people use it yet: the figures are too small to be shown."
        if enabled is not None:
            opinion = f"{enabled:,} people hold a live seat."
            if weekly is not None:
                opinion = f"{opinion[:-1]}, and {weekly}% of them used it in the last week."
        return Document(
            "adoption", "Adoption of the AI assistant", str(self.scope), self.scope.label, self.day, True, opinion,
            sections, self.notes(),
        )  # fmt: skip

    def notes(self) -> list[str]:
        return [
            "Figures are those known at the end of the day; what was recorded later is not in them.",
            "A figure about fewer than ten people is not shown, nor one from which it could be worked out. Zero is shown.",
            "Where a total would give a hidden figure away, it is the sum of the agencies that are shown.",
            "Use is counted by the vendor, by day and person. Beacon knows no content and shows no person's use.",
        ]

    @property
    def week_ended(self) -> str:
        week = self.figures.standing.week
        return "no week is known yet" if week is None else f"week that ended {_day(week + timedelta(days=6))}"

    def rate(self, part: str, whole: str) -> int | None:
        """Whole percent, over agencies of which both are shown."""
        return share(*self.figures.pair(self.scope, part, whole))

    def part(self, name: str) -> str:
        """Words for a figure that is not that of the whole scope."""
        if self.mine[name] is None or self.figures.is_whole(self.scope, name):
            return ""
        return ", without agencies too small to be shown"

    # -- sections ----------------------------------------------------------------------------------------------

    def headline(self) -> Section:
        purchased = sum(contract.seats for contract in self.registers.contracts)
        stats = [
            Stat(
                "Enabled",
                self.mine["enabled"],
                "count",
                "enabled",
                f"at the end of {_day(self.day)}{self.part('enabled')}",
            ),
            Stat("Activation rate", self.rate("activated", "enabled"), "percent", "activation"),
            Stat(
                "Weekly active rate",
                self.rate("weekly", "enabled"),
                "percent",
                "activity",
                self.week_ended,
            ),
            Stat("Cost per active seat and year", self.per_active(), "money", "active_cost", self.week_ended),
        ]
        if self.scope.kind == "all":
            stats.insert(0, Stat("Seats purchased", purchased, "count", "purchased"))
        return Section("headline", "At a glance", stats=stats)

    def funnel(self) -> Section:
        rows: list[Sequence[Value]] = []
        for name in FUNNEL:
            before = BEFORE.get(name, "")
            rows.append((LABELS[name], self.mine[name], self.rate(name, before) if before else ""))
        known = [
            (LABELS[name], self.mine[name]) for name in ("asked", "enabled", "weekly") if self.mine[name] is not None
        ]
        sentence = "; ".join(f"{label.lower()}: {value:,}" for label, value in known)
        table = Table(
            "funnel", "From eligible to habitual",
            [Column("stage", "Stage", "text"), Column("people", "People"), Column("share", "Of the stage before", "percent")],
            rows, f"How far people have come: {sentence}." if known else "The figures are too small to be shown.",
            Chart("bars", ("people",)), f"Use: {self.week_ended}. Weekly active and habitual are both shares of monthly active.",
        )  # fmt: skip
        return Section("funnel", "How far people have come", tables=[table])

    def agencies(self) -> Section:
        landscape, tables = self.figures.landscape, []
        inside = [place for place in landscape.agencies_in(self.scope) if place.phase_id is not None]
        if self.scope.kind == "all":
            parents = {landscape.places[place.secretariat] for place in inside}
            whole = [Scope("secretariat", one.code, one.id, one.name) for one in sorted(parents, key=lambda p: p.name)]
            tables.append(self.breakdown("secretariats", "By secretariat", "Secretariat", whole))
        if self.scope.kind != "agency":
            single = [Scope("agency", place.code, place.id, place.name) for place in inside]
            tables.append(self.breakdown("agencies", "By agency", "Agency", single))
        return Section("agencies", "Where", "Agencies that are in a phase.", tables=tables)

    def breakdown(self, key: str, title: str, head: str, scopes: Sequence[Scope]) -> Table:
        rows = [[one.label, *(self.figures.of(one, name) for name in FUNNEL)] for one in scopes]
        columns = [Column("name", head, "text"), *(Column(name, LABELS[name], "count", name) for name in FUNNEL)]
        return Table(key, title, columns, rows, empty="No agency is in a phase yet.")

    def phases(self) -> Section:
        inside = {p.phase_id for p in self.figures.landscape.agencies_in(self.scope)}
        rows = []
        for phase in self.registers.phases:
            if phase.id in inside:
                enabled = self.figures.of(Scope("phase", str(phase.number), phase.id, phase.name), "enabled")
                planned = round(phase.seat_cap * _ramp(phase, self.day))
                rows.append((
                    f"Phase {phase.number}: {phase.name}", _STATES.get(phase.state, phase.state), phase.planned_start,
                    phase.planned_end, phase.seat_cap, planned, enabled,
                    "yes" if phase.training_before_access else "no",
                ))  # fmt: skip
        columns = [
            Column("phase", "Phase", "text"), Column("state", "State", "text"), Column("start", "Planned start", "date"),
            Column("end", "Planned end", "date"), Column("cap", "Seats"), Column("planned", "Planned by the day", "count", "plan"),
            Column("enabled", "Enabled", "count", "enabled"), Column("training", "Training before access", "text"),
        ]  # fmt: skip
        return Section(
            "phases",
            "Phases against plan",
            tables=[Table("phases", "Phases", columns, rows, empty="No phase is planned for these agencies.")],
        )

    def months(self) -> Section:
        rows: list[Sequence[Value]] = []
        for day in [*(day for day in _month_ends(self.day) if day >= self.first), self.day]:
            figures = self.figures if day == self.day else self.figures_of(day)
            values = [figures.of(self.scope, name) for name in ("enabled", "activated", "monthly")]
            if any(value != 0 for value in values) or rows:
                rows.append((day, *values, self.planned(day), ""))
        rows += [(day, "", "", "", self.planned(day), value) for day, value in self.forecast()]
        columns = [
            Column("day", "At the end of", "date"), Column("enabled", "Enabled", "count", "enabled"),
            Column("activated", "Activated", "count", "activated"), Column("monthly", "Monthly active", "count", "monthly"),
            Column("plan", "Planned seats", "count", "plan"), Column("forecast", "Forecast", "count", "forecast"),
        ]  # fmt: skip
        table = Table(
            "months", "Month by month", columns, rows, self.trend(rows),
            Chart("lines", ("enabled", "monthly", "forecast"), "plan"),
        )  # fmt: skip
        return Section("months", "Against the plan", tables=[table])

    def trend(self, rows: Sequence[Sequence[Value]]) -> str:
        enabled, planned = self.mine["enabled"], self.planned(self.day)
        if enabled is None:
            return "Enabled seats against the plan; the figures are too small to be shown."
        if not planned:
            return f"{enabled:,} seats are enabled; nothing was planned by this day."
        return f"{enabled:,} seats are enabled, where {planned:,} were planned by this day."

    def planned(self, day: date) -> int:
        """Seats planned by a day: for a part of the agencies those of their phases are no plan of theirs, so none."""
        if self.scope.kind not in {"all", "phase"}:
            return 0
        mine = [phase for phase in self.registers.phases if self.scope.kind == "all" or phase.id == self.scope.id]
        return round(sum(phase.seat_cap * _ramp(phase, day) for phase in mine))

    def forecast(self) -> list[tuple[date, int | None]]:
        now = self.mine["enabled"]
        earlier = self.day - timedelta(days=_GROWTH_DAYS)
        before = self.figures_of(earlier).of(self.scope, "enabled") if earlier >= self.first else None
        ends: list[date] = []
        day = self.day
        while len(ends) < _AHEAD:
            day = _end_of_month(day + timedelta(days=1))
            ends.append(day)
        if now is None or before is None:
            return [(day, None) for day in ends]
        most = sum(contract.seats for contract in self.registers.contracts) or now
        pace = (now - before) / _GROWTH_DAYS
        return [(day, max(0, min(most, round(now + pace * (day - self.day).days)))) for day in ends]

    def cost(self) -> Section:
        price, enabled = self.price, self.mine["enabled"]
        monthly, held = self.figures.pair(self.scope, "monthly", "enabled")
        idle = None if held is None or monthly is None else max(0, held - monthly)
        stats = [
            Stat("Cost of enabled seats, a year", _times(price, enabled), "money", "seat_cost"),
            Stat("Cost per active seat and year", self.per_active(), "money", "active_cost", self.week_ended),
            Stat("Idle seats", idle, "count", "idle", self.week_ended),
            Stat("Cost of idle seats, a year", _times(price, idle), "money", "idle_cost"),
        ]
        if self.scope.kind == "all":
            stats.insert(0, Stat("Cost of the contract, a year", self.contract_cost, "money", "contract_cost"))
        return Section("cost", "What it costs", stats=stats)

    @property
    def contract_cost(self) -> Decimal:
        return sum((contract.seats * contract.price for contract in self.registers.contracts), Decimal())

    @property
    def price(self) -> Decimal:
        """Per seat and year; the mean over seats where several contracts are in force."""
        seats = sum(contract.seats for contract in self.registers.contracts)
        return self.contract_cost / seats if seats else Decimal()

    def per_active(self) -> Decimal | None:
        """What the enabled seats cost, over the people who are active in the same agencies."""
        monthly, held = self.figures.pair(self.scope, "monthly", "enabled")
        return None if not monthly or held is None else self.price * held / monthly

    def cases(self) -> Section:
        ids = {place.id: place.name for place in self.figures.landscape.agencies_in(self.scope)}
        mine = [case for case in self.registers.cases if case.agency_id in ids]
        scaled = [case for case in mine if case.users >= SCALED]
        stats = [
            Stat("Published use cases", len(mine), "count", "cases"), Stat("Scaled", len(scaled), "count", "scaled"),
            Stat("With a result", sum(bool(case.result) for case in mine), "count"),
        ]  # fmt: skip
        first = sorted(mine, key=lambda case: (-case.users, case.id))[:_CASES_SHOWN]
        rows = [
            (
                f"UC-{case.id:04d}", case.title, ids[case.agency_id], TIERS.get(case.tier, ""), case.users,
                case.minutes_saved if case.minutes_saved is not None else "",
                case.answers if case.answers is not None else "", case.method,
            )
            for case in first
        ]  # fmt: skip
        columns = [
            Column("number", "Number", "text"), Column("title", "Use case", "text"), Column("agency", "Agency", "text"),
            Column("tier", "Tier", "text"), Column("users", "Agencies using it", "count", "scaled"),
            Column("minutes", "Minutes saved, self-reported"), Column("answers", "Answers"), Column("method", "Method", "text"),
        ]  # fmt: skip
        table = Table(
            "cases", "Most widely used", columns, rows,
            note=f"The {_CASES_SHOWN} used by most agencies. Minutes are what people said of days on which they used it.",
            empty="No use case has been published yet.",
        )  # fmt: skip
        return Section("cases", "Use cases and what came of them", stats=stats, tables=[table])

    def time_saved(self) -> Section:
        """What people say it saved, and what other states published of theirs: context and no yardstick."""
        agencies = None if self.scope.kind == "all" else [p.id for p in self.figures.landscape.agencies_in(self.scope)]
        said = time_saved(self.day, agencies)
        when = f"quarter {quarter_name(said.quarter)}, self-reported"
        stats = [
            Stat("Minutes saved on a day of use: median", said.median, "count", "time_saved", when),
            Stat("Half of the answers lie from", said.lower, "count", "time_saved", when),
            Stat("to", said.upper, "count", "time_saved", when),
            Stat("Answers", said.answers, "count", "time_saved", when),
        ]
        rows = [
            (one.state, one.finding, "" if one.answers is None else one.answers, one.label) for one in said.elsewhere
        ]
        columns = [
            Column("state", "State", "text"), Column("finding", "Found", "text"), Column("answers", "People asked"),
            Column("label", "What kind of figure", "text"),
        ]  # fmt: skip
        table = Table(
            "elsewhere", "What other states published", columns, rows, note=f"Context, not a yardstick. {said.method}"
        )
        return Section("time_saved", "Time saved, as people say", stats=stats, tables=[table])

    def incidents(self) -> Section:
        first = clock.end_of(self.day - timedelta(days=365))
        counted = [
            sum(i.category == code and i.reported_at >= first for i in self.registers.incidents) for code in CATEGORIES
        ]
        rows = list(zip(CATEGORIES.values(), suppressed(counted), strict=True))
        table = Table(
            "incidents", "Incidents by kind", [Column("kind", "Kind", "text"), Column("count", "Incidents", "count", "incidents")],
            rows, note="Twelve months to the day. Near misses count.",
        )  # fmt: skip
        return Section("incidents", "Is it safe?", tables=[table])


def _ramp(phase: Phase, day: date) -> float:
    """Which part of a phase's seats was planned to be out by a day."""
    length = (phase.planned_end - phase.planned_start).days + 1
    return min(1.0, max(0.0, ((day - phase.planned_start).days + 1) / length))


def _end_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _month_ends(day: date) -> list[date]:
    """The last days of the eleven months before the one of `day`, oldest first."""
    found, end = [], day.replace(day=1) - timedelta(days=1)
    for _ in range(_MONTHS - 1):
        found.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return found[::-1]


def _times(price: Decimal, seats: int | None) -> Decimal | None:
    return None if seats is None else price * seats


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
