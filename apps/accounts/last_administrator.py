"""The last administrator cannot be removed: not by a colleague, a mapping, the provider's groups, an HR file or SCIM."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from apps.accounts.actors import Role
from apps.accounts.models import RoleAssignment, User
from apps.accounts.selectors import actor_for, roles_in_force

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('last_administrator'))"


def somebody_remains(going: Iterable[RoleAssignment]) -> bool:
    """Whether somebody who can sign in is still an administrator once these roles have ended.

    Whoever is one until a day does not count where one without a last day goes: the day after nobody would be left.
    Break-glass accounts and connections do not count: they are for the day on which nobody else is left. Holds a lock
    until the transaction ends, so that two who end each other's role do so one after the other.
    """
    return _remains(Q(pk__in=[one.pk for one in going if one.role == Role.ADMINISTRATOR]))


def somebody_remains_without(users: Iterable[int]) -> bool:
    """The same once these users (their ids) can no longer sign in."""
    return _remains(Q(user__in=list(users)))


def _remains(going: Q) -> bool:
    in_force = roles_in_force().filter(role=Role.ADMINISTRATOR)
    if not in_force.filter(going).exists():
        return True
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    ending = list(in_force.filter(going))
    others = in_force if all(one.until_on for one in ending) else in_force.filter(until_on=None)
    others = others.exclude(going).filter(user__kind=User.Kind.PERSON, user__is_active=True)
    return not ending or any(actor_for(one.user) for one in others.select_related("user"))
