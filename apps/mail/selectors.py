"""Reading the outbox, cut to what the actor may see."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from apps.accounts.actors import Actor, Role
from apps.mail.kinds import SWITCHABLE
from apps.mail.models import MailPreference, Message, SuppressedAddress

_READERS = (Role.ADMINISTRATOR, Role.AUDITOR)


def messages_visible_to(actor: Actor) -> QuerySet[Message]:
    """One's own; all for administrators, who mend what was not sent, and auditors."""
    messages = Message.objects.select_related("body")
    if actor.has(*_READERS):
        return messages
    return messages.filter(Q(user=actor.user_id or 0) | Q(employee_ref=actor.employee_id or 0))


def own_messages(actor: Actor) -> QuerySet[Message]:
    """What Beacon wrote to the acting person, whatever else they may see."""
    messages = Message.objects.select_related("body")
    return messages.filter(Q(user=actor.user_id or 0) | Q(employee_ref=actor.employee_id or 0))


def suppressions_visible_to(actor: Actor) -> QuerySet[SuppressedAddress]:
    """For administrators and auditors."""
    suppressions = SuppressedAddress.objects.all()
    return suppressions if actor.has(*_READERS) else suppressions.none()


def suppressed_addresses(addresses: Iterable[str]) -> set[str]:
    """Those of the addresses, in lower case, that nothing is sent to."""
    in_force = SuppressedAddress.objects.filter(lifted_at=None).annotate(lower=Lower("address"))
    return set(in_force.filter(lower__in={one.lower() for one in addresses}).values_list("lower", flat=True))


def preferences_of(user_id: int) -> dict[str, bool]:
    """What a person gets, by group: all of it where they said nothing."""
    said = dict(MailPreference.objects.filter(user=user_id).values_list("group", "is_on"))
    return {group.value: said.get(group.value, True) for group in SWITCHABLE}
