"""How far the world has followed an emergency stop, or its lifting: seats first, then the vendor."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.core.progress import Progress
from apps.licenses.models import EmergencyStop
from apps.licenses.selectors import stop_people, stop_suspended
from apps.vendors.lifecycle import OPEN, REMOVALS
from apps.vendors.models import Operation
from apps.vendors.reconcile import URGENT

_RETURNS = ("invite", "restore")


def stop_progress(stop: EmergencyStop) -> Progress:
    """How many of the people have lost access, or after the lifting have it back, at the vendor too."""
    return _stopping(stop) if stop.is_active else _lifting(stop)


def _stopping(stop: EmergencyStop) -> Progress:
    suspended = stop_suspended(stop)
    waiting = Operation.objects.filter(employee__in=suspended.values("employee"), state__in=OPEN, kind__in=REMOVALS)
    is_finished = stop.settled_at is not None and not waiting.exists()
    done = stop.people if is_finished else max(0, min(suspended.count(), stop.people) - waiting.count())
    label = "Access is stopped" if is_finished else "Access is being stopped"
    return Progress(done, stop.people, is_finished, label, _stuck(waiting))


def _lifting(stop: EmergencyStop) -> Progress:
    back = stop_people(stop)
    waiting = Operation.objects.filter(employee__in=back.values("employee"), state__in=OPEN, kind__in=_RETURNS)
    is_finished = stop.settled_at is not None and not waiting.exists()
    done = max(0, min(back.count(), stop.people) - waiting.count())
    label = "Access is back" if is_finished else "Access is coming back"
    left = stop.people - done
    message = (
        f"{left:,} are not back: something else is missing now, or they hold no seat any more."
        if is_finished and left
        else _stuck(waiting)
    )
    return Progress(done, stop.people, is_finished, label, message)


def _stuck(waiting: QuerySet[Operation]) -> str:
    stuck = waiting.filter(state=Operation.State.NEEDS_ATTENTION).count()
    return f"{stuck:,} need attention: see the operations." if stuck else ""


def first_call(stop: EmergencyStop) -> Operation | None:
    """The operation of the stop that reached the vendor first."""
    calls = Operation.objects.filter(
        kind__in=REMOVALS, priority=URGENT, created_at__gte=stop.started_at, last_attempt_at__isnull=False
    )
    return calls.order_by("last_attempt_at").first()
