"""Every write to people and roles."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.accounts.errors import LastAdministrator, SelfGrant
from apps.accounts.models import RoleAssignment, User
from apps.accounts.selectors import actor_for, roles_in_force
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid


def user_create(*, actor: Actor, email: str, name: str) -> User:
    """Let a person sign in (by the identity provider; there is no password). Administrators and Beacon only."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        user = User.objects.create_user(email=email, name=name)
        audit.record(actor, "accounts.user.created", user, after={"email": email})
    return user


def role_grant(
    *, actor: Actor, user: User, role: Role, scope: str = "", until_on: date | None = None, reason: str = ""
) -> RoleAssignment:
    """Give `user` a role. Raises `SelfGrant`, `RoleAlreadyHeld`."""
    actor.require(Role.ADMINISTRATOR)
    if actor.user_id == user.pk:
        raise SelfGrant()
    with transaction.atomic(), translated():
        held = RoleAssignment.objects.create(
            user=user, role=role.value, scope=scope, granted_by=actor.name, until_on=until_on
        )
        audit.record(actor, "accounts.role.granted", held, after={"role": role.value, "scope": scope}, reason=reason)
    return held


def role_end(*, actor: Actor, assignment: RoleAssignment, reason: str) -> RoleAssignment:
    """Take a role back, at once. Raises `LastAdministrator` where nobody else who can sign in would be one."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        locked = roles_in_force().select_for_update(of=("self",)).select_related("user").filter(role=assignment.role)
        others = [held for held in locked if held.pk != assignment.pk]
        if assignment.pk not in {held.pk for held in locked}:
            raise Invalid("The role has ended already.")
        if assignment.role == Role.ADMINISTRATOR and not any(actor_for(held.user) for held in others):
            raise LastAdministrator()
        assignment.ended_at = clock.now()
        assignment.save(update_fields=["ended_at"])
        audit.record(actor, "accounts.role.ended", assignment, before={"role": assignment.role}, reason=reason)
    return assignment
