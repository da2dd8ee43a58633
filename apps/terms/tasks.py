"""What the calendar does to the terms (settings.TICK)."""

from __future__ import annotations

from apps.accounts.actors import SYSTEM
from apps.terms.services import terms_take_effect


def sweep() -> int:
    """Let a scheduled version whose day has come be the one in force. Returns how many did: 0 or 1."""
    return int(terms_take_effect(actor=SYSTEM) is not None)
