"""What the privacy office and contacts hear of incidents: a clock near its end, one that ran out, and the digest.

Mail names a number and nothing else. It is written by the tick, so that its time says nothing about a reporter's.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count, QuerySet
from django.urls import reverse

from apps.accounts.actors import Role
from apps.accounts.selectors import emails_of, roles_in_force
from apps.agencies.models import Agency
from apps.core import clock
from apps.incidents.lifecycle import OVER
from apps.incidents.models import Incident
from apps.mail.digest import Reader, Section
from apps.mail.outbox import Letter, To, mail_queue

# Stands for "all agencies" among the ids of a digest's reader: no agency has it.
EVERYWHERE = 0


def sweep() -> int:
    """Tell of clocks in their last quarter and of clocks that ran out, each once (settings.TICK). Returns how many."""
    now = clock.now()
    running = Incident.objects.filter(acknowledged_at=None)
    late = running.filter(acknowledge_by__lt=now, told_late_at=None)
    due = running.filter(warn_at__lte=now, acknowledge_by__gte=now, warned_at=None)
    return _queue("incidents_clock_late", late, "told_late_at") + _queue("incidents_clock_due", due, "warned_at")


def _queue(kind: str, incidents: QuerySet[Incident], mark: str) -> int:
    with transaction.atomic():
        found = list(incidents.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
        if not found:
            return 0
        Incident.objects.filter(pk__in=found).update(**{mark: clock.now()})
        letters = [
            Letter(
                To(address), key=f"{pk}:{address}", path=reverse("incidents:incident", args=[pk]),
                about=(Incident._meta.label, str(pk)), context={"number": pk},
            )
            for pk in found
            for address in emails_of(Role.PRIVACY)
        ]  # fmt: skip
        mail_queue(kind, letters)
    return len(found)


def digest_readers() -> list[Reader]:
    """Privacy officers, for every agency (settings.DIGEST_READERS)."""
    held = roles_in_force().filter(role=Role.PRIVACY.value, scope="", user__is_active=True)
    people = set(held.values_list("user__email", "user_id"))
    return [Reader(To(email, user), frozenset({EVERYWHERE})) for email, user in sorted(people)]


def digest_sections(agency_ids: frozenset[int], now: datetime) -> list[Section]:
    """Open incidents: by state of their clock for the privacy office, by agency for contacts. No names, no words."""
    incidents = Incident.objects.exclude(state__in=OVER)
    if EVERYWHERE in agency_ids:
        count, waiting = incidents.count(), incidents.filter(acknowledged_at=None)
        late = waiting.filter(acknowledge_by__lt=now).count()
        lines = [f"Waiting to be acknowledged: {waiting.count():,}, late: {late:,}."]
    else:
        rows = incidents.filter(agency__in=agency_ids).order_by().values_list("agency").annotate(Count("pk"))
        found = dict(rows)
        count = sum(found.values())
        lines = [f"{one.name}: {found[one.pk]:,} open." for one in Agency.objects.filter(pk__in=found).order_by("name")]
    path = reverse("incidents:incidents")
    return [Section(f"Incidents: {count:,}", lines, path, count)] if count else []
