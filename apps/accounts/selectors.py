"""From a signed-in user to an actor; who sees which roles, tokens and sign-ins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from apps.accounts.actors import PRIVILEGED, Actor, Role
from apps.accounts.models import ApiToken, RoleAssignment, RoleMapping, Session, SignIn, User
from apps.core import clock, hooks


def roles_in_force() -> QuerySet[RoleAssignment]:
    """Roles that are confirmed, and neither ended nor past their last day."""
    return RoleAssignment.objects.filter(
        Q(until_on=None) | Q(until_on__gte=clock.today()), ended_at=None, confirmed_at__isnull=False
    )


def actor_for(user: User) -> Actor | None:
    """The actor behind `user`; None for one who was shut out, and where the directory says that the person has left.

    What the directory knows comes from the functions in settings.ACTOR_FACTS: each takes the user and returns keyword
    arguments of `Actor`, or None to refuse.
    """
    if not user.is_active:
        return None
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
    held = roles_in_force().filter(
        role__in=[role.value for role in roles], scope="", user__is_active=True, user__kind=User.Kind.PERSON
    )
    return sorted(set(held.values_list("user__email", flat=True)))


REVIEWERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
# A privileged role is looked at again after so many days.
REVIEW_DAYS = 90


def roles_visible_to(actor: Actor) -> QuerySet[RoleAssignment]:
    """Role assignments, ended ones too, newest first: all for those who answer for them, else one's own."""
    rows = RoleAssignment.objects.select_related("user", "mapping").order_by("-granted_at", "-pk")
    return rows if actor.has(*REVIEWERS) else rows.filter(user_id=actor.user_id or 0)


def roles_to_confirm() -> QuerySet[RoleAssignment]:
    """Proposals that wait for a second administrator."""
    return RoleAssignment.objects.filter(
        Q(until_on=None) | Q(until_on__gte=clock.today()), ended_at=None, confirmed_at=None
    )


def roles_to_review() -> QuerySet[RoleAssignment]:
    """Privileged roles in force that nobody has looked at for 90 days."""
    since = clock.now() - timedelta(days=REVIEW_DAYS)
    return (
        roles_in_force()
        .annotate(looked_at=Coalesce("reviewed_at", "confirmed_at"))
        .filter(role__in=[role.value for role in PRIVILEGED], looked_at__lt=since)
    )


def tokens_visible_to(actor: Actor) -> QuerySet[ApiToken]:
    """Tokens, ended ones too, newest first: every one for those who answer for roles, else one's own."""
    rows = ApiToken.objects.select_related("user").order_by("-created_at", "-pk")
    return rows if actor.has(*REVIEWERS) else rows.filter(user_id=actor.user_id or 0)


def connections_visible_to(actor: Actor) -> QuerySet[User]:
    """Other systems that may hold tokens, for those who answer for roles."""
    rows = User.objects.filter(kind=User.Kind.CONNECTION).order_by("name")
    return rows if actor.has(*REVIEWERS) else rows.none()


def users_visible_to(actor: Actor) -> QuerySet[User]:
    """People who have signed in at least once, or were made known: for those who answer for roles."""
    rows = User.objects.exclude(kind=User.Kind.CONNECTION).order_by("name", "email")
    return rows if actor.has(*REVIEWERS) else rows.filter(pk=actor.user_id or 0)


def sessions_of(user_id: int) -> QuerySet[Session]:
    """Sign-ins of a person that last, newest first."""
    return Session.objects.filter(user_id=user_id, expire_date__gt=clock.now()).order_by("-started_at")


def sign_ins_visible_to(actor: Actor) -> QuerySet[SignIn]:
    """Attempts to sign in, newest first: all for those who answer for roles, else one's own."""
    rows = SignIn.objects.select_related("user").order_by("-at", "-pk")
    return rows if actor.has(*REVIEWERS) else rows.filter(user_id=actor.user_id or 0)


def mappings_visible_to(actor: Actor) -> QuerySet[RoleMapping]:
    """What groups of identity providers give, for those who answer for roles."""
    rows = RoleMapping.objects.order_by("provider", "value", "pk")
    return rows if actor.has(*REVIEWERS) else rows.none()


def break_glass_lately() -> QuerySet[SignIn]:
    """Uses of the break-glass accounts in the last seven days, newest first."""
    since = clock.now() - timedelta(days=7)
    return (
        SignIn.objects.filter(method="break-glass", outcome="done", at__gt=since).select_related("user").order_by("-at")
    )
