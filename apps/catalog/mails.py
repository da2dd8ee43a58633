"""What the catalog tells people by mail: the author of a decision, contacts and the privacy office of what waits."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count, F

from apps.accounts.actors import Role
from apps.accounts.selectors import roles_in_force
from apps.agencies.models import Agency, Employee
from apps.catalog.lifecycle import WAITING
from apps.catalog.models import UseCase
from apps.catalog.screening import PRIVATE
from apps.catalog.selectors import due_cases
from apps.core import clock
from apps.mail.digest import Section, is_morning
from apps.mail.outbox import Letter, To, mail_queue, once_a_day

REVIEW = "/use-cases/review/"


def told(case: UseCase, kind: str) -> int:
    """Tell the author what became of the case. Call with the case's lock held."""
    author = Employee.objects.filter(pk=case.author_id).exclude(status=Employee.Status.SEPARATED).first()
    if author is None:
        return 0
    letter = Letter(
        To(author.email, author.user_id, author.pk), key=f"{case.pk}:{case.changed_at.isoformat()}",
        path=f"/use-cases/{case.pk}/", about=("catalog.UseCase", str(case.pk)), topic=f"case:{case.pk}",
        context={"number": case.number},
    )  # fmt: skip
    return mail_queue(kind, [letter])


def digest_sections(agency_ids: frozenset[int], now: datetime) -> list[Section]:  # noqa: ARG001 - as every hook of its kind
    """Use cases of these agencies that wait for the contact, and yearly reviews that are due (settings.DIGEST_SECTIONS)."""
    waiting = (
        UseCase.objects.filter(state__in=WAITING, agency__in=agency_ids)
        .exclude(pk__in=_reviewed_by("contact"))
        .values_list("agency")
    )
    due = due_cases().filter(agency__in=agency_ids).values_list("agency")
    found = []
    for title, rows, words, path in (
        ("Use cases to review", waiting, "to review", REVIEW),
        ("Use cases due for their yearly review", due, "due", f"{REVIEW}?due=true"),
    ):
        counts = dict(rows.annotate(Count("pk")).order_by())
        names = Agency.objects.filter(pk__in=counts).order_by("name")
        lines = [f"{agency.name}: {counts[agency.pk]:,} {words}." for agency in names]
        if lines:
            found.append(Section(f"{title}: {sum(counts.values()):,}", lines, path, sum(counts.values())))
    return found


def sweep() -> int:
    """Once a morning: tell the privacy office how many cases wait or are due (settings.TICK). Returns the mails queued."""
    now = clock.now()
    if not is_morning(now):
        return 0
    with transaction.atomic():
        if not once_a_day("catalog", clock.today()):
            return 0
        sensitive = UseCase.objects.filter(state__in=WAITING, tier__in=["high", "elevated"]) | UseCase.objects.filter(
            state__in=WAITING, data_class__in=PRIVATE
        )
        count = sensitive.exclude(pk__in=_reviewed_by("privacy")).count() + due_cases().count()
        if not count:
            return 0
        officers = roles_in_force().filter(role=Role.PRIVACY.value, user__is_active=True).select_related("user")
        letters = [
            Letter(
                To(one.user.email, one.user_id),
                key=f"{clock.today()}:{one.user_id}",
                path=REVIEW,
                context={"count": count},
            )
            for one in officers
        ]
        return mail_queue("catalog_waiting", letters)


def _reviewed_by(office: str) -> list[int]:
    """Waiting cases that an office has reviewed in their present round."""
    rows = UseCase.objects.filter(state__in=WAITING, reviews__office=office, reviews__round=F("round"))
    return list(rows.values_list("pk", flat=True))
