"""What time alone does to requests and seats (settings.TICK)."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.actors import SYSTEM
from apps.audit import services as audit
from apps.core import clock, requests
from apps.licenses.access_review_services import review_close
from apps.licenses.lifecycle import EXPIRE_DAYS
from apps.licenses.models import AccessReview, EmergencyStop, ReclaimPolicy, SeatRequest, SettleRun
from apps.licenses.reclaim_services import reclaim_look
from apps.licenses.selectors import stop_unsettled
from apps.licenses.settle import seats_settle
from apps.mail.digest import is_morning
from apps.mail.outbox import once_a_day

_LOCK = 0x53657474  # "Sett": one settling of everybody at a time
_STOP_BATCH = 500


def sweep() -> int:
    """Expire requests without a decision and, every few minutes, settle everybody. Returns how many moved."""
    stops_settle()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not (cursor.fetchone() or (False,))[0]:
            return 0
        expired = requests_expire()
        if not _is_due(SettleRun.objects.order_by("-at").values_list("at", flat=True).first()):
            return expired
        SettleRun.objects.filter(at__lt=clock.now() - timedelta(days=7)).delete()
        moved = seats_settle(actor=SYSTEM)
        SettleRun.objects.create(at=clock.now(), moved=moved)
    return expired + moved


def _is_due(last: datetime | None) -> bool:
    """Every few minutes, and as soon as a day has begun: grace ends and training lapses at midnight."""
    if last is None or timezone.localdate(last) != clock.today():
        return True
    return clock.now() - last >= timedelta(seconds=settings.SETTLE_EVERY_SECONDS)


@shared_task(time_limit=900)
def settle_everyone() -> int:
    """Settle everybody now: a fact about all of them changed. Returns how many seats moved."""
    requests.begin()
    with transaction.atomic():
        moved = seats_settle(actor=SYSTEM)
        SettleRun.objects.create(at=clock.now(), moved=moved)
    return moved


def reclaim_sweep() -> int:
    """Once a morning: look at unused seats of every contract with a policy (settings.TICK). Returns how many moved."""
    if not is_morning(clock.now()):
        return 0
    with transaction.atomic():
        if not once_a_day("licenses_reclaim", clock.today()):
            return 0
        runs = [
            reclaim_look(actor=SYSTEM, policy=policy)
            for policy in ReclaimPolicy.objects.exclude(mode=ReclaimPolicy.Mode.OFF)
        ]
    return sum(run.asked + run.released for run in runs)


def reviews_sweep() -> int:
    """Close the reviews whose last day has passed (settings.TICK). Returns how many."""
    due = AccessReview.objects.filter(state=AccessReview.State.OPEN, due_on__lt=clock.today())
    closed = [review_close(actor=SYSTEM, review=review) for review in due]
    return len(closed)


def requests_expire() -> int:
    """End requests that nobody decided for 14 days; asking again is one click, the answers are kept."""
    old = SeatRequest.objects.filter(
        state=SeatRequest.State.SUBMITTED, submitted_at__lt=clock.now() - timedelta(days=EXPIRE_DAYS)
    )
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True))
    SeatRequest.objects.filter(pk__in=ids).update(state=SeatRequest.State.EXPIRED, is_current=False)
    audit.record_many(
        SYSTEM,
        "licenses.request.expired",
        SeatRequest,
        [audit.Entry(str(pk), f"Request {pk}", reason=f"No decision in {EXPIRE_DAYS} days") for pk in ids],
    )
    return len(ids)


# Batches of their own transactions: the vendor hears of the first people while the last are still looked up.
@shared_task(time_limit=900)
def stops_settle() -> int:
    """Suspend the seats under a stop that began, restore those of one that was lifted. Returns how many moved.

    Level-triggered: whoever dies on the way leaves the rest to the next tick, and two at once do no harm.
    """
    if not requests.current():
        requests.begin()
    moved = 0
    # An active stop is looked at again and again: a decision under way when it began may have granted a seat after it.
    for stop in EmergencyStop.objects.filter(Q(settled_at=None) | Q(lifted_at=None)).order_by("pk"):
        ids = list(stop_unsettled(stop).values_list("employee_id", flat=True))
        for start in range(0, len(ids), _STOP_BATCH):
            moved += seats_settle(actor=SYSTEM, employee_ids=ids[start : start + _STOP_BATCH])
        # Only if nobody lifted it meanwhile: then there is more to do.
        unsettled = EmergencyStop.objects.filter(pk=stop.pk, lifted_at=stop.lifted_at, settled_at=None)
        unsettled.update(settled_at=clock.now())
    return moved
