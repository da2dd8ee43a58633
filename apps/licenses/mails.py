"""What seats and requests tell people by mail: one message per thing, to the person it concerns.

`seats_changed` is called with every move of seats (settings.SEATS_CHANGED); `requests_decided` by the decision;
`sweep` once a morning, for what the calendar alone brings near. Keys name the record and the moment of its change, so
that whatever is repeated, nobody gets a message twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Min
from django.utils import formats

from apps.accounts.actors import Actor
from apps.agencies.models import Agency, Employee
from apps.core import clock
from apps.licenses.eligibility import Facts, Status, decide, requirements
from apps.licenses.models import OptOut, ReviewItem, Seat, SeatRequest
from apps.licenses.selectors import facts_of
from apps.licenses.settle import SeatChange
from apps.mail.digest import Section, is_morning
from apps.mail.outbox import Letter, To, mail_queue, once_a_day
from apps.terms.models import BINDING, TermsVersion
from apps.terms.selectors import last_day_of_grace
from apps.training.models import Completion

HOME = "/"
LAPSE_DAYS, REMIND_DAYS = 30, 3
# Why, what to do, and where: for each reason of a suspension.
_PAUSED = {
    "terms": ("The terms in force are not accepted.", "Accept them, and your access comes back at once.", "/terms/"),
    "training": (
        "A required course has lapsed.", "Complete it again. Your access comes back once it is on record.", "/training/",
    ),
    "incident": ("An incident is being looked into.", "The privacy office will get in touch with you.", HOME),
    "review": ("Your access is under review.", "Ask your agency's contact if you have a question.", HOME),
    "moved": ("You moved to an agency where no seat is free or none is given yet.", "You need not do anything.", HOME),
    "rolled_back": ("Your agency's phase was stopped.", "You need not do anything.", HOME),
    "stopped": (
        "EOTSS stopped access for now.", "You need not do anything. It comes back when the stop is lifted.", HOME,
    ),
}  # fmt: skip
# The others are known to the person (handed back), or the person is gone (separated).
_ENDED = {
    "reclaimed": "The seat was not used for a long time, and others wait for one. Within 30 days you can have it back, "
    "without a new approval.",
    "revoked": "EOTSS or the privacy office ended it. Ask your agency's contact if you want to know more.",
    "lapsed": "It was paused for 30 days.",
    "agency_left": "Your agency is not part of the roll-out now.",
}


# ---- seats ---------------------------------------------------------------------------------------------------


def seats_changed(actor: Actor, changes: Sequence[SeatChange]) -> None:  # noqa: ARG001 - as every hook of its kind
    """Tell holders what became of their seats, in the transaction that moved them (settings.SEATS_CHANGED)."""
    by_verb: dict[str, list[SeatChange]] = defaultdict(list)
    for change in changes:
        by_verb[change.verb].append(change)
    if told := by_verb.get("hold"):
        # Whose seat is granted in the same breath hears of that alone.
        left = _steps_left([change.employee_id for change in told])
        _queue("licenses_seat_held", [change for change in told if change.employee_id in left], left)
    if told := by_verb.get("grant"):
        _queue("licenses_seat_granted", told)
    if told := by_verb.get("restore"):
        _queue("licenses_seat_restored", told)
    paused_now = [*by_verb.get("suspend", []), *by_verb.get("recause", [])]
    if told := [change for change in paused_now if change.reason in _PAUSED]:
        paused = {c.employee_id: dict(zip(("why_paused", "todo"), _PAUSED[c.reason], strict=False)) for c in told}
        _queue("licenses_seat_suspended", told, paused, {c.employee_id: _PAUSED[c.reason][2] for c in told})
    if told := [change for change in by_verb.get("release", []) if change.reason in _ENDED]:
        _queue("licenses_seat_released", told, {c.employee_id: {"why_ended": _ENDED[c.reason]} for c in told})


def _queue(
    kind: str,
    changes: Sequence[SeatChange],
    contexts: Mapping[int, Mapping[str, Any]] | None = None,
    paths: Mapping[int, str] | None = None,
) -> int:
    since = dict(Seat.objects.filter(pk__in=[c.seat_id for c in changes]).values_list("pk", "changed_at"))
    people = addresses_of(change.employee_id for change in changes)
    return mail_queue(
        kind,
        [
            Letter(
                people[change.employee_id],
                key=f"{change.seat_id}:{_moment(since[change.seat_id])}",
                path=(paths or {}).get(change.employee_id, HOME),
                about=("licenses.Seat", str(change.seat_id)),
                topic=topic_of(change.employee_id),
                context=(contexts or {}).get(change.employee_id, {}),
            )
            for change in changes
            if change.employee_id in people
        ],
    )


def topic_of(employee_id: int) -> str:
    """News about a person's access: the newest is what counts."""
    return f"access:{employee_id}"


def addresses_of(employee_ids: Iterable[int]) -> dict[int, To]:
    """Where mail to employed people goes, by employee."""
    people = Employee.objects.filter(pk__in=list(employee_ids)).exclude(status=Employee.Status.SEPARATED)
    return {pk: To(email, user, pk) for pk, email, user in people.values_list("pk", "email", "user_id")}


def opted_out(employee_ids: Sequence[int]) -> set[int]:
    """Those who do not take part: nothing is sent to them (settings.MAIL_SUPPRESSORS)."""
    away = OptOut.objects.filter(ended_at=None, employee__in=employee_ids)
    return set(away.values_list("employee_id", flat=True))


def _moment(at: datetime) -> str:
    return f"{at.timestamp():.6f}"


def _steps_left(employee_ids: list[int]) -> dict[int, dict[str, str]]:
    """What people themselves still have to do, in words; those who have met everything are left out."""
    now = clock.now()
    return {
        facts.employee_id: {"steps": _own_steps(facts)}
        for facts in facts_of(employee_ids)
        if decide(facts, now) is None
    }


def _own_steps(facts: Facts) -> str:
    titles = [one.title for one in requirements(facts) if one.status is Status.NOW]
    return ", ".join(title[0].lower() + title[1:] for title in titles)


# ---- requests ------------------------------------------------------------------------------------------------


def requests_decided(requests: Sequence[SeatRequest]) -> None:
    """Tell who was declined, and who was approved and waits for a seat. Who got one hears of it by the seat."""
    declined = [request for request in requests if request.state == SeatRequest.State.DECLINED]
    approved = [request for request in requests if request.state == SeatRequest.State.APPROVED]
    served = Seat.objects.filter(request__in=approved).values_list("request_id", flat=True)
    waiting = [request for request in approved if request.pk not in set(served)]
    _queue_decisions("licenses_request_declined", declined)
    _queue_decisions("licenses_request_waiting", waiting)


def _queue_decisions(kind: str, requests: Sequence[SeatRequest]) -> None:
    people = addresses_of(request.employee_id for request in requests)
    letters = [
        Letter(
            people[request.employee_id],
            key=str(request.pk),
            path=f"/requests/{request.pk}/",
            about=("licenses.SeatRequest", str(request.pk)),
            topic=topic_of(request.employee_id),
            context={"reason": request.decision_reason} if kind == "licenses_request_declined" else {},
        )
        for request in requests
        if request.employee_id in people
    ]
    mail_queue(kind, letters)


def steps_remind(steps: Mapping[int, str]) -> int:
    """Tell people what is left to do, at most once in a week of the calendar. Returns how many mails are new."""
    people = addresses_of(steps)
    week = clock.today().strftime("%G-%V")
    return mail_queue(
        "licenses_steps_reminder",
        [
            Letter(
                to, key=f"{pk}:{week}", path=HOME, about=("agencies.Employee", str(pk)), topic=f"steps:{pk}",
                context={"steps": steps[pk]},
            )
            for pk, to in people.items()
        ],
    )  # fmt: skip


# ---- the calendar --------------------------------------------------------------------------------------------


def sweep() -> int:
    """Once a morning: terms whose grace runs, training that is about to lapse (settings.TICK). Returns how many."""
    if not is_morning(clock.now()):
        return 0
    with transaction.atomic():
        if not once_a_day("licenses_reminders", clock.today()):
            return 0
        return _terms(clock.today()) + _training(clock.today())


def _terms(today: date) -> int:
    """Holders who may work today, but not once the grace of the terms in force has ended."""
    queued = 0
    binding = TermsVersion.objects.filter(language=BINDING, state=TermsVersion.State.PUBLISHED)
    for version in binding.filter(requires_reacceptance=True):
        last = last_day_of_grace(version)
        if today > last:
            continue
        people = addresses_of(_holders_who_lose(today, last + timedelta(days=1), lambda facts: facts.terms_ok))
        kinds = ["licenses_terms_due"]
        if last - today <= timedelta(days=REMIND_DAYS):
            kinds.append("licenses_terms_reminder")
        # One message a day at most: who just heard that there are new terms is not reminded of them.
        for kind in kinds:
            letters = [
                Letter(
                    to, key=f"{version.pk}:{pk}", path="/terms/", about=("terms.TermsVersion", str(version.pk)),
                    topic=f"terms:{pk}", context={"until": formats.date_format(last, "F j, Y")},
                )
                for pk, to in people.items()
            ]  # fmt: skip
            added = mail_queue(kind, letters)
            queued += added
            if added == len(letters):
                break
    return queued


def _training(today: date) -> int:
    """Holders whose required training is valid today and not in 30 days; again only after a new completion."""
    soon = today + timedelta(days=LAPSE_DAYS)
    lacking = {facts.employee_id: facts.missing_courses for facts in facts_of(as_of=soon) if not facts.training_ok}
    losing = [pk for pk in _holders_who_lose(today, soon, lambda facts: facts.training_ok) if pk in lacking]
    people = addresses_of(losing)
    last = dict(Completion.objects.filter(employee__in=losing).values_list("employee").annotate(Max("pk")))
    return mail_queue(
        "licenses_training_due",
        [
            Letter(
                to, key=f"{pk}:{last.get(pk, 0)}:{','.join(sorted(lacking[pk]))}"[:150], path="/training/",
                about=("agencies.Employee", str(pk)), topic=f"training:{pk}",
                context={"courses": ", ".join(lacking[pk])},
            )
            for pk, to in people.items()
        ],
    )  # fmt: skip


def _holders_who_lose(today: date, then: date, is_met: Any) -> list[int]:
    """Employees with a live seat who meet a requirement today and would not meet it on a later day."""
    lost = {facts.employee_id for facts in facts_of(as_of=then) if not is_met(facts)}
    return [
        facts.employee_id
        for facts in facts_of(as_of=today)
        if facts.seat_state == "granted" and is_met(facts) and facts.employee_id in lost
    ]


# ---- the digest ----------------------------------------------------------------------------------------------


def digest_sections(agency_ids: frozenset[int], now: datetime) -> list[Section]:
    """Requests that wait in these agencies, with their ages (settings.DIGEST_SECTIONS). No names: mail is read aloud."""
    waiting = SeatRequest.objects.filter(state=SeatRequest.State.SUBMITTED, employee__agency__in=agency_ids)
    counts = waiting.values(agency=F("employee__agency")).annotate(count=Count("pk"), oldest=Min("submitted_at"))
    found = {row["agency"]: row for row in counts}
    names = Agency.objects.filter(pk__in=found).order_by("name")
    lines = [_line(agency.name, found[agency.pk]["count"], now - found[agency.pk]["oldest"]) for agency in names]
    count = sum(row["count"] for row in found.values())
    return [Section(f"Requests for a seat: {count:,}", lines, "/requests/?state=submitted", count)] if lines else []


def review_sections(agency_ids: frozenset[int], now: datetime) -> list[Section]:  # noqa: ARG001 - as every section
    """Holders about whom a contact has not answered yet (settings.DIGEST_SECTIONS)."""
    waiting = ReviewItem.objects.filter(review__state="open", decision="", agency__in=agency_ids)
    waiting = waiting.exclude(seat__state=Seat.State.RELEASED)
    found = list(
        waiting.values("review", "review__name", "review__due_on").annotate(count=Count("pk")).order_by("review")
    )
    lines = [
        f"{row['review__name']}: {row['count']:,} to confirm by {formats.date_format(row['review__due_on'], 'F j')}."
        for row in found
    ]
    count = sum(row["count"] for row in found)
    return [Section(f"Access review: {count:,}", lines, "/reviews/", count)] if lines else []


def _line(agency: str, count: int, age: timedelta) -> str:
    days = max(age.days, 0)
    waits = "since today" if not days else "for a day" if days == 1 else f"for {days} days"
    if count == 1:
        return f"{agency}: one request waits, {waits}."
    return f"{agency}: {count:,} requests wait, the oldest {waits}."
