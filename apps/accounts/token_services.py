"""Every write to tokens and to the connections that hold them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from ipaddress import ip_network

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from apps.accounts.actors import Actor, Role, Scope
from apps.accounts.authentication import digest_of
from apps.accounts.models import ApiToken, User
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotFound, NotPermitted, given

# By which a scanner of source code knows a token that somebody left there.
PREFIX = "beacon_"
# A token lives a quarter at most, so that every one is looked at again (trust-ux: life of 90 days or less).
LONGEST_DAYS = 90
# Roles that may script; employees have the page.
OWNERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT, Role.LEADER)
# Scopes that no person's token has: their right is not a role.
CONNECTIONS_ONLY = frozenset({Scope.SCIM})


def connection_create(*, actor: Actor, name: str, reason: str) -> User:
    """Make another system known, which then holds roles and tokens. Administrators only, freshly signed in."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    given(reason)
    with transaction.atomic(), translated():
        made = User.objects.create_user(
            email=f"{slugify(name)}@connections.invalid", name=name, kind=User.Kind.CONNECTION
        )
        audit.record(actor, "accounts.connection.created", made, after={"name": name}, reason=reason)
    return made


def connection_end(*, actor: Actor, connection: User, reason: str) -> User:
    """Shut another system out, with all its tokens, at once."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    given(reason)
    if connection.kind != User.Kind.CONNECTION or not connection.is_active:
        raise Invalid("This connection has ended already.")
    with transaction.atomic():
        connection.is_active = False
        connection.save(update_fields=["is_active"])
        _live(connection).update(withdrawn_at=clock.now(), withdrawn_by=actor.name)
        audit.record(actor, "accounts.connection.ended", connection, reason=reason)
    return connection


def token_create(
    *, actor: Actor, owner: User, name: str, scopes: list[str], days: int = LONGEST_DAYS, networks: list[str] | None = None
) -> tuple[ApiToken, str]:  # fmt: skip
    """Make a token; returns it and its text, which is kept nowhere. `days` until it expires, 90 at most.

    People make their own; administrators make those of connections. Raises `Invalid`, `NotPermitted`,
    `FreshSignInNeeded`.
    """
    actor.require_fresh()
    is_own = actor.user_id == owner.pk
    if owner.kind == User.Kind.CONNECTION:
        actor.require(Role.ADMINISTRATOR)
    elif not is_own:
        raise NotPermitted("People make their own tokens.")
    else:
        actor.require(*OWNERS)
    _check(owner, scopes, days, networks or [])
    with transaction.atomic():
        text = PREFIX + secrets.token_hex(32)
        token = ApiToken.objects.create(
            user=owner, digest=digest_of(text), hint=text[:12], name=name, scopes=sorted(set(scopes)),
            networks=networks or [], created_by=actor.name, expires_at=clock.now() + timedelta(days=days),
        )  # fmt: skip
        audit.record(
            actor, "accounts.token.created", token,
            after={"owner": str(owner), "scopes": token.scopes, "networks": token.networks, "until": token.expires_at.isoformat()},
        )  # fmt: skip
    return token, text


def token_withdraw(*, actor: Actor, token: ApiToken, reason: str = "") -> ApiToken:
    """End a token, at once. Its owner may, and every administrator."""
    if actor.user_id != token.user_id:
        if not actor.has(Role.ADMINISTRATOR):
            raise NotFound()
        given(reason)
    with transaction.atomic():
        moved = _live(token.user).filter(pk=token.pk).update(withdrawn_at=clock.now(), withdrawn_by=actor.name)
        if not moved:
            raise Invalid("The token has ended already.")
        audit.record(actor, "accounts.token.withdrawn", token, reason=reason)
    token.refresh_from_db()
    return token


def _live(owner: User) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=owner, withdrawn_at=None)


def _check(owner: User, scopes: list[str], days: int, networks: list[str]) -> None:
    unknown = set(scopes) - {scope.value for scope in Scope}
    if not scopes or unknown:
        raise Invalid("Choose what the token may be used for.")
    if owner.kind != User.Kind.CONNECTION and CONNECTIONS_ONLY & set(scopes):
        raise Invalid("Only a connection keeps the directory.", how_to_fix="Make a connection and a token for it.")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"A token lives from 1 to {LONGEST_DAYS} days.")
    if not owner.is_active:
        raise Invalid("The owner has been shut out.")
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise Invalid(f"This is no network: {network}", how_to_fix="For example 198.51.100.0/24.") from error
