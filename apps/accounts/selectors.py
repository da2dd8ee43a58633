"""From a signed-in user to an actor."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts.actors import Actor, Role
from apps.accounts.models import RoleAssignment, User
from apps.core import clock, hooks


def roles_in_force() -> QuerySet[RoleAssignment]:
    """Roles that are neither ended nor past their last day."""
    return RoleAssignment.objects.filter(Q(until_on=None) | Q(until_on__gte=clock.today()), ended_at=None)


def actor_for(user: User) -> Actor | None:
    """The actor behind `user`; None where the directory says that the person has left.

    What the directory knows comes from the functions in settings.ACTOR_FACTS: each takes the user and returns keyword
    arguments of `Actor`, or None to refuse.
    """
    roles: dict[Role, frozenset[str]] = {}
    for held in roles_in_force().filter(user=user):
        role = Role(held.role)
        roles[role] = roles.get(role, frozenset()) | {held.scope}
    facts: dict[str, Any] = {}
    for found in hooks.call("ACTOR_FACTS", user):
        if found is None:
            return None
        facts |= found
    roles |= facts.pop("roles", {})
    return Actor(key=str(user.key), name=str(user), user_id=user.pk, roles=roles, **facts)


def emails_of(*roles: Role) -> list[str]:
    """The addresses of everyone who holds one of these roles over everything and can sign in."""
    held = roles_in_force().filter(role__in=[role.value for role in roles], scope="", user__is_active=True)
    return sorted(set(held.values_list("user__email", flat=True)))
