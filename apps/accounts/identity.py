"""From an identity provider's answer to a person here: who it is, what their groups give them, and what is recorded.

The first time a person is found by their verified address, in the directory or among those who were made known;
from then on by the provider's own id for them. An address that comes to somebody else opens nothing (docs/runbook/sign-in.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.actors import PRIVILEGED, SYSTEM, Role
from apps.accounts.claims import Check, ClaimRefused
from apps.accounts.last_administrator import somebody_remains
from apps.accounts.models import RoleAssignment, RoleMapping, Session, SignIn, User
from apps.audit import services as audit
from apps.core import clock, hooks


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as an identity provider vouches for them. `proved_at`: when they last signed in there, if it says so."""

    provider: str
    method: str
    uid: str
    email: str
    is_email_verified: bool
    name: str
    groups: frozenset[str] = frozenset()
    app_roles: frozenset[str] = frozenset()
    proved_at: datetime | None = None


def person_behind(identity: Identity) -> User:
    """The user of this identity; joined on the first sign-in. Raises `ClaimRefused`."""
    known = SocialAccount.objects.filter(provider=identity.provider, uid=identity.uid).select_related("user").first()
    if known is not None:
        return _usable(known.user)
    if not identity.email or not identity.is_email_verified or not _speaks_for(identity.provider, identity.email):
        raise ClaimRefused(Check.EMAIL)
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email__iexact=identity.email).first()
        if user is None:
            if not any(hooks.call("SIGN_IN_KNOWN", identity.email)):
                raise ClaimRefused(Check.DIRECTORY)
            user = User.objects.create_user(email=identity.email, name=identity.name)
        _usable(user)
        if SocialAccount.objects.filter(provider=identity.provider, user=user).exists():
            raise ClaimRefused(Check.ACCOUNT)
        SocialAccount.objects.create(provider=identity.provider, uid=identity.uid, user=user)
        hooks.call("SIGN_IN_JOINED", user, identity.email)
        audit.record(SYSTEM, "accounts.user.joined", user, after={"provider": identity.provider})
    return user


def roles_follow(user: User, identity: Identity) -> None:
    """Give and end the roles that the provider's groups and app roles decide (RoleMapping, confirmed ones alone).

    Roles that people granted are not touched. What changes ends the person's other sessions. The last administrator
    stays one, which the trail says at each of their sign-ins, until there is another.
    """
    wanted = {
        mapping.pk: mapping
        for mapping in RoleMapping.objects.filter(provider=identity.provider, ended_at=None, confirmed_at__isnull=False)
        if mapping.value in (identity.groups if mapping.claim == RoleMapping.Claim.GROUP else identity.app_roles)
    }
    with transaction.atomic():
        # Two sign-ins of one person, one after the other. The guard's lock comes before any role's, as in role_end.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        held = RoleAssignment.objects.filter(user=user, ended_at=None, mapping__provider=identity.provider)
        going = _but_the_last_administrator([one for one in held if one.mapping_id not in wanted])
        gone = list(held.select_for_update(of=("self",)).filter(pk__in=[one.pk for one in going]))
        there = {(one.role, one.scope) for one in user.role_assignments.filter(ended_at=None)} - {
            (one.role, one.scope) for one in gone
        }
        new = [mapping for mapping in wanted.values() if (mapping.role, mapping.scope) not in there]
        _end(gone, "The identity provider no longer says so.")
        _give(user, new)
        if gone or new:
            Session.objects.filter(user=user).delete()


def mapped_roles_end(mapping: RoleMapping, reason: str) -> None:
    """End every role that a mapping gave, with the sessions of those who held it."""
    held = list(RoleAssignment.objects.select_for_update().filter(mapping=mapping, ended_at=None))
    _end(held, reason)
    Session.objects.filter(user__in=[one.user_id for one in held]).delete()


def note(
    request: HttpRequest, *, method: str, outcome: SignIn.Outcome, user: User | None = None, check: str = ""
) -> SignIn:
    """Record an attempt. Which check failed is kept; what the token said is not."""
    return SignIn.objects.create(
        user=user, method=method, outcome=outcome, check_failed=check, address=request.META.get("REMOTE_ADDR") or None
    )


def refused(request: HttpRequest, *, method: str, check: Check) -> None:
    """Record a refused answer: in the list of sign-ins and in the audit trail."""
    with transaction.atomic():
        attempt = note(request, method=method, outcome=SignIn.Outcome.REFUSED, check=check.value)
        audit.record(SYSTEM, "accounts.sign_in.refused", attempt, after={"method": method, "check": check.value})


def _speaks_for(provider: str, email: str) -> bool:
    """Whether the provider may vouch for this address: one of several must not open the accounts of another's people."""
    domains = settings.IDENTITY_PROVIDERS[provider].email_domains
    return not domains or email.rpartition("@")[2].casefold() in domains


def _usable(user: User) -> User:
    if user.kind != User.Kind.PERSON or not user.is_active:
        raise ClaimRefused(Check.ACCOUNT)
    return user


def _but_the_last_administrator(gone: list[RoleAssignment]) -> list[RoleAssignment]:
    if somebody_remains(gone):
        return gone
    for held in gone:
        if held.role == Role.ADMINISTRATOR:
            audit.record(SYSTEM, "accounts.role.kept", held, after={"role": held.role, "why": "the last administrator"})
    return [one for one in gone if one.role != Role.ADMINISTRATOR]


def _end(assignments: Iterable[RoleAssignment], reason: str) -> None:
    for held in assignments:
        held.ended_at = clock.now()
        held.save(update_fields=["ended_at"])
        audit.record(SYSTEM, "accounts.role.ended", held, before={"role": held.role}, reason=reason)


def _give(user: User, mappings: Iterable[RoleMapping]) -> None:
    given: set[tuple[str, str]] = set()
    for mapping in mappings:
        if (mapping.role, mapping.scope) in given:
            continue
        given.add((mapping.role, mapping.scope))
        by, key = mapping.confirmed_by or mapping.created_by, mapping.confirmed_by_key or mapping.created_by_key
        held = RoleAssignment.objects.create(
            user=user, role=mapping.role, scope=mapping.scope, mapping=mapping, reason=str(mapping)[:1000],
            granted_by="Identity provider", granted_by_key=mapping.created_by_key, confirmed_by=by,
            confirmed_by_key=key, confirmed_at=clock.now(),
        )  # fmt: skip
        audit.record(
            SYSTEM, "accounts.role.granted", held,
            after={"role": mapping.role, "scope": mapping.scope, "mapping": str(mapping), "privileged": mapping.role in PRIVILEGED},
        )  # fmt: skip
