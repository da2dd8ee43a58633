"""Who a command acts as (settings.COMMAND_ACTOR)."""

from __future__ import annotations

from dataclasses import replace

from apps.accounts.actors import SYSTEM, Actor
from apps.accounts.models import User
from apps.accounts.selectors import actor_for
from apps.core.errors import NotFound, NotPermitted


def person(email: str) -> User:
    """The person with this address. Raises `NotFound`."""
    user = User.objects.filter(email__iexact=email, kind=User.Kind.PERSON).first()
    if user is None:
        raise NotFound(f"Nobody signs in with {email}.")
    return user


def sign_in_named(email: str) -> User:
    """Whoever signs in with this address: a person or a break-glass account. Raises `NotFound`."""
    user = User.objects.filter(email__iexact=email).exclude(kind=User.Kind.CONNECTION).first()
    if user is None:
        raise NotFound(f"Nobody signs in with {email}.")
    return user


def actor_named(email: str) -> Actor:
    """The person with their present roles, else Beacon. Who may run commands on the server has proved who they are."""
    if not email:
        return SYSTEM
    actor = actor_for(person(email))
    if actor is None:
        raise NotPermitted(f"{email} has left.")
    return replace(actor, is_fresh=True)
