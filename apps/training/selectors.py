"""Reading courses and completions."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.actors import Actor
from apps.training.models import Completion, CompletionImport, Course


def courses_visible_to(actor: Actor) -> QuerySet[Course]:
    """Everybody may know which courses there are."""
    return Course.objects.all()


def completions_visible_to(actor: Actor) -> QuerySet[Completion]:
    """One's own; those of the agencies one serves; all for EOTSS, privacy office and auditors."""
    completions = Completion.objects.select_related("course", "employee")
    if actor.sees_everyone:
        return completions
    own = completions.filter(employee=actor.employee_id or 0)
    return own | completions.filter(employee__agency__in=actor.agency_ids)


def imports_visible_to(actor: Actor) -> QuerySet[CompletionImport]:
    """Imports name people of every agency: EOTSS, privacy office and auditors only."""
    return CompletionImport.objects.all() if actor.sees_everyone else CompletionImport.objects.none()
