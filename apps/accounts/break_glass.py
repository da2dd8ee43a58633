"""The two accounts for the day on which the identity provider is away: password and second factor, and an alarm.

Made by `manage.py create_break_glass`; their secrets are printed once, for two envelopes in two safes. Every use is
mailed to all administrators and to the privacy office, and stands on the administrators' home page.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.actors import SYSTEM, Actor, Role
from apps.accounts.models import Session, User
from apps.accounts.services import role_grant
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.errors import BeaconError, Invalid

METHOD = "break-glass"
# Checked where there is no such account, so that the answer takes as long.
_NOBODY = make_password("nobody")


class WrongSecrets(BeaconError):
    """Which of the three was wrong is not said."""

    status = 401
    text = "Name, password or code is wrong."
    how_to_fix = "A code works once: wait for the next one."


def make(slot: int, *, actor: Actor = SYSTEM) -> dict[str, str]:
    """Make (or make anew) break-glass account 1 or 2; returns its name, password and the seed for an authenticator."""
    actor.require(Role.ADMINISTRATOR)
    if slot not in {1, 2}:
        raise Invalid("There are two break-glass accounts: 1 and 2.")
    password, seed = secrets.token_urlsafe(24), generate_totp_secret()
    with transaction.atomic():
        user, is_new = User.objects.get_or_create(
            break_glass_slot=slot,
            defaults={
                "kind": User.Kind.BREAK_GLASS, "email": f"break-glass-{slot}@break-glass.invalid",
                "name": f"Break-glass account {slot}",
            },
        )  # fmt: skip
        user.set_password(password)
        user.save(update_fields=["password"])
        Authenticator.objects.filter(user=user).delete()
        TOTP.activate(user, seed)
        Session.objects.filter(user=user).delete()
        if is_new:
            role_grant(actor=SYSTEM, user=user, role=Role.ADMINISTRATOR, reason="Break-glass account")
        audit.record(actor, "accounts.break_glass.made", user, after={"slot": slot})
    uri = f"otpauth://totp/Beacon:{quote(user.email)}?secret={seed}&issuer=Beacon&algorithm=SHA1&digits=6&period=30"
    return {"name": user.email, "password": password, "seed": seed, "uri": uri}


def checked(name: str, password: str, code: str) -> User:
    """The account whose three secrets these are. Raises `WrongSecrets`; a code works once."""
    user = User.objects.filter(kind=User.Kind.BREAK_GLASS, is_active=True, email__iexact=name).first()
    if user is None:
        check_password(password, _NOBODY)
        raise WrongSecrets()
    factor = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if not user.check_password(password) or factor is None or not TOTP(factor).validate_code(code.strip()):
        raise WrongSecrets()
    return user


def alarm(request: HttpRequest, user: User) -> None:
    """The glass is broken: into the audit trail, and to everybody who must know (settings.BREAK_GLASS_USED)."""
    with transaction.atomic():
        audit.record(
            _named(user), "accounts.break_glass.used", user, after={"address": request.META.get("REMOTE_ADDR")}
        )
        hooks.call("BREAK_GLASS_USED", user, clock.now())


def _named(user: User) -> Any:
    from apps.accounts.selectors import actor_for

    return actor_for(user) or SYSTEM
