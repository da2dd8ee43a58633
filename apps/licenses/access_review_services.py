"""Every write of access reviews: opened with a picture of who holds what, answered by contacts, closed without a mass removal.

Silence never takes a seat: at the end members stay as they are and EOTSS hears of it. A privileged role about which nobody
answered ends, but never the last administrator's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Actor, Role
from apps.accounts.errors import LastAdministrator
from apps.accounts.selectors import roles_in_force
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted, given
from apps.licenses.eligibility import Move
from apps.licenses.lifecycle import REVIEW
from apps.licenses.models import AccessReview, ReviewItem, Seat
from apps.licenses.selectors import why_not_answer
from apps.licenses.settle import people_lock, refill, seats_move

HINT_DAYS = 30
PURPOSE = "A hint for an access review: no use in 30 days"
Kind, Decision = AccessReview.Kind, ReviewItem.Decision


def review_open(*, actor: Actor, name: str, kind: str, due_on: date, agency: Agency | None = None) -> AccessReview:
    """Begin a review of the holders of an agency (or all), or of all privileged roles, as of now."""
    actor.require(Role.ADMINISTRATOR)
    if due_on <= clock.today():
        raise Invalid("The review needs some days.", how_to_fix="Choose a later day; 21 days are usual.")
    if kind not in Kind.values:
        raise Invalid("A review is about members or about roles.")
    if not name.strip():
        raise Invalid("The review needs a name.", how_to_fix="For example: Spring 2027.")
    with transaction.atomic(), translated():
        review = AccessReview.objects.create(
            name=name.strip(), kind=kind, agency=agency if kind == Kind.MEMBERS else None, opened_by=actor.name,
            opened_at=clock.now(), due_on=due_on,
        )  # fmt: skip
        items = list(_members(actor, review) if kind == Kind.MEMBERS else _roles(review))
        if not items:
            raise Invalid("There is nobody to review.", how_to_fix="Choose another agency, or wait for holders.")
        ReviewItem.objects.bulk_create(items, batch_size=2000)
        audit.record(
            actor, "licenses.review.opened", review,
            after={"kind": kind, "items": len(items), "due": due_on, "agency": agency.code if agency else ""},
        )  # fmt: skip
    return review


def _members(actor: Actor, review: AccessReview) -> Iterable[ReviewItem]:
    seats = Seat.objects.filter(state__in=["granted", "suspended"]).order_by("pk")
    if review.agency:
        seats = seats.filter(agency=review.agency)
    held = list(seats.values_list("pk", "employee_id", "agency_id"))
    used: dict[int, Any] = {}
    for found in hooks.call("LAST_ACTIVE", actor=actor, employee_ids=[row[1] for row in held], purpose=PURPOSE):
        used |= found
    for seat, employee, agency in held:
        yield ReviewItem(
            review=review, seat_id=seat, employee_id=employee, agency_id=agency, looks_unused=_hint(used.get(employee))
        )


def _hint(use: Any) -> bool | None:
    if use is None or use.known_until is None:
        return None
    return use.last_use_on is None or use.last_use_on < use.known_until - timedelta(days=HINT_DAYS)


def _roles(review: AccessReview) -> Iterable[ReviewItem]:
    for held in roles_in_force().select_related("user"):
        yield ReviewItem(review=review, assignment=held)


# ---- answers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """How many were answered, and why others were not, each reason with its count."""

    done: int
    refused: dict[str, int]


def items_answer(
    *, actor: Actor, review: AccessReview, item_ids: Iterable[int], decision: str, note: str = ""
) -> Answered:
    """Confirm or release holders. Contacts release at most max(3, 10%) of an agency's holders in one review.

    Releasing needs a note, which goes into the audit trail. Raises `NotPermitted` beyond that share: EOTSS does it.
    """
    if decision not in {Decision.CONFIRMED, Decision.RELEASED}:
        raise Invalid("Choose to confirm or to release.")
    note = given(note) if decision == Decision.RELEASED else note.strip()
    with transaction.atomic():
        review = AccessReview.objects.select_for_update().get(pk=review.pk)
        items = list(
            ReviewItem.objects.filter(review=review, pk__in=list(item_ids))
            .select_related("review", "assignment__user", "seat")
            .order_by("pk")
        )
        reasons = {item.pk: why_not_answer(actor, item) for item in items}
        ready = [item for item in items if reasons[item.pk] is None]
        if decision == Decision.RELEASED:
            _within_share(actor, review, ready)
        for item in ready:
            item.decision, item.decided_by, item.decided_at, item.note = decision, actor.name, clock.now(), note[:500]
        ReviewItem.objects.bulk_update(ready, ["decision", "decided_by", "decided_at", "note"], batch_size=500)
        if decision == Decision.RELEASED:
            _take(actor, ready, f"Access review: {note}")
        audit.record(
            actor, f"licenses.review.{decision}", review, reason=note,
            after={"people": len(ready), "items": [item.pk for item in ready[:100]]},
        )  # fmt: skip
    refused = Counter(str(reason) for reason in reasons.values() if reason)
    return Answered(len(ready), dict(refused))


def _within_share(actor: Actor, review: AccessReview, ready: list[ReviewItem]) -> None:
    if Role.ADMINISTRATOR in actor.roles:
        return
    for agency, more in Counter(item.agency_id for item in ready).items():
        all_items = ReviewItem.objects.filter(review=review, agency=agency)
        before = all_items.filter(decision=Decision.RELEASED).count()
        most = max(3, all_items.count() // 10)
        if before + more > most:
            raise NotPermitted(
                f"These would be {before + more:,} of {all_items.count():,} holders; contacts release up to {most:,}.",
                how_to_fix="Release fewer, or ask EOTSS to release the others.",
            )


def _take(actor: Actor, items: list[ReviewItem], note: str) -> None:
    seats = [item.seat for item in items if item.seat is not None and item.seat.state != Seat.State.RELEASED]
    if seats:
        people_lock(sorted(seat.employee_id for seat in seats))
        seats = list(Seat.objects.filter(pk__in=[seat.pk for seat in seats]).exclude(state=Seat.State.RELEASED))
        seats_move(actor, Move("release", "revoked"), [seat.pk for seat in seats], note=note)
        refill(actor, seats)
    for item in items:
        if item.assignment is not None and item.assignment.ended_at is None:
            accounts.role_end(actor=actor, assignment=item.assignment, reason=note)


# ---- the end -----------------------------------------------------------------------------------------------


def review_close(*, actor: Actor, review: AccessReview) -> AccessReview:
    """End a review: by Beacon after its last day, by EOTSS before. Silence keeps members and ends privileged roles."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    with transaction.atomic():
        review = AccessReview.objects.select_for_update().get(pk=review.pk)
        REVIEW.check(review.state, AccessReview.State.CLOSED)
        silent = list(review.items.filter(decision=Decision.WAITING).select_related("assignment"))
        ended = _end_silent_roles(silent)
        review.state, review.closed_by, review.closed_at = AccessReview.State.CLOSED, actor.name, clock.now()
        review.save(update_fields=["state", "closed_by", "closed_at"])
        audit.record(
            actor, "licenses.review.closed", review,
            after={"without_answer": len(silent), "roles_ended": ended, "seats_taken": 0},
        )  # fmt: skip
    return review


def _end_silent_roles(silent: list[ReviewItem]) -> int:
    """Ends by Beacon, so that nobody ends their own; the last administrator's role stays."""
    ended = 0
    for item in silent:
        if item.assignment is None or item.assignment.ended_at is not None:
            continue
        try:
            with transaction.atomic():
                accounts.role_end(actor=SYSTEM, assignment=item.assignment, reason="Nobody confirmed it in the review")
            ended += 1
        except LastAdministrator:
            continue
    return ended
