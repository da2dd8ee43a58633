"""What the identity provider did, for those who may read about everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from apps.accounts.actors import Actor, Role
from apps.agencies.models import FeedChange, RosterRun
from apps.agencies.selectors import roster_runs_visible_to
from apps.core import clock

DAYS = 14


def changes_visible_to(actor: Actor) -> QuerySet[FeedChange]:
    """Changes name people of every agency: EOTSS, privacy office and auditors only."""
    changes = FeedChange.objects.select_related("employee", "agency")
    return changes if actor.has(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR) else changes.none()


def held_runs_visible_to(actor: Actor) -> QuerySet[RosterRun]:
    """Separations that wait for a person."""
    return roster_runs_visible_to(actor).filter(source=RosterRun.Source.SCIM, state=RosterRun.State.HELD)


def days_of(actor: Actor) -> list[dict[str, Any]]:
    """Changes of the last two weeks by day and connection, the latest first."""
    since = clock.now() - timedelta(days=DAYS)
    counted = (
        changes_visible_to(actor)
        .filter(at__gt=since)
        .annotate(day=TruncDate("at"))
        .values("day", "by", "kind")
        .annotate(count=Count("pk"))
        .order_by("-day", "by")
    )
    found: dict[Any, dict[str, Any]] = {}
    for one in counted:
        line = found.setdefault(
            (one["day"], one["by"]), {"day": one["day"], "by": one["by"], "join": 0, "leave": 0, "move": 0, "change": 0}
        )
        line[one["kind"]] = one["count"]
    return list(found.values())
