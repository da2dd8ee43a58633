"""The errors that services raise, and the reasons that rules return.

A `Reason` says what is the matter, how to mend it and who owes the next step. Pages, API and refusals show the
same list. Errors name the fact; a view turns them into a message, the API into problem details (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something cannot be done: a stable code, a sentence, the next step, and who owes it."""

    code: str
    text: str
    how_to_fix: str = ""
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.how_to_fix}".strip()


class BeaconError(Exception):
    """Base of every refusal. `reasons` is never empty; `status` is the HTTP status that fits."""

    status = 409
    text = "This cannot be done."
    how_to_fix = ""
    # The page (URL name) on which a person can mend it at once; pages lead there and come back.
    leads_to = ""

    def __init__(self, text: str = "", *, how_to_fix: str = "", reasons: Sequence[Reason] = ()) -> None:
        self.reasons: tuple[Reason, ...] = tuple(reasons) or (
            Reason(self.code(), text or self.text, how_to_fix or self.how_to_fix),
        )
        super().__init__(" ".join(str(reason) for reason in self.reasons))

    @classmethod
    def code(cls) -> str:
        """The class name in snake case: the stable code of the refusal."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")


class NotPermitted(BeaconError):
    """The record is in the person's sight, but the act is not theirs."""

    status = 403
    text = "Your role does not allow this."
    how_to_fix = "Ask an EOTSS administrator who may do it."


class NotFound(BeaconError):
    """Outside the person's scope or not there at all: deliberately the same answer."""

    status = 404
    text = "There is no such record."


class Invalid(BeaconError):
    """What was asked for does not make sense as asked."""

    status = 400
    text = "The request is not complete."


def given(reason: str) -> str:
    """The reason, trimmed. Raises `Invalid` where there is none: it goes into the audit trail."""
    if not reason.strip():
        raise Invalid("Give a reason.", how_to_fix="It goes into the audit trail.")
    return reason.strip()


class IllegalTransition(BeaconError):
    """The record is not in a state from which this step exists."""

    text = "The record has moved on in the meantime."
    how_to_fix = "Reload the page to see its present state."


class StaleDecision(BeaconError):
    """Somebody else decided first."""

    text = "Somebody else has already decided this."
    how_to_fix = "Reload the page to see the decision."
