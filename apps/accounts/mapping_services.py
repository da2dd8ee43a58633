"""Every write to what an identity provider's groups and app roles give here."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from apps.accounts import identity
from apps.accounts.actors import PRIVILEGED, Actor, Role
from apps.accounts.errors import LastAdministrator, SecondPersonNeeded
from apps.accounts.last_administrator import somebody_remains
from apps.accounts.models import RoleAssignment, RoleMapping
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, given


def mapping_create(
    *, actor: Actor, provider: str, claim: str, value: str, role: Role, scope: str = "", reason: str
) -> RoleMapping:
    """Let a group (or app role) of a provider give a role to whoever is in it when they sign in.

    One that gives a privileged role waits for a second administrator. Raises `MappingKnown`, `Invalid`.
    """
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    given(reason)
    if provider not in settings.IDENTITY_PROVIDERS:
        raise Invalid("There is no such identity provider.")
    if scope and role is not Role.LEADER:
        raise Invalid("Only leaders are leaders of one secretariat.", how_to_fix="Leave the secretariat empty.")
    at_once = role not in PRIVILEGED
    with transaction.atomic(), translated():
        made = RoleMapping.objects.create(
            provider=provider, claim=claim, value=value.strip(), role=role.value, scope=scope, created_by=actor.name,
            created_by_key=actor.key, confirmed_at=clock.now() if at_once else None,
        )  # fmt: skip
        audit.record(
            actor,
            "accounts.mapping.created",
            made,
            after={"mapping": str(made), "is_confirmed": at_once},
            reason=reason,
        )
    return made


def mapping_confirm(*, actor: Actor, mapping: RoleMapping) -> RoleMapping:
    """The second administrator says yes. Raises `SecondPersonNeeded`."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    with transaction.atomic():
        held = _open(mapping)
        if held.confirmed_at is not None:
            raise Invalid("The mapping was confirmed already.")
        if actor.key == held.created_by_key:
            raise SecondPersonNeeded()
        held.confirmed_by, held.confirmed_by_key, held.confirmed_at = actor.name, actor.key, clock.now()
        held.save()
        audit.record(actor, "accounts.mapping.confirmed", held, after={"mapping": str(held)})
    return held


def mapping_end(*, actor: Actor, mapping: RoleMapping, reason: str) -> RoleMapping:
    """End a mapping, with every role that it gave, at once. Raises `LastAdministrator` where nobody else would be one."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    given(reason)
    with transaction.atomic():
        held = _open(mapping)
        if not somebody_remains(RoleAssignment.objects.filter(mapping=held, ended_at=None)):
            raise LastAdministrator()
        held.ended_at = clock.now()
        held.save(update_fields=["ended_at"])
        identity.mapped_roles_end(held, reason)
        audit.record(actor, "accounts.mapping.ended", held, before={"mapping": str(held)}, reason=reason)
    return held


def _open(mapping: RoleMapping) -> RoleMapping:
    held = RoleMapping.objects.select_for_update().get(pk=mapping.pk)
    if held.ended_at is not None:
        raise Invalid("The mapping has ended already.")
    return held
