"""The documents of a public-records bundle: what Beacon holds about agencies and days that may be shown.

Everything here is chosen by rule, field by field; what is not named does not go in. Texts that were published go
through a search for people besides (redaction.py). Times are days, and months where a day could tell of a reporter.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain, zip_longest
from typing import Any

from django.db import connection
from django.db.models import Q

from apps.accounts.models import User
from apps.agencies.models import Agency, Employee
from apps.audit.models import AuditEvent
from apps.catalog.lifecycle import SHOWN
from apps.catalog.models import UseCase
from apps.core import clock
from apps.core.spreadsheets import safe_cell
from apps.incidents.models import Incident
from apps.knowledge.models import Obligation
from apps.reports.figures import figures_on, first_day, latest_day
from apps.reports.redaction import EXEMPTIONS, NAMES, People, Redaction, withheld
from apps.rollout.models import GateWaiver, Phase, PhaseAgency
from apps.terms.models import TermsVersion

FIGURES = {
    "people": "People", "asked": "Asked for a seat", "approved": "Approved", "enabled": "With a seat",
    "activated": "Used it once", "monthly": "Active in 28 days", "weekly": "Active in 7 days",
}  # fmt: skip
_MOST_MONTHS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose records, and of which days, both included; and everybody who must not be in them."""

    agencies: frozenset[int]
    since: date
    until: date
    people: People

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first moment to the last, as `__gte` and `__lt` take them."""
        return clock.end_of(self.since - timedelta(days=1)), clock.end_of(self.until)


@dataclass(slots=True)
class Document:
    """One file of the bundle, and what was taken out of it."""

    name: str
    title: str
    content: bytes = b""
    records: int = 1
    redactions: list[Redaction] = field(default_factory=list)


def everybody() -> People:
    """All people of the directory, all who can sign in, and every name that the trail has frozen."""
    names = set(Employee.objects.values_list("first_name", "last_name"))
    names |= {(name, "") for name in User.objects.values_list("name", flat=True)}
    actors = (
        AuditEvent.objects.exclude(role__in=["system", "anonymous"]).order_by().values_list("actor_name", flat=True)
    )
    names |= {(name, "") for name in actors.distinct()}
    return People.of(names, Employee.objects.values_list("employee_id", flat=True))


def documents(asked: Asked) -> Iterator[Document]:
    """Every document, in the order of the index."""
    yield from _terms(asked)
    yield from _cases(asked)
    yield _incidents(asked)
    yield _phases(asked)
    yield _attestations(asked)
    yield _seats(asked)
    yield _obligations(asked)
    yield events(asked)


class Pen:
    """Writes values into a document; texts without people, and the document learns that some were in them."""

    def __init__(self, document: Document, people: People) -> None:
        self.document, self.people = document, people

    def text(self, value: str) -> str:
        clean, count = self.people.taken_out(value)
        if count and NAMES not in self.document.redactions:
            self.document.redactions.append(NAMES)
        return clean

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Document:
        """The document as CSV; every text in it is searched."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(header)
        count = 0
        for row in rows:
            writer.writerow([safe_cell(self.text(cell) if isinstance(cell, str) else cell) for cell in row])
            count += 1
        self.document.content, self.document.records = out.getvalue().encode(), count
        return self.document


def _day(moment: datetime | None) -> str:
    return clock.day_of(moment).isoformat() if moment else ""


def _month(moment: datetime | date | None) -> str:
    if isinstance(moment, datetime):
        moment = clock.day_of(moment)
    return f"{moment:%Y-%m}" if moment else ""


def _redactions(*pairs: tuple[str, str]) -> list[Redaction]:
    return [Redaction(what, exemption, EXEMPTIONS[exemption]) for what, exemption in pairs]


# ---- what was published ------------------------------------------------------------------------------------


def _terms(asked: Asked) -> Iterator[Document]:
    """The versions of the terms that were in force on one of the days, in every language."""
    published = TermsVersion.objects.filter(state__in=["published", "superseded"], effective_on__lte=asked.until)
    rows = list(published.order_by("language", "number"))
    for version, after in zip_longest(rows, rows[1:]):
        follows = after is not None and after.language == version.language
        if follows and after is not None and after.effective_on and after.effective_on <= asked.since:
            continue
        document = Document(
            f"terms/version-{version.number}-{version.language}.md", str(version),
            redactions=_redactions(("who published it", "c")),
        )  # fmt: skip
        pen = Pen(document, asked.people)
        text = f"{pen.text(version.title)}\n\n{pen.text(version.body)}\n"
        head = f"{version}, in force from {version.effective_on}"
        # The hash of a text from which a name was taken would confirm whoever guesses the name.
        if NAMES not in document.redactions:
            head += f", SHA-256 of title and text {version.sha256}"
        document.content = f"{head}\n\n{text}".encode()
        yield document


_CASE_TEXTS = (
    "title", "problem", "benefits", "how", "outputs", "topic_area", "data_notes", "check_how", "measure", "baseline", "target",
    "example_prompt", "conditions", "result", "method",
)  # fmt: skip


def _cases(asked: Asked) -> Iterator[Document]:
    """The use cases of these agencies that were published until the last day, as they are published now."""
    cases = UseCase.objects.filter(agency__in=asked.agencies, state__in=SHOWN, published_at__lt=asked.span[1])
    for case in cases.select_related("agency").order_by("pk"):
        document = Document(
            f"use-cases/{case.number}.json", f"Use case {case.number}",
            redactions=_redactions(("author, and who checks the output", "c"), ("notes of the reviewing offices", "c")),
        )  # fmt: skip
        pen = Pen(document, asked.people)
        facts: dict[str, Any] = {
            "number": case.number, "agency": pen.text(case.agency.name), "state": case.get_state_display(),
            "stage": case.get_stage_display(), "tier": case.get_tier_display(), "task_type": case.get_task_type_display(),
            "data_class": case.get_data_class_display(), "published_on": _day(case.published_at),
            "decides_on_eligibility_or_services": case.decides, "speaks_to_residents": case.to_residents,
            "principal_basis_of_a_decision": case.principal_basis, "agencies_using_it": case.agencies_using,
            "minutes_saved_self_reported": case.minutes_saved, "answers": case.answers,
        }  # fmt: skip
        facts |= {name: pen.text(getattr(case, name)) for name in _CASE_TEXTS}
        document.content = json.dumps(facts, ensure_ascii=False, indent=1).encode() + b"\n"
        yield document


# ---- registers ---------------------------------------------------------------------------------------------


def _incidents(asked: Asked) -> Document:
    """Incidents reported in these days. Months, and no word of how one was reported: no reporter is told apart."""
    since, until = asked.span
    document = Document(
        "incidents.csv", "Incidents",
        redactions=_redactions(
            ("everything that people wrote about it: reports, notes, questions, answers, files", "f"),
            ("who reported it and whom it concerns, and exact days", "c"), ("what the breach desk holds", "a"),
        ),
    )  # fmt: skip
    found = Incident.objects.filter(agency__in=asked.agencies, reported_at__gte=since, reported_at__lt=until)
    rows = (
        (
            one.pk, one.agency.name if one.agency else "", one.get_category_display(), one.severity_label,
            "yes" if one.is_near_miss else "no", one.get_state_display(), _month(one.occurred_on), _month(one.reported_at),
            "" if one.acknowledged_at is None else "yes" if one.acknowledged_at <= one.acknowledge_by else "no",
            _month(one.contained_at), _month(one.closed_at),
        )
        for one in found.select_related("agency").order_by("pk")
    )  # fmt: skip
    header = (
        "number", "agency", "category", "severity", "near_miss", "state", "occurred_month", "reported_month",
        "acknowledged_in_time", "contained_month", "closed_month",
    )  # fmt: skip
    return Pen(document, asked.people).table(header, rows)


# The phases and places as they were at the end of the last day, from the histories (audit.history).
_PLACES = """
    SELECT a.code, a.name, p.number, p.name, p.state, p.planned_start, p.planned_end, p.seat_cap, p.required_courses,
        p.training_before_access, pa.allocation, pa.attested_at
    FROM rollout_phaseagency_at(%(moment)s) pa JOIN rollout_phase_at(%(moment)s) p ON p.id = pa.phase_id
    JOIN agencies_agency a ON a.id = pa.agency_id WHERE pa.agency_id = ANY (%(agencies)s) ORDER BY p.number, a.name
"""


@dataclass(frozen=True, slots=True)
class _Place:
    code: str
    agency: str
    number: int
    phase: str
    state: str
    planned_start: date
    planned_end: date
    seat_cap: int
    required_courses: list[str]
    training_before_access: bool
    allocation: int
    attested_at: datetime | None


def _places(asked: Asked) -> list[_Place]:
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"moment": asked.span[1], "agencies": sorted(asked.agencies)})
        return [_Place(*row) for row in cursor.fetchall()]


def _phases(asked: Asked) -> Document:
    document = Document(
        "phases.csv", "Phases of the roll-out in which the agencies have a place",
        redactions=_redactions(("who signed for the privacy office", "c")),
    )  # fmt: skip
    rows = {
        one.number: (
            one.number, one.phase, Phase.State(one.state).label, one.planned_start.isoformat(), one.planned_end.isoformat(),
            one.seat_cap, " ".join(one.required_courses), "yes" if one.training_before_access else "no",
        )
        for one in _places(asked)
    }  # fmt: skip
    header = (
        "number", "name", "state_at_the_end", "planned_start", "planned_end", "seat_cap", "required_courses",
        "training_before_access",
    )  # fmt: skip
    return Pen(document, asked.people).table(header, rows.values())


def _attestations(asked: Asked) -> Document:
    """What agencies attested: that public AI tools are blocked on their devices. How, would help who wants around it."""
    document = Document(
        "attestations.csv", "Attestations that public AI tools are blocked",
        redactions=_redactions(("who attested it", "c"), ("how the tools are blocked", "n")),
    )  # fmt: skip
    rows = (
        (
            one.code, one.agency, one.number, one.allocation, _day(one.attested_at) or "not yet",
            withheld("n") if one.attested_at else "",
        )
        for one in _places(asked)
    )  # fmt: skip
    header = ("agency_code", "agency", "phase", "seats_allocated", "attested_on", "evidence")
    return Pen(document, asked.people).table(header, rows)


def _month_ends(asked: Asked) -> list[date]:
    """The ends of months in these days that are known: from one to the next more than a few people come and go."""
    first, last = max(asked.since, first_day() or asked.until), min(asked.until, latest_day())
    end = (last + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    days: list[date] = []
    while end >= first and len(days) < _MOST_MONTHS:
        days.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return days[::-1]


def _seats(asked: Asked) -> Document:
    """Counts of people at ends of months, by the privacy floor of all reports: the same pattern for every reader."""
    document = Document(
        "seats.csv", "People and seats at ends of months",
        redactions=_redactions(("figures from which something about fewer than ten people could be worked out", "c")),
    )  # fmt: skip
    rows = []
    for day in _month_ends(asked):
        figures = figures_on(day)
        for place in figures.landscape.places.values():
            if place.id in asked.agencies:
                shown = (figures.shown[measure].leaves.get(place.id) for measure in FIGURES)
                cells = [withheld("c") if value is None else value for value in shown]
                rows.append((day.isoformat(), place.code, place.name, *cells))
    header = ("end_of", "agency_code", "agency", *(label.lower().replace(" ", "_") for label in FIGURES.values()))
    return Pen(document, asked.people).table(header, rows)


def _obligations(asked: Asked) -> Document:
    document = Document(
        "vendor-obligations.csv", "What the vendor owes, as it stands now",
        redactions=_redactions(("evidence on security and privacy compliance", "n")),
    )  # fmt: skip
    rows = (
        (
            one.get_head_display(), one.title, one.get_state_display(), one.get_owner_display(), one.review_on.isoformat(),
            withheld("n") if one.head == Obligation.Head.SECURITY and one.evidence else one.evidence,
        )
        for one in Obligation.objects.all()
    )  # fmt: skip
    header = ("criterion", "obligation", "state", "office", "review_on", "evidence")
    return Pen(document, asked.people).table(header, rows)


# ---- the audit trail ---------------------------------------------------------------------------------------

_INCIDENT = "incidents.Incident"
# Kinds of record whose events tell of no single person, and the fields of them that go in: counts, days and codes.
_FIELDS: dict[str, tuple[str, ...]] = {
    "agencies.Agency": ("code",),
    "rollout.Phase": (
        "state", "seat_cap", "planned_start", "planned_end", "required_courses", "training_before_access",
    ),
    "rollout.PhaseAgency": ("agency", "allocation"),
    "rollout.GateWaiver": ("gate",),
    "catalog.UseCase": ("state", "stage", "tier", "round"),
    _INCIDENT: ("state", "category", "severity"),
    "terms.TermsVersion": ("number", "language", "effective_on"),
    "training.Course": ("code", "valid_days"),
    "licenses.Contract": ("seats", "price", "until"),
    "knowledge.Obligation": ("state", "review_on"),
}  # fmt: skip
# Of these the events about everybody's records go in; of the others those about the agencies' own.
_STATEWIDE = ("terms.TermsVersion", "training.Course", "licenses.Contract", "knowledge.Obligation")
# By when and how a report came in, a reporter could be told apart.
_NEVER = ("incidents.incident.reported", "incidents.incident.answered")
EVENTS_ABOUT_PEOPLE = Redaction("every audit event about a single person", "c", EXEMPTIONS["c"])


def events(asked: Asked) -> Document:
    """The trail of what the agencies and the program did, without who: roles, days, and fields that name nobody."""
    document = Document(
        "audit-events.csv", "Audit events about the program and these agencies",
        redactions=[
            *_redactions(("who acted, and their reasons in their own words", "c"), ("reasons of acts on incidents", "f")),
            EVENTS_ABOUT_PEOPLE,
        ],
    )  # fmt: skip
    since, until = asked.span
    rows = AuditEvent.objects.filter(_concerned(asked), at__gte=since, at__lt=until).exclude(verb__in=_NEVER)
    rows = rows.exclude(role="anonymous").order_by("at", "pk")
    others = (_line(event) for event in rows.exclude(record_type=_INCIDENT).iterator(chunk_size=2000))
    # Of incidents the month, as in incidents.csv, and no number: the day on which one was looked at, or its place among
    # other acts, tells when somebody reported it.
    looked_at = sorted(("", line[1][:7], *line[2:]) for line in map(_line, rows.filter(record_type=_INCIDENT)))
    lines = chain(others, looked_at)
    header = ("number", "day", "role", "act", "kind_of_record", "record", "changes", "reason")
    return Pen(document, asked.people).table(header, lines)


def _concerned(asked: Asked) -> Q:
    places = list(PhaseAgency.objects.filter(agency__in=asked.agencies).values_list("pk", "phase"))
    phases = {phase for _, phase in places}
    cases = UseCase.objects.filter(agency__in=asked.agencies, state__in=SHOWN)
    own: dict[str, Iterable[int]] = {
        "agencies.Agency": asked.agencies,
        "rollout.Phase": phases,
        "rollout.PhaseAgency": [pk for pk, _ in places],
        "rollout.GateWaiver": GateWaiver.objects.filter(phase__in=phases).values_list("pk", flat=True),
        "catalog.UseCase": cases.values_list("pk", flat=True),
        _INCIDENT: Incident.objects.filter(agency__in=asked.agencies).values_list("pk", flat=True),
    }
    found = Q(record_type__in=_STATEWIDE)
    for kind, ids in own.items():
        found |= Q(record_type=kind, record_id__in=[str(pk) for pk in ids])
    return found


def _line(event: AuditEvent) -> tuple[Any, ...]:
    allowed = _FIELDS[event.record_type]
    names = [name for name in allowed if name in event.before or name in event.after]
    changes = "; ".join(f"{name}: {_value(event.before, name)} -> {_value(event.after, name)}" for name in names)
    reason = withheld("f" if event.record_type == _INCIDENT else "c") if event.reason else ""
    return (
        event.pk, _day(event.at), event.role, event.verb, event.record_type.partition(".")[2], event.record_name, changes,
        reason,
    )  # fmt: skip


def _value(values: dict[str, Any], name: str) -> str:
    value = values.get(name, "")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def agencies_of(chosen: Iterable[Agency]) -> frozenset[int]:
    """The chosen agencies, and those of the chosen secretariats."""
    ids = {agency.pk for agency in chosen}
    return frozenset(ids | set(Agency.objects.filter(parent__in=ids).values_list("pk", flat=True)))
