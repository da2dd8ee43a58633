"""Every write to people and roles. Tokens are in token_services.py, what the identity provider says in identity.py."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts.actors import PRIVILEGED, Actor, Role
from apps.accounts.errors import LastAdministrator, PersonKnown, SecondPersonNeeded, SelfGrant
from apps.accounts.last_administrator import somebody_remains
from apps.accounts.models import RoleAssignment, Session, User
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotFound, given


def user_create(*, actor: Actor, email: str, name: str) -> User:
    """Let a person sign in (by the identity provider; there is no password). Administrators and Beacon only.

    Raises `PersonKnown`, `Invalid`, `FreshSignInNeeded`.
    """
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh_at_a_browser()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("This is no e-mail address.") from error
    if User.objects.filter(email__iexact=email).exists():
        raise PersonKnown()
    with transaction.atomic(), translated():
        user = User.objects.create_user(email=email, name=name)
        audit.record(actor, "accounts.user.created", user, after={"email": email})
    return user


def role_grant(
    *, actor: Actor, user: User, role: Role, scope: str = "", until_on: date | None = None, reason: str = ""
) -> RoleAssignment:
    """Give `user` a role, until a day (included) or until it is ended; `scope` is the code of a secretariat or "".

    An administrator or privacy officer begins when a second administrator confirms it. Raises `SelfGrant`,
    `RoleAlreadyHeld`, `FreshSignInNeeded`.
    """
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    if actor.user_id == user.pk:
        raise SelfGrant()
    if not actor.is_system:
        given(reason)
        _check_grant(user, role, scope, until_on)
    at_once = actor.is_system or role not in PRIVILEGED
    with transaction.atomic(), translated():
        held = RoleAssignment.objects.create(
            user=user, role=role.value, scope=scope, until_on=until_on, reason=reason, granted_by=actor.name,
            granted_by_key=actor.key, granted_at=clock.now(), **(_confirmed(actor) if at_once else {}),
        )  # fmt: skip
        if at_once:
            _sessions_end(user)
        audit.record(
            actor, "accounts.role.granted" if at_once else "accounts.role.proposed", held,
            after={"role": role.value, "scope": scope, "until": until_on}, reason=reason,
        )  # fmt: skip
    return held


def role_confirm(*, actor: Actor, assignment: RoleAssignment) -> RoleAssignment:
    """The second administrator says yes: the role begins. Raises `SecondPersonNeeded`."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    with transaction.atomic():
        held = _open(assignment)
        if held.confirmed_at is not None:
            raise Invalid("The role was confirmed already.")
        if actor.key in {held.granted_by_key, str(held.user.key)}:
            raise SecondPersonNeeded()
        for name, value in _confirmed(actor).items():
            setattr(held, name, value)
        held.save()
        _sessions_end(held.user)
        audit.record(actor, "accounts.role.confirmed", held, after={"role": held.role, "scope": held.scope})
    return held


def role_end(*, actor: Actor, assignment: RoleAssignment, reason: str) -> RoleAssignment:
    """Take a role back, at once, or decline one that waits for confirmation.

    Every session of the person ends with it. Raises `LastAdministrator` where nobody else who can sign in would be one.
    """
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    given(reason)
    with transaction.atomic():
        remains = somebody_remains([assignment])
        held = _open(assignment)
        if not remains:
            raise LastAdministrator()
        held.ended_at = clock.now()
        held.save(update_fields=["ended_at"])
        _sessions_end(held.user)
        audit.record(actor, "accounts.role.ended", held, before={"role": held.role}, reason=reason)
    assignment.ended_at = held.ended_at
    return assignment


def role_review(*, actor: Actor, assignment: RoleAssignment, reason: str) -> RoleAssignment:
    """An administrator looked again at a privileged role of somebody else, and it stays. Due every 90 days."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    with transaction.atomic():
        held = _open(assignment)
        if held.confirmed_at is None or held.role not in PRIVILEGED:
            raise Invalid("Only a privileged role in force is reviewed.")
        if actor.key == str(held.user.key):
            raise SecondPersonNeeded("Somebody else reviews your role.", how_to_fix="Ask another administrator.")
        held.reviewed_at, held.reviewed_by = clock.now(), actor.name
        held.save(update_fields=["reviewed_at", "reviewed_by"])
        audit.record(actor, "accounts.role.reviewed", held, after={"role": held.role}, reason=given(reason))
    return held


def session_end(*, actor: Actor, session_key: str, user: User) -> None:
    """End one sign-in. People end theirs; administrators end anybody's."""
    if actor.user_id != user.pk and not actor.has(Role.ADMINISTRATOR):
        raise NotFound()
    with transaction.atomic():
        ended, _ = Session.objects.filter(user=user, session_key=session_key).delete()
        if not ended:
            raise Invalid("This sign-in has ended already.")
        audit.record(actor, "accounts.session.ended", user)


def sessions_end(*, actor: Actor, user: User, but: str = "") -> int:
    """End every sign-in of a person, `but` one; returns how many there were. Raises `FreshSignInNeeded` for others'."""
    if actor.user_id != user.pk:
        if not actor.has(Role.ADMINISTRATOR):
            raise NotFound()
        actor.require_fresh()
    with transaction.atomic():
        ended = _sessions_end(user, but)
        audit.record(actor, "accounts.sessions.ended", user, after={"number": ended})
    return ended


def _sessions_end(user: User, but: str = "") -> int:
    ended, _ = Session.objects.filter(user=user).exclude(session_key=but).delete()
    return ended


def _open(assignment: RoleAssignment) -> RoleAssignment:
    """The assignment, locked and not ended. Raises `Invalid`."""
    held = RoleAssignment.objects.select_for_update(of=("self",)).select_related("user").get(pk=assignment.pk)
    if held.ended_at is not None or (held.until_on and held.until_on < clock.today()):
        raise Invalid("The role has ended already.")
    return held


def _confirmed(actor: Actor) -> dict[str, Any]:
    return {"confirmed_by": actor.name, "confirmed_by_key": actor.key, "confirmed_at": clock.now()}


def _check_grant(user: User, role: Role, scope: str, until_on: date | None) -> None:
    if not user.is_active or user.kind == User.Kind.BREAK_GLASS:
        raise Invalid("This account gets no roles.")
    if user.kind == User.Kind.CONNECTION and role in PRIVILEGED:
        raise Invalid(
            "A connection is neither administrator nor privacy officer.", how_to_fix="Give its token a scope."
        )
    if scope and role is not Role.LEADER:
        raise Invalid("Only leaders are leaders of one secretariat.", how_to_fix="Leave the secretariat empty.")
    if until_on and until_on < clock.today():
        raise Invalid("The last day is over already.")
