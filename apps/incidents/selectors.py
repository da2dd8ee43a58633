"""Reading incidents, cut to what the actor may see. The narrative has a door of its own: `may_read_narrative`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.accounts.actors import Actor, Role
from apps.core import clock
from apps.core.errors import NotPermitted
from apps.incidents.anonymity import read_code
from apps.incidents.errors import UnknownCode
from apps.incidents.lifecycle import OVER
from apps.incidents.models import SEVERITIES, Attachment, BreachAssessment, Incident, Task, TimelineEntry
from apps.incidents.taxonomy import CATEGORIES
from apps.incidents.trends import Table, table

# What a reporter sees of the timeline: their own words, and what they were asked.
OWN_PART = (TimelineEntry.Kind.REPORT, TimelineEntry.Kind.QUESTION, TimelineEntry.Kind.ANSWER)


def incidents_visible_to(actor: Actor) -> QuerySet[Incident]:
    """EOTSS, privacy office and auditors: all. Contacts: those of their agencies. Handlers: theirs. Everybody: their own.

    Without the narrative, which not even an administrator or auditor reads.
    """
    incidents = Incident.objects.select_related("agency")
    if actor.sees_everyone:
        return incidents
    handled = Incident.handlers.through.objects.filter(user=actor.user_id or 0).values("incident_id")
    own = Q(reporter_key=actor.key) if actor.key else Q(pk=None)
    return incidents.filter(Q(agency__in=actor.agency_ids) | Q(pk__in=handled) | own)


def others_in_sight(actor: Actor, incidents: Iterable[Incident]) -> set[int]:
    """Of the incidents that these are duplicates of, those that the actor sees: another agency's is not even numbered."""
    named = {one.duplicate_of_id for one in incidents if one.duplicate_of_id}
    return set(incidents_visible_to(actor).filter(pk__in=named).values_list("pk", flat=True)) if named else set()


def may_handle(actor: Actor, incident: Incident) -> bool:
    """Whether the person works on the incident: the privacy office, and those it named."""
    if actor.has(Role.PRIVACY):
        return True
    return actor.user_id is not None and incident.handlers.filter(pk=actor.user_id).exists()


def require_handler(actor: Actor, incident: Incident) -> None:
    """Raise `NotPermitted` unless the person works on the incident."""
    if not may_handle(actor, incident):
        raise NotPermitted(
            "Only the privacy office and the people it named handle an incident.",
            how_to_fix="Ask the privacy office to name you as a handler.",
        )


def may_read_narrative(actor: Actor, incident: Incident) -> bool:
    """The same people as handle it. Administrators and auditors see that something was said, and not what."""
    return may_handle(actor, incident)


def is_reporter(actor: Actor, incident: Incident) -> bool:
    """Whether the person reported it, with their name."""
    return bool(incident.reporter_key) and incident.reporter_key == actor.key


def own_part(incident: Incident) -> QuerySet[TimelineEntry]:
    """What the reporter reads: the report, questions and answers."""
    return incident.timeline.filter(kind__in=OWN_PART)


def attachments_visible_to(actor: Actor) -> QuerySet[Attachment]:
    """Files belong to the narrative: privacy office and handlers."""
    files = Attachment.objects.select_related("incident")
    if actor.has(Role.PRIVACY):
        return files
    handled = Incident.handlers.through.objects.filter(user=actor.user_id or 0).values("incident_id")
    return files.filter(incident__in=handled)


def tasks_visible_to(actor: Actor) -> QuerySet[Task]:
    """Tasks of incidents in sight, for those who work on them: who reported one sees what was asked of them, not these."""
    if not (actor.sees_everyone or actor.agency_ids):
        return Task.objects.none()
    return Task.objects.filter(incident__in=incidents_visible_to(actor).values("pk")).select_related("incident")


def breaches_visible_to(actor: Actor) -> QuerySet[BreachAssessment]:
    """The breach desk belongs to the privacy office."""
    desks = BreachAssessment.objects.select_related("incident", "incident__agency")
    return desks if actor.has(Role.PRIVACY) else desks.none()


def breach_outcomes_visible_to(actor: Actor) -> QuerySet[BreachAssessment]:
    """Desks of which one may read the decision and the dates: the privacy office, and auditors."""
    desks = BreachAssessment.objects.select_related("incident", "incident__agency")
    return desks if actor.has(Role.PRIVACY, Role.AUDITOR) else desks.none()


def trend_tables(actor: Actor) -> tuple[list[Table], bool]:
    """How many incidents of the last twelve months by month, kind, agency and severity, and whether small counts are hidden.

    They are hidden from leaders, who also see no more than the agencies they lead.
    """
    incidents, is_floored = Incident.objects.order_by(), not actor.sees_everyone
    if is_floored:
        scopes = actor.roles.get(Role.LEADER, frozenset())
        if "" not in scopes:
            incidents = incidents.filter(Q(agency__code__in=scopes) | Q(agency__parent__code__in=scopes))
    today = timezone.localtime(clock.now()).date()
    first = date(today.year - 1, today.month, 1)
    start = timezone.make_aware(datetime.combine(first, time()))
    incidents = incidents.filter(reported_at__gte=start)
    months = _counts(incidents.annotate(month=TruncMonth("reported_at")), "month")
    agencies = _counts(incidents, "agency__name")
    kinds, severities = _counts(incidents, "category"), _counts(incidents, "severity")
    groups = [
        ("By month", "Month", [(f"{month:%B %Y}", count) for month, count in sorted(months.items(), reverse=True)]),
        ("By kind", "Kind", [(label, kinds[code]) for code, label in CATEGORIES.items() if code in kinds]),
        ("By agency", "Agency", sorted((name or "Not given", count) for name, count in agencies.items())),
        (
            "By severity", "Severity",
            [(label, severities[code]) for code, label in [*SEVERITIES, (None, "Unknown")] if code in severities],
        ),
    ]  # fmt: skip
    return [table(title, head, counts, is_floored=is_floored) for title, head, counts in groups], is_floored


def _counts(incidents: QuerySet[Incident], group: str) -> dict[Any, int]:
    return dict(incidents.values_list(group).annotate(Count("pk")))


def open_incidents(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Those that are neither closed nor dismissed."""
    return incidents.exclude(state__in=OVER)


def unacknowledged(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Those whose clock runs, the most pressing first."""
    return incidents.filter(acknowledged_at=None).order_by("acknowledge_by", "pk")


def late(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    return incidents.filter(acknowledged_at=None, acknowledge_by__lt=clock.now())


def code_hashes(code: str) -> Sequence[str]:
    """The keyed hash under which a code is kept, first with today's key, then with those it may have been kept under.

    A plain keyed hash suffices: a code has 100 bits drawn by chance, so nobody can try them all.
    """
    return [
        salted_hmac("incidents.code", code, secret=key, algorithm="sha256").hexdigest()
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


def incident_by_code(typed: str) -> Incident:
    """The anonymous report that a code belongs to. Raises `UnknownCode`."""
    code = read_code(typed)
    found = Incident.objects.filter(code_hash__in=code_hashes(code)).first() if code else None
    if found is None:
        raise UnknownCode()
    return found
