"""Every write of reclaim: the policy, the morning's look, "keep my seat", and a reclaimed seat that returns.

The job reads a person's last use only when their next step may be due, and each reading shows on that person's page.
What it learned is not kept: only that a question was asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import formats

from apps.accounts.actors import Actor, Role
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted, given
from apps.licenses.eligibility import Move
from apps.licenses.lifecycle import RECLAIM
from apps.licenses.mails import addresses_of
from apps.licenses.models import Contract, ReclaimPolicy, ReclaimRun, ReclaimWatch, Seat, SeatRequest
from apps.licenses.reclaim import IDLE, Holding, Limits, Verdict, judge
from apps.licenses.selectors import returnable, seats_shielded
from apps.licenses.settle import people_lock, refill, seats_move, seats_settle
from apps.mail.outbox import Letter, mail_queue

PURPOSE = "Whether a seat that may be unused is asked about"
FIELDS = ("never_first", "never_second", "never_release", "idle_first", "idle_second", "idle_release")
State, Mode = ReclaimRun.State, ReclaimPolicy.Mode


def reclaim_set(*, actor: Actor, contract: Contract, mode: str, reason: str, **days: int) -> ReclaimPolicy:
    """Say what happens to unused seats of a contract. A dry run must have been looked at before it is switched on."""
    actor.require(Role.ADMINISTRATOR)
    reason = given(reason)
    with transaction.atomic(), translated():
        policy, _ = ReclaimPolicy.objects.select_for_update().get_or_create(contract=contract)
        if mode == Mode.ON and policy.mode != Mode.ON and not _was_tried(contract):
            raise Invalid("Look at a dry run first.", how_to_fix="Choose the dry run; it counts with the next morning.")
        before = _facts(policy)
        policy.mode = mode
        for name in FIELDS:
            setattr(policy, name, days.get(name, getattr(policy, name)))
        policy.changed_by_key, policy.changed_by, policy.changed_at = actor.key, actor.name, clock.now()
        policy.save()
        # With a new rule everybody is looked at anew.
        ReclaimWatch.objects.filter(seat__contract=contract).update(look_on=clock.today())
        audit.record(actor, "licenses.reclaim.set", policy, before=before, after=_facts(policy), reason=reason)
    return policy


def _was_tried(contract: Contract) -> bool:
    return ReclaimRun.objects.filter(contract=contract, mode=Mode.DRY).exists()


def _facts(policy: ReclaimPolicy) -> dict[str, Any]:
    return {"mode": policy.mode} | {name: getattr(policy, name) for name in FIELDS}


def reclaim_look(*, actor: Actor, policy: ReclaimPolicy) -> ReclaimRun:
    """Look at the seats of a contract whose next step may be due; ask, release, or (dry run) only count.

    Released at once are at most max(25, 2%) of the contract's live seats; more waits for a second person.
    """
    if not actor.is_system:
        raise NotPermitted("Beacon does this by itself, once a morning.")
    today = clock.now().astimezone(UTC).date()
    with transaction.atomic():
        policy = ReclaimPolicy.objects.select_for_update().get(pk=policy.pk)
        verdicts = _judged(actor, policy, today)
        run = ReclaimRun(contract=policy.contract, at=clock.now(), mode=policy.mode, looked=len(verdicts))
        run.rule_by_key = policy.changed_by_key
        run.skipped = dict(Counter(v.why.value for _, v in verdicts if v.why))
        asked = [(seat, v) for seat, v in verdicts if v.verb == "ask"]
        gone = [seat for seat, v in verdicts if v.verb == "release"]
        run.asked, run.released = len(asked), len(gone)
        if policy.mode == Mode.ON:
            if len(gone) > _most_at_once(policy.contract):
                run.state, run.released, run.held_seats = State.HELD, 0, sorted(seat.pk for seat in gone)
            else:
                run.released = _release(actor, gone)
        run.save()
        if policy.mode == Mode.ON:
            _ask(asked, today)
        _remember(verdicts, today, is_dry=policy.mode == Mode.DRY)
        audit.record(
            actor, "licenses.reclaim.looked", run,
            after={"mode": run.mode, "looked": run.looked, "asked": run.asked, "released": run.released, "state": run.state},
        )  # fmt: skip
    return run


def _judged(actor: Actor, policy: ReclaimPolicy, today: date) -> list[tuple[Seat, Verdict]]:
    """The seats whose time to look has come, each with what happens to it."""
    # Days are the vendor's, in UTC; a bare `__date` would count in the state's zone and begin some hours early.
    young = datetime.combine(today - timedelta(days=policy.never_first - 1), time(), UTC)
    seats = (
        Seat.objects.filter(contract=policy.contract, state=Seat.State.GRANTED, granted_at__lt=young)
        .select_related("employee", "watch")
        .order_by("pk")
    )
    due = [seat for seat in seats if _watch(seat) is None or _watch(seat).look_on <= today]  # type: ignore[union-attr]  # looked at first
    if not due:
        return []
    ids = [seat.employee_id for seat in due]
    # The hook belongs to a higher app; its answer is None where nobody can tell.
    used: dict[int, Any] = {}
    for found in hooks.call("LAST_ACTIVE", actor=actor, employee_ids=ids, purpose=PURPOSE):
        used |= found
    shielded = seats_shielded(ids)
    never = Limits(policy.never_first, policy.never_second, policy.never_release)
    idle = Limits(policy.idle_first, policy.idle_second, policy.idle_release)
    return [(seat, judge(_holding(seat, used.get(seat.employee_id), shielded), never, idle, today)) for seat in due]


def _watch(seat: Seat) -> ReclaimWatch | None:
    return getattr(seat, "watch", None)


def _holding(seat: Seat, use: Any, shielded: set[int]) -> Holding:
    watch, employee = _watch(seat), seat.employee
    return Holding(
        granted_on=(seat.granted_at or seat.held_at).astimezone(UTC).date(),
        hired_on=employee.start_on, status=employee.status, is_seasonal=employee.is_seasonal,
        is_shielded=seat.employee_id in shielded,
        first_use_on=use.first_use_on if use else None, last_use_on=use.last_use_on if use else None,
        known_until=use.known_until if use else None, kept_on=watch.kept_on if watch else None,
        step=watch.step if watch else 0, told_on=watch.told_on if watch else None,
        told_since=watch.told_since if watch else None,
    )  # fmt: skip


def _most_at_once(contract: Contract) -> int:
    live = Seat.objects.filter(contract=contract, state=Seat.State.GRANTED).count()
    return max(25, live // 50)


def _release(actor: Actor, judged: Sequence[Seat]) -> int:
    """Release what is still unused under the locks: who said "keep", was suspended or came under a hold meanwhile stays."""
    people_lock(sorted(seat.employee_id for seat in judged))
    shielded = seats_shielded([seat.employee_id for seat in judged])
    seats = list(
        Seat.objects.filter(pk__in=[seat.pk for seat in judged], state=Seat.State.GRANTED)
        .exclude(watch__kept_on=clock.now().astimezone(UTC).date())
        .exclude(employee__in=shielded)
    )
    if not seats:
        return 0
    seats_move(actor, Move("release", "reclaimed"), [seat.pk for seat in seats])
    refill(actor, seats)
    return len(seats)


def _ask(asked: list[tuple[Seat, Verdict]], today: date) -> None:
    people = addresses_of(seat.employee_id for seat, _ in asked)
    letters = [
        Letter(
            people[seat.employee_id], key=f"{seat.pk}:{today}", path="/seat/keep/",
            about=("licenses.Seat", str(seat.pk)), topic=f"reclaim:{seat.pk}",
            context={
                "used": "for a while" if verdict.kind == IDLE else "yet",
                "until": formats.date_format(verdict.release_on or today, "F j, Y"),
            },
        )
        for seat, verdict in asked
        if seat.employee_id in people
    ]  # fmt: skip
    mail_queue("licenses_seat_unused", letters)


def _remember(verdicts: list[tuple[Seat, Verdict]], today: date, *, is_dry: bool) -> None:
    """When each is looked at again and, unless it was a dry run, which question was asked."""
    rows = []
    for seat, verdict in verdicts:
        if verdict.verb == "release" and not is_dry:
            continue
        watch = _watch(seat) or ReclaimWatch(seat=seat)
        watch.look_on = verdict.look_on
        if is_dry:
            watch.look_on = max(verdict.look_on, today + timedelta(days=7))
        elif verdict.verb == "ask":
            watch.step, watch.told_on, watch.told_since = verdict.step, today, verdict.since
            watch.release_on = verdict.release_on
        elif watch.told_since != verdict.since and verdict.verb == "leave":
            watch.step, watch.told_on, watch.told_since, watch.release_on = 0, None, None, None
        rows.append(watch)
    ReclaimWatch.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["seat"], batch_size=2000,
        update_fields=["look_on", "step", "told_on", "told_since", "release_on"],
    )  # fmt: skip


def reclaim_confirm(*, actor: Actor, run: ReclaimRun, number: int, reason: str) -> ReclaimRun:
    """A second person lets a held look release its seats, by typing how many. Whoever was used since stays."""
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    reason = given(reason)
    with transaction.atomic():
        run = ReclaimRun.objects.select_for_update().get(pk=run.pk)
        RECLAIM.check(run.state, State.RELEASED)
        policy = ReclaimPolicy.objects.select_for_update().filter(contract=run.contract).first()
        if policy is None or policy.mode != Mode.ON:
            raise Invalid("The rule is switched off.", how_to_fix="Discard the plan, or switch the rule on again.")
        if actor.key in {run.rule_by_key, policy.changed_by_key}:
            raise NotPermitted(
                "You set the rule that this follows from.", how_to_fix="Another administrator releases it."
            )
        if number != len(run.held_seats):
            raise Invalid("The number does not match.", how_to_fix="Type how many seats would go back.")
        today = clock.now().astimezone(UTC).date()
        still = [seat for seat, v in _judged(actor, policy, today) if v.verb == "release" and seat.pk in run.held_seats]
        run.state, run.released, run.settled_by = State.RELEASED, _release(actor, still), actor.name
        run.save()
        audit.record(
            actor, "licenses.reclaim.released", run, after={"planned": number, "released": run.released}, reason=reason
        )
    return run


def reclaim_discard(*, actor: Actor, run: ReclaimRun, reason: str) -> ReclaimRun:
    """Release none of a held look's seats; the next morning looks again."""
    actor.require(Role.ADMINISTRATOR)
    reason = given(reason)
    with transaction.atomic():
        run = ReclaimRun.objects.select_for_update().get(pk=run.pk)
        RECLAIM.check(run.state, State.DISCARDED)
        run.state, run.settled_by = State.DISCARDED, actor.name
        run.save()
        audit.record(actor, "licenses.reclaim.discarded", run, reason=reason)
    return run


def seat_keep(*, actor: Actor) -> Seat:
    """The acting employee keeps their seat: the clock begins anew today. No reason is asked."""
    with transaction.atomic():
        people_lock([actor.employee_id or 0])
        seat = Seat.objects.filter(employee=actor.employee_id or 0, state=Seat.State.GRANTED).first()
        if seat is None:
            raise Invalid("You hold no seat.", how_to_fix="Ask for one on your home page.")
        today = clock.now().astimezone(UTC).date()
        ReclaimWatch.objects.update_or_create(
            seat=seat,
            defaults={
                "kept_on": today, "look_on": today + timedelta(days=1), "step": 0, "told_on": None, "told_since": None,
                "release_on": None,
            },
        )  # fmt: skip
        audit.record(actor, "licenses.seat.kept", seat, role=Role.EMPLOYEE)
    return seat


def request_return(*, actor: Actor) -> SeatRequest:
    """A seat that was reclaimed in the last 30 days comes back without a new approval, as soon as one is free."""
    with transaction.atomic():
        people_lock([actor.employee_id or 0])
        request = returnable(actor.employee_id)
        if request is None:
            raise Invalid("There is no seat to bring back.", how_to_fix="Ask for a seat; your answers are kept.")
        with translated():
            request.is_current = True
            request.save(update_fields=["is_current"])
        audit.record(actor, "licenses.request.returned", request, role=Role.EMPLOYEE)
        seats_settle(actor=actor, employee_ids=[request.employee_id])
    return request
