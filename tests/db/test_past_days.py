"""A past day comes out as it was, whatever happened since: random histories against what was true at the time."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Agency, Employee
from apps.audit.models import Fact
from apps.core import clock
from apps.core.errors import BeaconError
from apps.licenses import services as licenses
from apps.licenses.models import Seat, SeatRequest
from apps.licenses.selectors import facts_of
from apps.licenses.settle import seats_settle
from apps.reports.past import LACKING, standing_on
from apps.reports.scopes import landscape_on
from apps.rollout import services as rollout
from apps.rollout.models import Phase
from apps.terms import services as terms
from apps.terms.models import TermsVersion
from apps.training import services as training
from apps.training.models import Course, Waiver
from apps.vendors.models import SeatUse
from tests.factories.cast import World, import_rows, row

pytestmark = pytest.mark.django_db
DAYS = 9
CAST = ("A001", "A002", "A004", "A005", "A006", "B001", "B002")
Counts = dict[int, dict[str, int]]


class Life:
    """A state in which anything may happen on any day; what the services refuse does not happen."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        with clock.shifted(timedelta(days=-DAYS - 1)):
            self.world = World.build(more=6)
            rollout.phase_agency_add(actor=self.world.erin, phase=self.world.phase, agency=self.world.b, allocation=3)
            self.world.with_vendor("http://127.0.0.1:9/v1")
            self.other = training.course_create(
                actor=self.world.erin, code="AI-102", title="The longer one", valid_days=2
            )
            for person in self.world.staff(3):
                self.all_the_way(person)
        self.rows = {one[0]: one for one in self.world.rows}

    def somebody(self) -> Employee:
        people = Employee.objects.exclude(status="separated").exclude(employee_id__in=CAST)
        return self.dice.choice(list(people.order_by("pk")))

    def day(self) -> None:
        for _ in range(self.dice.randint(2, 7)):
            act = self.dice.choice(self.acts())
            try:
                with transaction.atomic():
                    act()
            except BeaconError:
                continue
        seats_settle(actor=SYSTEM)

    def acts(self) -> list[Callable[[], object]]:
        world, someone = self.world, self.somebody()
        as_them = world.as_employee(someone)
        common: list[Callable[[], object]] = [
            partial(self.all_the_way, someone), partial(self.all_the_way, self.somebody()), partial(world.accept, someone),
            partial(world.train, someone), partial(world.ask, someone), self.decide, self.use,
            partial(licenses.seat_hand_back, actor=as_them), partial(licenses.participation_decline, actor=as_them),
        ]  # fmt: skip
        rare: list[Callable[[], object]] = [
            self.publish, self.change_course, partial(self.train_otherwise, someone), self.waive, self.end_waiver, self.phase_turns, self.rename,
            partial(self.hr, someone, "AAA"), partial(self.hr, someone, "BBB"), partial(self.leaves, someone), self.suspend,
        ]  # fmt: skip
        return common * 2 + rare

    def all_the_way(self, someone: Employee) -> None:
        newest = TermsVersion.objects.filter(state="published").get()
        terms.terms_accept(actor=self.world.as_employee(someone), version=newest, sha256=newest.sha256)
        self.world.train(someone)
        self.world.ask(someone)
        self.decide()

    def decide(self) -> None:
        for request in SeatRequest.objects.filter(state="submitted"):
            actor = self.world.alice if request.employee.agency == self.world.a else self.world.charlie
            if self.dice.random() < 0.8:
                licenses.request_approve(actor=actor, request=request)
            else:
                licenses.request_decline(actor=actor, request=request, reason="Not now")

    def use(self) -> None:
        for seat in Seat.objects.filter(state="granted"):
            today = clock.today()
            SeatUse.objects.get_or_create(
                employee=seat.employee,
                workspace=self.world.workspace,
                defaults={"first_use_on": today, "last_use_on": today},
            )

    def publish(self) -> None:
        draft = terms.terms_draft(
            actor=self.world.paula,
            title="Terms",
            body=f"State business only, {self.dice.random()}",
            grace_days=self.dice.choice([0, 1, 14]),
        )
        self.world.version = terms.terms_publish(actor=self.world.paula, version=draft, reason="Again")

    def change_course(self) -> None:
        course = Course.objects.get(code="AI-101")
        training.course_revise(
            actor=self.world.erin, course=course, title=course.title, provider="", url="",
            valid_days=self.dice.choice([1, 3, 365, None]), is_active=True,
            equivalents=Course.objects.filter(code="AI-102")[: self.dice.randint(0, 1)],
        )  # fmt: skip

    def train_otherwise(self, someone: Employee) -> None:
        ago = timedelta(days=self.dice.randint(0, 3))
        training.completion_record(
            actor=self.world.erin, employee=someone, course=self.other, completed_on=clock.today() - ago
        )

    def waive(self) -> None:
        training.training_waive(
            actor=self.world.erin, employee=self.somebody(), course=self.world.course, reason="Knows it",
            until_on=clock.today() + timedelta(days=self.dice.choice([0, 2, 90])),
        )  # fmt: skip

    def end_waiver(self) -> None:
        for waiver in Waiver.objects.filter(until_on__gte=clock.today())[:1]:
            training.training_waiver_end(actor=self.world.erin, waiver=waiver, reason="Enough")

    def phase_turns(self) -> None:
        phase = Phase.objects.get()
        verb = rollout.phase_resume if phase.state == "paused" else rollout.phase_pause
        verb(actor=self.world.erin, phase=phase, reason="Turn")

    def rename(self) -> None:
        Agency.objects.filter(pk=self.world.b.pk).update(name=f"Bureau {self.dice.randint(1, 9)}")

    def hr(self, someone: Employee, agency: str) -> None:
        code = someone.employee_id
        self.rows[code] = row(code, someone.first_name, someone.last_name, agency)
        import_rows(list(self.rows.values()))

    def leaves(self, someone: Employee) -> None:
        code = someone.employee_id
        self.rows[code] = row(code, someone.first_name, someone.last_name, someone.agency.code, status="separated")
        import_rows(list(self.rows.values()))

    def suspend(self) -> None:
        seat = Seat.objects.filter(state="granted").first()
        if seat:
            licenses.seat_suspend(actor=self.world.erin, seat=seat, code="incident", reason="Looked into")


def as_it_is(today: date) -> Counts:
    """The plain answer: person by person, from the records as they now are."""
    counts: Counts = defaultdict(lambda: defaultdict(int))
    facts = {one.employee_id: one for one in facts_of(list(Employee.objects.values_list("pk", flat=True)), as_of=today)}
    used = set(SeatUse.objects.filter(first_use_on__lte=today).values_list("employee_id", flat=True))
    requests = dict(SeatRequest.objects.filter(is_current=True).values_list("employee_id", "state"))
    for person in Employee.objects.exclude(status="separated"):
        fact, mine = facts[person.pk], counts[person.agency_id]
        is_open = fact.phase_state in {"open", "paused", "closed"}
        asked, granted = requests.get(person.pk), fact.seat_state == "granted"
        untrained = fact.training_required and bool(fact.missing_courses)
        for name, is_so in {
            "people": True, "eligible": is_open,
            "asked": fact.seat_state or asked in {"submitted", "approved", "declined", "expired"},
            "approved": fact.seat_state or asked == "approved", "enabled": granted,
            "activated": granted and person.pk in used, "no_terms": granted and not fact.terms_ok,
            "no_training": granted and untrained, "no_phase": granted and not is_open,
            "suspended": fact.seat_state == "suspended",
            f"suspended_{fact.seat_reason}": fact.seat_state == "suspended",
        }.items():  # fmt: skip
            mine[name] += bool(is_so)
    return counts


def without_nothing(counts: Counts) -> Counts:
    return {pk: {name: n for name, n in mine.items() if n} for pk, mine in counts.items() if any(mine.values())}


@pytest.mark.parametrize("seed", range(4))
def test_any_past_day_comes_out_as_it_was(seed: int) -> None:
    life = Life(seed)
    then: dict[date, tuple[Counts, list[str]]] = {}
    for ago in range(DAYS, 0, -1):
        with clock.shifted(timedelta(days=-ago)):
            life.day()
            names = list(Agency.objects.order_by("name").values_list("name", flat=True))
            then[clock.today()] = (without_nothing(as_it_is(clock.today())), names)
    assert any("enabled" in mine for counts, _ in then.values() for mine in counts.values())
    for day in life.dice.sample(list(then), len(then)):
        counts, names = then[day]
        assert without_nothing(standing_on(day).counts) == counts, day
        assert [place.name for place in landscape_on(day).places.values()] == names
    # The present moves on and changes nothing.
    life.day()
    for day, (counts, _) in then.items():
        assert without_nothing(standing_on(day).counts) == counts, day


def test_history_cannot_be_changed_or_removed(world: World) -> None:
    fact = Fact.objects.filter(source="agencies_employee").first()
    assert fact is not None
    for statement in (
        "UPDATE audit_fact SET facts = '{}' WHERE id = %s", "UPDATE audit_fact SET since = now() WHERE id = %s",
        "DELETE FROM audit_fact WHERE id = %s", "TRUNCATE audit_fact",
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [fact.pk] if "%s" in statement else None)


def test_history_names_nobody(world: World) -> None:
    world.holder(world.employee("A003"))
    kept = " ".join(map(str, Fact.objects.values_list("facts", flat=True)))
    for word in ("Bob", "bob.", "Employee.", "@"):
        assert word not in kept


def test_what_lacks_is_counted_where_the_rules_were_broken_by_hand(world: World) -> None:
    """Services never leave a live seat without its requirements; whoever writes past them is found."""
    world.holder(world.employee("A003"))
    Course.objects.update(valid_days=1)
    Phase.objects.update(training_before_access=True)
    TermsVersion.objects.filter(pk=world.version.pk).update(state="superseded")
    with clock.shifted(timedelta(days=2)):
        Phase.objects.update(state="rolled_back")
        day = clock.today()
    with clock.shifted(timedelta(days=5)):
        # What the learning system tells afterwards of that day was not known on it.
        world.train(world.employee("A003"), on=day)
        counts = standing_on(day).counts[world.a.pk]
        assert [counts[name] for name in LACKING] == [0, 1, 1]
