"""Who may hold a live seat, and what a seat must do next. Pure: facts in, requirements and moves out.

The facts come from one SQL function (licenses_eligibility), for one person or for everybody, so that a person's page
and a run over 40,000 cannot disagree. Rules: docs/glossary.md, "Eligibility".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from apps.core.errors import Reason
from apps.licenses.lifecycle import SELF_ENDING, SUSPENDED_DAYS
from apps.rollout.lifecycle import GIVES_SEATS, KEEPS_SEATS

CONTACT, EOTSS, YOU = "Your agency's contact", "EOTSS", "You"


class Facts(NamedTuple):
    """What is known of one employee, in the order of the SQL function's columns. Times are aware."""

    employee_id: int
    status: str
    agency_id: int
    workspace: str
    place_id: int | None
    phase_id: int | None
    phase_number: int | None
    phase_state: str | None
    training_required: bool
    missing_courses: list[str]
    terms_ok: bool
    request_id: int | None
    request_state: str | None
    decided_at: datetime | None
    seat_id: int | None
    seat_state: str | None
    seat_reason: str | None
    seat_since: datetime | None
    seat_agency_id: int | None
    seat_phase_id: int | None
    seat_contract_id: int | None
    has_opted_out: bool
    is_stopped: bool = False
    is_on_hold: bool = False

    @property
    def training_ok(self) -> bool:
        return not self.training_required or not self.missing_courses


class Status(StrEnum):
    """How a requirement stands: met, to do now, waiting for somebody else, or not its turn yet."""

    DONE = "done"
    NOW = "now"
    WAITING = "waiting"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition of eligibility for one person."""

    code: str
    title: str
    status: Status
    text: str
    owner: str = ""

    @property
    def is_met(self) -> bool:
        return self.status is Status.DONE

    def reason(self) -> Reason:
        return Reason(self.code, self.text, "", self.owner)


# ---- requirements ----------------------------------------------------------------------------------------


def requirements(facts: Facts) -> list[Requirement]:
    """Every requirement in the order in which people meet them; an emergency stop, while there is one, comes first."""
    return [
        *_stop(facts),
        _employment(facts),
        _phase(facts),
        _terms(facts),
        _training(facts),
        _approval(facts),
        _capacity(facts),
        _placement(facts),
    ]


def next_step(facts: Facts) -> Requirement | None:
    """The single next step: what the person can do themselves comes first, then what others owe. None: all met."""
    unmet = [requirement for requirement in requirements(facts) if not requirement.is_met]
    for status in (Status.NOW, Status.WAITING, Status.BLOCKED):
        for requirement in unmet:
            if requirement.status is status:
                return requirement
    return None


def _stop(facts: Facts) -> list[Requirement]:
    if not facts.is_stopped:
        return []
    text = "Access is stopped for now. Nothing is lost: it comes back when the stop is lifted."
    return [Requirement("stop", "No emergency stop", Status.BLOCKED, text, EOTSS)]


def _employment(facts: Facts) -> Requirement:
    met = facts.status == "active" or (facts.status == "leave" and facts.seat_state == "granted")
    text = {
        "active": "Actively employed, says the HR file.",
        "leave": "On leave. A seat stays with its holder; a new one waits for the return.",
        "separated": "Has left, says the HR file.",
    }[facts.status]
    return Requirement(
        "employment", "Active employment", Status.DONE if met else Status.BLOCKED, text, "Your HR office"
    )


def _phase(facts: Facts) -> Requirement:
    title = "The agency's turn"
    if facts.phase_state in KEEPS_SEATS and facts.phase_state != "paused":
        return Requirement("phase", title, Status.DONE, f"Phase {facts.phase_number} is open for this agency.")
    if facts.phase_state is None:
        text = "The agency is not in a phase yet."
    elif facts.phase_state == "paused":
        text = f"Phase {facts.phase_number} is paused. Seats already given stay."
    elif facts.phase_state == "rolled_back":
        text = f"Phase {facts.phase_number} was rolled back."
    else:
        text = f"Phase {facts.phase_number}, which the agency is in, is not open yet."
    met = facts.phase_state == "paused" and facts.seat_state in {"granted", "suspended"}
    return Requirement("phase", title, Status.DONE if met else Status.WAITING, text, EOTSS)


def _turn_has_come(facts: Facts) -> bool:
    return facts.phase_state in KEEPS_SEATS


def _terms(facts: Facts) -> Requirement:
    if facts.terms_ok:
        return Requirement("terms", "Terms accepted", Status.DONE, "The terms in force are accepted.")
    return Requirement("terms", "Accept the terms", Status.NOW, "Read the terms in force and accept them.", YOU)


def _training(facts: Facts) -> Requirement:
    if not facts.training_required:
        text = "The phase does not ask for training before access."
        return Requirement("training", "Training", Status.DONE, text)
    if facts.training_ok:
        return Requirement("training", "Training completed", Status.DONE, "Every required course is valid.")
    courses = ", ".join(facts.missing_courses)
    return Requirement("training", "Complete the training", Status.NOW, f"Still to complete: {courses}.", YOU)


def _approval(facts: Facts) -> Requirement:
    state = facts.request_state
    if state == "approved":
        return Requirement("approval", "Seat request approved", Status.DONE, "The request was approved.")
    if state == "submitted":
        return Requirement(
            "approval", "Approval of your request", Status.WAITING, "The request waits for a decision.", CONTACT
        )
    if not _turn_has_come(facts) or facts.phase_state == "paused":
        return Requirement(
            "approval", "Ask for a seat", Status.BLOCKED, "Asking is possible once the agency's phase is open.", EOTSS
        )
    texts = {
        "declined": "The request was declined. Asking again is possible.",
        "expired": "The request expired without a decision. Asking again is one click.",
        "withdrawn": "The request was withdrawn. Asking again is possible.",
    }
    text = texts.get(state or "", "Nobody gets a seat unasked: ask for one.")
    return Requirement("approval", "Ask for a seat", Status.NOW, text, YOU)


def _capacity(facts: Facts) -> Requirement:
    if facts.seat_state is not None:
        return Requirement("capacity", "A seat is free", Status.DONE, "A seat is kept.")
    if facts.request_state != "approved":
        return Requirement(
            "capacity", "A seat is free", Status.BLOCKED, "A seat is kept once the request is approved.", EOTSS
        )
    text = "All seats of the agency are in use. The waiting list goes in order of approval."
    return Requirement("capacity", "A seat is free", Status.WAITING, text, EOTSS)


def _placement(facts: Facts) -> Requirement:
    if facts.workspace:
        text = f"The agency belongs to the workspace {facts.workspace}."
        return Requirement("placement", "Workspace", Status.DONE, text)
    text = "The agency has not been placed in a workspace."
    return Requirement("placement", "Workspace", Status.WAITING, text, EOTSS)


# ---- moves -------------------------------------------------------------------------------------------------


class Move(NamedTuple):
    """What a seat must do: `verb` is hold, grant, suspend, recause, restore, release or
    transfer; `reason` a code."""

    verb: str
    reason: str


def decide(facts: Facts, now: datetime) -> Move | None:
    """The move that the facts demand, or None where all is as it should be. Level-triggered: ask as often as you like."""
    if facts.seat_state is None:
        return _without_seat(facts)
    if facts.status == "separated":
        return Move("release", "separated")
    if facts.seat_state == "suspended" and _is_over(facts, now):
        return Move("release", "lapsed")
    if facts.seat_agency_id != facts.agency_id or facts.seat_phase_id != facts.phase_id:
        return _moved(facts)
    return {"held": _held, "granted": _granted, "suspended": _suspended}[facts.seat_state](facts)


def _is_over(facts: Facts, now: datetime) -> bool:
    """A suspended seat still costs; after 30 days it goes back, unless a stop or a legal hold keeps it."""
    if facts.is_stopped or facts.is_on_hold or facts.seat_reason == "stopped":
        return False
    return facts.seat_since is not None and now - facts.seat_since > timedelta(days=SUSPENDED_DAYS)


def _without_seat(facts: Facts) -> Move | None:
    wants = facts.request_state == "approved" and facts.status == "active"
    return Move("hold", "approved") if wants and facts.phase_state in GIVES_SEATS else None


def _moved(facts: Facts) -> Move | None:
    """The seat belongs to another agency or phase than its holder: it follows, or waits."""
    if facts.phase_state in GIVES_SEATS:
        return Move("transfer", facts.seat_reason or "")
    if facts.seat_state == "held":
        return Move("release", "agency_left")
    return Move("suspend", "moved") if facts.seat_state == "granted" else None


def _held(facts: Facts) -> Move | None:
    if facts.phase_state == "rolled_back":
        return Move("release", "agency_left")
    ready = (
        not facts.is_stopped
        and facts.status == "active"
        and facts.request_state == "approved"
        and facts.phase_state in GIVES_SEATS
        and facts.terms_ok
        and facts.training_ok
        and facts.workspace
    )
    return Move("grant", "met") if ready else None


def _granted(facts: Facts) -> Move | None:
    cause = _cause(facts)
    return Move("suspend", cause) if cause else None


def _suspended(facts: Facts) -> Move | None:
    cause = _cause(facts)
    # Also while the phase pauses: this seat is an existing one.
    if facts.seat_reason in SELF_ENDING and not cause:
        return Move("restore", "met")
    # The stop is over and something else is missing: that is the reason from now on, and its 30 days begin.
    return Move("recause", cause) if facts.seat_reason == "stopped" != cause else None


def _cause(facts: Facts) -> str:
    """Why a live seat must be suspended; empty where it may stay."""
    if facts.is_stopped:
        return "stopped"
    if facts.phase_state not in KEEPS_SEATS:
        return "rolled_back" if facts.phase_state == "rolled_back" else "moved"
    if not facts.terms_ok:
        return "terms"
    return "" if facts.training_ok else "training"
