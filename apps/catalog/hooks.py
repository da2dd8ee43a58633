"""What other apps may ask of the catalog (settings.CASE_SUSPENDERS)."""

from __future__ import annotations

from apps.accounts.actors import Actor
from apps.catalog.models import UseCase
from apps.catalog.services import case_suspend
from apps.core.errors import Invalid


def case_suspend_by_number(actor: Actor, case_number: int, reason: str) -> None:
    """Suspend a use case by its number, as the containment of an incident does. Raises `Invalid` for a number of none."""
    case = UseCase.objects.filter(pk=case_number).first()
    if case is None:
        raise Invalid("There is no use case with this number.", how_to_fix="Look its number up in the catalog.")
    case_suspend(actor=actor, case=case, reason=reason)
