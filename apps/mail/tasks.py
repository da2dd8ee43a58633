"""Background work of the outbox: the doorbell's task and the tick's sweep."""

from __future__ import annotations

from celery import shared_task

from apps.core import bell, requests
from apps.mail import digest
from apps.mail.sending import is_due, leases_expire, send_due


@shared_task
def send_mail_due() -> int:
    """Send what is due; ring again if time ran out before the work did."""
    requests.begin()
    sent = send_due()
    if sent and is_due():
        bell.ring(send_mail_due)
    return sent


def sweep() -> int:
    """Queue the day's digests, take back what a dead worker had, ring for what is due (settings.TICK)."""
    found = digest.digests_queue() + leases_expire()
    if is_due():
        bell.ring(send_mail_due)
        found += 1
    return found
