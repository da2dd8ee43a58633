"""The learning system's files: columns matched once, planned before they are applied, every row with its outcome."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from apps.core import clock
from apps.core.errors import IllegalTransition, Invalid
from apps.licenses.models import Seat
from apps.licenses.selectors import facts_for
from apps.training import import_services as imports
from apps.training import services as training
from apps.training.models import Completion, CompletionImport
from tests.factories.cast import World

pytestmark = pytest.mark.django_db
HEADER = b"employee_id,course,completed_on\n"


@pytest.fixture
def world(db: None) -> World:
    return World.build(more=3)


def book(*rows: list[object]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_a_plan_records_nothing_and_applying_opens_seats_at_once(world: World) -> None:
    bob = world.employee("A003")
    world.accept(bob)
    world.approve(world.ask(bob))
    content = HEADER + b"A003,AI-101,2026-01-05\nA100,AI-101,2026-01-06\nX999,AI-101,2026-01-06\n"
    run = imports.completions_receive(actor=world.erin, file_name="lms.csv", content=content)
    assert (run.state, run.rows, run.added, run.unchanged, len(run.rejected)) == ("planned", 3, 2, 0, 1)
    assert not Completion.objects.exists()
    with clock.shifted(timedelta(days=0)):
        imports.completions_apply(actor=world.erin, run=run)
    assert Completion.objects.count() == 2
    assert Seat.objects.get(employee=bob).state == "granted"
    with pytest.raises(IllegalTransition):
        imports.completions_apply(actor=world.erin, run=run)


def test_the_same_file_twice_adds_nothing_and_says_so_beforehand(world: World) -> None:
    content = HEADER + b"A003,AI-101,2026-01-05\n"
    imports.completions_import(actor=world.erin, file_name="lms.csv", content=content)
    again = imports.completions_receive(actor=world.erin, file_name="lms.csv", content=content)
    assert (again.added, again.unchanged) == (0, 1)
    assert imports.completions_discard(actor=world.erin, run=again).state == "discarded"


def test_columns_of_another_system_are_matched_once_and_then_known(world: World) -> None:
    first = b"Person Number;Module;Done On;Result\nA003;AI-101;01/05/2026;92%\n"
    run = imports.completions_receive(actor=world.erin, file_name="other.csv", content=first)
    assert run.state == "received"
    with pytest.raises(Invalid, match="completed_on"):
        imports.completions_match(
            actor=world.erin, run=run, columns={"employee_id": "Person Number", "course": "Module"}
        )
    columns = {"employee_id": "Person Number", "course": "Module", "completed_on": "Done On", "score": "Result"}
    run = imports.completions_match(actor=world.erin, run=run, columns=columns, save_as="Acorn")
    assert (run.state, run.added) == ("planned", 1)
    imports.completions_apply(actor=world.erin, run=run)
    assert str(Completion.objects.get().score) == "92.00"
    second = b"person number;module;done on;result\nA100;AI-101;01/06/2026;80\n"
    assert imports.completions_import(actor=world.erin, file_name="next.csv", content=second).added == 1


def test_an_excel_file_is_read_with_its_dates_and_numbers(world: World) -> None:
    content = book(
        ["employee_id", "course", "completed_on", "score"],
        ["A003", "AI-101", date(2026, 1, 5), 97],
        ["A100", "AI-101", "2026-02-31", None],
        ["A101", "AI-101", "=TODAY()", None],
    )
    run = imports.completions_receive(actor=world.erin, file_name="lms.xlsx", content=content)
    assert (run.rows, run.added, [bad["line"] for bad in run.rejected]) == (3, 1, [3, 4])


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (200 * 1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (lambda: b"", "empty"),
        (lambda: b"employee_id,course,completed_on,SSN\nA003,AI-101,2026-01-05,1\n", "personal"),
        (bomb, "unpacks"),
        (lambda: b"PK\x03\x04 broken", "not an Excel file"),
        (lambda: b"0" * (imports.MOST_BYTES + 1), "50 MB"),
    ],
)
def test_hostile_files_are_refused_whole_with_what_to_do(world: World, content: Callable[[], bytes], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        imports.completions_receive(actor=world.erin, file_name="x.xlsx", content=content())
    assert not CompletionImport.objects.exists()


def test_every_row_has_its_outcome_and_no_formula(world: World) -> None:
    content = HEADER + b"A003,AI-101,2026-01-05\n=cmd(),AI-101,2026-01-05\nA003,AI-101,2026-01-05\n"
    run = imports.completions_import(actor=world.erin, file_name="lms.csv", content=content)
    client = Client()
    client.force_login(world.users["erin"])
    response = client.post(reverse("training:import", args=[run.pk]) + "?format=csv", {"reason": "Request 7"})
    lines = response.content.decode().splitlines()
    assert [line.split(",")[1] for line in lines] == ["outcome", "new", "rejected", "known"]
    assert "'=cmd()" in lines[2]


def test_an_equivalent_course_counts_and_stops_counting(world: World) -> None:
    bob = world.employee("A003")
    other = training.course_create(actor=world.erin, code="OLD-1", title="The old course", valid_days=3650)
    training.completion_record(actor=world.erin, employee=bob, course=other, completed_on=clock.today())
    assert facts_for(bob.pk).missing_courses == ["AI-101"]
    plain = {"title": "Using the assistant", "provider": "", "url": "", "valid_days": 365, "is_active": True}
    training.course_revise(actor=world.erin, course=world.course, equivalents=[other], **plain)
    assert facts_for(bob.pk).missing_courses == []
    training.course_revise(actor=world.erin, course=world.course, equivalents=[], **plain)
    assert facts_for(bob.pk).missing_courses == ["AI-101"]
    with pytest.raises(Invalid, match="own equivalent"):
        training.course_revise(actor=world.erin, course=world.course, equivalents=[world.course], **plain)


def test_a_waiver_is_ended_before_its_day_and_days_that_passed_keep_it(world: World) -> None:
    bob = world.employee("A003")
    waiver = training.training_waive(
        actor=world.paula, employee=bob, course=world.course, reason="On leave", until_on=clock.today() + timedelta(9)
    )
    assert facts_for(bob.pk).missing_courses == []
    training.training_waiver_end(actor=world.paula, waiver=waiver, reason="Back from leave")
    assert facts_for(bob.pk).missing_courses == ["AI-101"]
    with pytest.raises(Invalid, match="ended already"):
        training.training_waiver_end(actor=world.paula, waiver=waiver, reason="Again")


def test_two_files_at_the_same_time_record_a_completion_once(world: World) -> None:
    content = HEADER + b"A003,AI-101,2026-01-05\n"
    runs = [imports.completions_receive(actor=world.erin, file_name="a.csv", content=content) for _ in range(2)]
    applied = [imports.completions_apply(actor=world.erin, run=run) for run in runs]
    assert [run.added for run in applied] == [1, 0]


def test_rows_come_by_call_as_well(world: World) -> None:
    rows = [
        {"employee_id": "A003", "course": "AI-101", "completed_on": "2026-01-05", "record_id": "r-1"},
        {"employee_id": "A003", "course": "NOPE", "completed_on": "2026-01-05", "record_id": "r-2"},
    ]
    run = imports.completions_post(actor=world.erin, rows=rows)
    assert (run.added, run.rejected[0]["line"]) == (1, 2)
