"""What time alone does to sign-ins (settings.TICK)."""

from __future__ import annotations

from apps.accounts.actors import SYSTEM
from apps.accounts.models import Session, SignIn
from apps.audit.retention import before, forget
from apps.core import hooks

# The trigger accounts_signin_frozen (migrations/0003) says the same.
SIGN_IN_DAYS = 400


def sweep() -> int:
    """Remove sign-ins that were kept long enough, and sessions that ran out. Returns how many."""
    return _old_sign_ins() + _ended_sessions()


def _old_sign_ins() -> int:
    """Those of people under legal hold stay, whatever their age."""
    until = before(SIGN_IN_DAYS)
    held = {pk for found in hooks.call("USERS_ON_HOLD") for pk in found}
    rows = SignIn.objects.filter(at__lt=until).exclude(user__in=held).order_by("at")
    return forget(
        SYSTEM, rows, "accounts.sign_ins.removed", until=until, reason=f"They are kept for {SIGN_IN_DAYS} days."
    )


def _ended_sessions() -> int:
    """Who comes back with such a cookie is a stranger already; the row of whoever does not would stay for ever."""
    until = before(0)
    rows = Session.objects.filter(expire_date__lt=until).order_by("expire_date")
    return forget(SYSTEM, rows, "accounts.sessions.removed", until=until, reason="They ran out.")
