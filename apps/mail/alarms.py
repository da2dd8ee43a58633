"""Alarms about access that everybody who answers for it gets: a break-glass account was used, a review is overdue."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.accounts.actors import Role
from apps.accounts.models import User
from apps.accounts.selectors import emails_of, roles_to_review
from apps.core import clock
from apps.mail.outbox import Letter, To, mail_queue, once_a_day


def break_glass_used(user: User, moment: datetime) -> None:
    """Tell all administrators and the privacy office (settings.BREAK_GLASS_USED)."""
    letters = [
        Letter(
            To(address), f"{user.pk}:{moment.isoformat()}:{address}", "/access/sign-ins/",
            context={"account": str(user), "at": moment},
        )
        for address in emails_of(Role.ADMINISTRATOR, Role.PRIVACY)
    ]  # fmt: skip
    mail_queue("accounts_break_glass", letters)


def sweep() -> int:
    """Once a week, while a privileged role waits for its review: a message to all administrators."""
    due = roles_to_review().count()
    if not due:
        return 0
    today = clock.today()
    week = f"{today.isocalendar().year}-{today.isocalendar().week}"
    with transaction.atomic():
        if not once_a_day("accounts_review_due", today):
            return 0
        return mail_queue(
            "accounts_review_due",
            [
                Letter(To(address), f"{week}:{address}", "/access/roles/?due=true", context={"count": due})
                for address in emails_of(Role.ADMINISTRATOR)
            ],
        )
