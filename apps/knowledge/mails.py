"""What the knowledge center tells people by mail: the asker of an answer, contacts of questions that are overdue."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count

from apps.agencies.models import Agency, Employee
from apps.knowledge.models import Question
from apps.mail.digest import Section
from apps.mail.outbox import Letter, To, mail_queue


def answered(question: Question) -> int:
    """Tell the asker that there is an answer. Call with the question's lock held."""
    asker = question.asker
    if asker.status == Employee.Status.SEPARATED or question.answered_at is None:
        return 0
    letter = Letter(
        To(asker.email, asker.user_id, asker.pk), key=f"{question.pk}:{question.answered_at.isoformat()}",
        path=f"/questions/{question.pk}/", about=("knowledge.Question", str(question.pk)),
        topic=f"question:{question.pk}",
    )  # fmt: skip
    return mail_queue("knowledge_answered", [letter])


def digest_sections(agency_ids: frozenset[int], now: datetime) -> list[Section]:
    """Overdue questions with the contacts of these agencies (settings.DIGEST_SECTIONS). No names: mail is read aloud."""
    late = Question.objects.filter(state="open", office="", agency__in=agency_ids, due_at__lt=now)
    counts = dict(late.order_by().values_list("agency").annotate(Count("pk")))
    names = Agency.objects.filter(pk__in=counts).order_by("name")
    lines = [f"{agency.name}: {counts[agency.pk]:,} overdue." for agency in names]
    total = sum(counts.values())
    return (
        [Section(f"Questions past their due time: {total:,}", lines, "/questions/?late=true", total)] if lines else []
    )
