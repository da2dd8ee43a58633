"""How a report comes in and how its reporter goes on with it: with a name, or without one and with a code.

An act without a name is written as nobody's: actor "anonymous", times by the hour, no request id (see
core.middleware.AnonymityMiddleware). What remains knowable is in docs/incidents.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted
from apps.core.uploads import Upload
from apps.incidents import files
from apps.incidents.anonymity import coarse, new_code, read_code
from apps.incidents.clocks import acknowledge_by, warn_at
from apps.incidents.errors import NothingAsked
from apps.incidents.models import Attachment, Incident, TimelineEntry
from apps.incidents.selectors import code_hashes, incident_by_code, is_reporter
from apps.incidents.taxonomy import CATEGORIES
from apps.incidents.timeline import entry_add, hashes, written

MOST_FILES = 5
REPORTER = "The reporter"
ANONYMOUS = Actor(key="anonymous", name="Anonymous reporter")
_TRIAGERS = (Role.PRIVACY, Role.ADMINISTRATOR, Role.CONTACT)


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports: what happened, of which kind, when; perhaps where, and files that have been checked."""

    text: str
    category: str
    occurred_on: date
    agency: Agency | None = None
    is_near_miss: bool = False
    files: Sequence[Upload] = ()


def incident_report(*, actor: Actor, report: Report, severity: int | None = None) -> Incident:
    """Report something with one's name. `severity` (1 to 5) may be given by those who triage; else it is unknown."""
    if severity is not None:
        actor.require(*_TRIAGERS)
    with transaction.atomic(), translated():
        incident, entries = _file(report, clock.now(), severity, actor=actor)
        audit.record(actor, "incidents.incident.reported", incident, after=_told(incident, entries))
    return incident


def incident_report_anonymously(*, report: Report) -> tuple[Incident, str]:
    """Report something as nobody. Returns the incident and the code, which is kept nowhere.

    Whoever calls it hands over nothing about the person: there is no actor on purpose.
    """
    code, at = new_code(), coarse(clock.now())
    with transaction.atomic(), translated():
        incident, entries = _file(report, at, None, code_hash=code_hashes(read_code(code))[0])
        audit.record(
            ANONYMOUS, "incidents.incident.reported", incident, after=_told(incident, entries), role="anonymous", at=at
        )
    return incident, code


def incident_answer(*, actor: Actor, incident: Incident, text: str) -> TimelineEntry:
    """The reporter answers a question or adds something, with their name."""
    if not is_reporter(actor, incident):
        raise NotPermitted("Only the person who reported it adds to the report.")
    with transaction.atomic():
        incident = _open(incident.pk)
        entry = entry_add(incident, TimelineEntry.Kind.ANSWER, written(text, needed="Write your answer."), actor.name)
        audit.record(actor, "incidents.incident.answered", incident, after=hashes(entry))
    return entry


def incident_answer_by_code(*, code: str, text: str) -> TimelineEntry:
    """The anonymous reporter answers a question or adds something. Raises `UnknownCode`."""
    at = coarse(clock.now())
    with transaction.atomic():
        incident = _open(incident_by_code(code).pk)
        entry = entry_add(
            incident, TimelineEntry.Kind.ANSWER, written(text, needed="Write your answer."), REPORTER, at=at
        )
        audit.record(ANONYMOUS, "incidents.incident.answered", incident, after=hashes(entry), role="anonymous", at=at)
    return entry


def attach(incident: Incident, upload: Upload, by: str, at: datetime) -> TimelineEntry:
    """Keep a checked file and say so in the timeline, with the file's SHA-256. For services, inside their transaction."""
    sha256 = hashlib.sha256(upload.content).hexdigest()
    text = f"{upload.name}, {len(upload.content):,} bytes, SHA-256 {sha256}"
    entry = entry_add(incident, TimelineEntry.Kind.ATTACHMENT, text, by, at=at)
    Attachment.objects.create(
        incident=incident, entry=entry, name=upload.name, content_type=upload.content_type, size=len(upload.content),
        sha256=sha256, stored_as=files.keep(upload, at),
    )  # fmt: skip
    return entry


def _open(pk: int) -> Incident:
    incident = Incident.objects.select_for_update().get(pk=pk)
    if incident.is_over:
        raise NothingAsked("The incident is closed.")
    return incident


def _file(
    report: Report, at: datetime, severity: int | None, *, actor: Actor | None = None, code_hash: str = ""
) -> tuple[Incident, list[TimelineEntry]]:
    """The incident and its first entries. Without an actor there is no trace of one."""
    text = written(report.text)
    if report.category not in CATEGORIES:
        raise Invalid("Choose what kind of problem it is.")
    if report.occurred_on > clock.today():
        raise Invalid(
            "The day lies in the future.", how_to_fix="Give the day on which it happened, as well as you know."
        )
    if len(report.files) > MOST_FILES:
        raise Invalid(f"At most {MOST_FILES} files fit in.", how_to_fix="Send the ones that matter.")
    until = acknowledge_by(timezone.localtime(at), severity)
    incident = Incident.objects.create(
        category=report.category, severity=severity, is_near_miss=report.is_near_miss, agency=report.agency,
        occurred_on=report.occurred_on, reported_at=at, aware_at=at, acknowledge_by=until, warn_at=warn_at(at, until),
        is_anonymous=actor is None, code_hash=code_hash, reporter_key=actor.key if actor else "",
        reporter_name=actor.name if actor else "", reporter_id=actor.user_id if actor else None,
    )  # fmt: skip
    by = actor.name if actor else REPORTER
    entries = [entry_add(incident, TimelineEntry.Kind.REPORT, text, by, at=at)]
    entries += [attach(incident, upload, by, at) for upload in report.files]
    return incident, entries


def _told(incident: Incident, entries: Sequence[TimelineEntry]) -> dict[str, object]:
    facts = {"category": incident.category, "severity": incident.severity, "near_miss": incident.is_near_miss}
    return {**facts, "agency": incident.agency.code if incident.agency else "", **hashes(*entries)}
