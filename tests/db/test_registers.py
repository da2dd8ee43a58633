"""Registers as files: what goes out comes in again and changes nothing; the plan says what applying does, and does nothing."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.actors import SYSTEM, Actor, FreshSignInNeeded
from apps.accounts.models import RoleMapping, User
from apps.agencies.models import Agency, AgencyContact
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid, NotPermitted
from apps.core.spreadsheets import plain_cell, safe_cell
from apps.knowledge.models import Tool
from apps.licenses import protection_services as protection
from apps.licenses.models import Contract, LegalHold
from apps.registers import reading, services
from apps.registers.books import BY_SLUG, REGISTERS
from apps.registers.models import RegisterImport
from apps.registers.tasks import sweep, work_on_import
from apps.training import services as training
from apps.training.models import Course
from tests.factories import catalog, knowledge
from tests.factories.cast import World

HOSTILE = [
    "=1+1",
    "+1",
    "-x",
    "@SUM(A1)",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "'=quoted",
    "''@",
    'a\nb, "c"; d',
    "\tx",
    "_x0041_",
]


@pytest.fixture
def full(world: World) -> World:
    """Something in every register, with texts that spreadsheets and readers of files trip over."""
    for place, text in enumerate(HOSTILE):
        knowledge.tool(
            world,
            name=f"{text} {place}",
            aliases=[f"alias {place}"],
            domains=[f"t{place}.example"],
            answer=text,
            instead=text,
        )
        knowledge.draft(world, title=f"{text} {place}", body=f'{text}\r\n\r\n- one\n- two, "three"')
    knowledge.obligation(world, evidence="=HYPERLINK(1)")
    knowledge.announced(world, text="- first\n- second")
    knowledge.announced(world, agency=world.a, title="For A")
    protection.hold_place(actor=world.paula, employee=world.employee("A003"), matter="=Case 7", reason="Counsel")
    course = training.course_create(actor=world.erin, code="AI-201", title="-More")
    training.course_revise(
        actor=world.erin, course=course, title="-More", provider="", url="https://x.example", valid_days=None,
        is_active=False, equivalents=[world.course],
    )  # fmt: skip
    RoleMapping.objects.create(
        provider="state", claim="groups", value="=g", role="auditor", created_by="Erin", created_by_key="x",
        confirmed_at=clock.now(),
    )  # fmt: skip
    catalog.published(world)
    return world


def planned(actor: Actor, register: str, content: bytes | str, form: str = "csv") -> RegisterImport:
    content = content.encode() if isinstance(content, str) else content
    run = services.import_receive(actor=actor, register=register, file_name=f"x.{form}", content=content)
    return services.import_plan(actor=SYSTEM, run=run)


def applied(world: World, run: RegisterImport) -> RegisterImport:
    services.import_apply(actor=world.erin, run=run, number=run.changes, reason="Decided")
    assert work_on_import(run.pk) == "applied"
    return RegisterImport.objects.get(pk=run.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("form", reading.FORMATS)
@pytest.mark.parametrize("slug", [one.slug for one in REGISTERS if one.takes_files])
def test_what_goes_out_comes_in_again_and_changes_nothing(full: World, slug: str, form: str) -> None:
    content, rows = reading.written(BY_SLUG[slug], full.erin, form)
    assert rows
    run = planned(full.erin, slug, content, form)
    assert list(run.lines.exclude(planned="unchanged").values_list("line", "changes", "reason")) == []
    assert run.unchanged == rows


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("slug", list(BY_SLUG))
def test_no_cell_is_a_formula(full: World, slug: str, form: str) -> None:
    content, _ = reading.written(BY_SLUG[slug], full.erin, form)
    if form == "csv":
        cells = [cell for row in csv.reader(io.StringIO(content.decode())) for cell in row]
    else:
        from openpyxl import load_workbook

        page = load_workbook(io.BytesIO(content)).worksheets[0]
        found = [cell for row in page.iter_rows() for cell in row]
        assert {cell.data_type for cell in found} <= {"s", "n", "inlineStr"}
        cells = [str(cell.value or "") for cell in found]
    assert [cell for cell in cells if cell.startswith(tuple("=+-@\t\r＝＋－＠"))] == []


@given(st.text())
def test_a_cell_is_harmless_and_reads_back_as_it_was(text: str) -> None:
    out = safe_cell(text)
    assert not out.startswith(tuple("=+-@\t\r\n\x00＝＋－＠"))
    assert plain_cell(out) == text


@pytest.mark.django_db
def test_the_plan_says_what_applying_does_and_does_nothing(world: World) -> None:
    """A secretariat and its agency in one file; a change; a refused row that costs no other."""
    text = (
        "code,name,parent,planned_headcount,colour\nSEC,Secretariat,,0,red\nccc,Council,SEC,12,\nAAA,Apples,SEC,7,\n"
        "BBB,Bureau of Berries,NOPE,0,\nDDD,,,0,\nAAA,Again,,x,\n"
    )
    events = AuditEvent.objects.exclude(verb__startswith="registers.").count()
    run = planned(world.erin, "agencies", text)
    assert AuditEvent.objects.exclude(verb__startswith="registers.").count() == events
    assert not Agency.objects.filter(code="SEC").exists()
    plan = {row.line: (row.planned, row.changes) for row in run.lines.all()}
    assert [plan[line][0] for line in range(2, 8)] == ["added", "added", "changed", "refused", "refused", "refused"]
    assert plan[4][1] == {
        "name": ["Agency of Apples", "Apples"],
        "parent": ["", "SEC"],
        "planned_headcount": ["0", "7"],
    }
    assert run.ignored == ["colour"]
    assert "There is no agency “NOPE”" in run.lines.get(line=5).reason
    run = applied(world, run)
    assert {row.line: row.done for row in run.lines.all()} == {line: kind for line, (kind, _) in plan.items()}
    assert Agency.objects.get(code="CCC").parent.code == "SEC"  # type: ignore[union-attr]  # it has one
    revised = AuditEvent.objects.get(verb="agencies.agency.revised")
    assert revised.actor_name == world.erin.name
    assert "Decided" in revised.reason
    assert planned(world.erin, "agencies", text.split("BBB,", maxsplit=1)[0]).changes == 0


@pytest.mark.django_db
def test_an_import_goes_on_after_a_kill_and_does_no_row_twice(world: World) -> None:
    text = "code,title\n" + "".join(f"C-{n},Course {n}\n" for n in range(120))
    run = planned(world.erin, "courses", text)
    services.import_apply(actor=world.erin, run=run, number=120, reason="New")
    services.import_go_on(actor=SYSTEM, run=run)
    # The worker died here; the tick rings again.
    assert Course.objects.filter(code__startswith="C-").count() == services.BATCH
    assert sweep() == 1
    assert work_on_import(run.pk) == "applied"
    assert Course.objects.filter(code__startswith="C-").count() == 120
    assert AuditEvent.objects.filter(verb="training.course.created", after__code__startswith="C-").count() == 120
    services.import_go_on(actor=SYSTEM, run=run)
    assert AuditEvent.objects.filter(verb="registers.import.applied").count() == 1


@pytest.mark.django_db
def test_a_row_whose_record_moved_on_is_refused(world: World) -> None:
    tool = knowledge.tool(world, name="Gadget", aliases=[], domains=[])
    run = planned(world.erin, "tools", "name,answer\nGadget,New answer\n")
    Tool.objects.filter(pk=tool.pk).update(answer="Changed meanwhile")
    run = applied(world, run)
    assert run.lines.get().done == "refused"
    assert "moved on" in run.lines.get().reason
    assert Tool.objects.get(pk=tool.pk).answer == "Changed meanwhile"


@pytest.mark.django_db
def test_entries_end_and_contracts_are_amended_by_file(world: World) -> None:
    protection.hold_place(actor=world.paula, employee=world.employee("A003"), matter="Case 7", reason="Counsel")
    assert (
        applied(world, planned(world.erin, "legal-holds", "employee_id,matter,state\na003,Case 7,ended\n")).changed == 1
    )
    assert LegalHold.objects.get().ended_at
    assert applied(world, planned(world.erin, "contacts", "employee_id,agency,state\nA002,AAA,ended\n")).changed == 1
    assert AgencyContact.objects.get(employee__employee_id="A002").until_on
    last = planned(world.erin, "contacts", "employee_id,agency,state\nA001,AAA,ended\n")
    assert last.refused == 1
    assert applied(world, planned(world.erin, "contracts", "number,seats\nC-1,1100\n")).changed == 1
    assert Contract.objects.get().amendments.get().seats == 100
    assert planned(world.erin, "contracts", "number,vendor\nC-1,Other\n").refused == 1
    assert planned(world.erin, "phases", "number,state\n1,closed\n").refused == 1


@pytest.mark.django_db
def test_who_may_and_what_is_asked(world: World) -> None:
    with pytest.raises(NotPermitted):
        planned(world.audrey, "tools", "name\nx\n")
    with pytest.raises(NotPermitted):
        planned(world.paula, "agencies", "code\nx\n")
    with pytest.raises(Invalid, match="review"):
        planned(world.erin, "use-cases", "id\n1\n")
    run = planned(world.erin, "courses", "code,title\nX,Y\n")
    with pytest.raises(Invalid):
        services.import_apply(actor=world.erin, run=run, number=2, reason="x")
    stale = replace(world.erin, is_fresh=False)
    with pytest.raises(FreshSignInNeeded):
        services.import_apply(actor=stale, run=run, number=1, reason="x")
    with pytest.raises(FreshSignInNeeded):
        services.people_export(actor=stale, register="contacts", form="csv", reason="x")
    with pytest.raises(Invalid):
        services.people_export(actor=world.erin, register="contacts", form="csv", reason=" ")
    with pytest.raises(NotPermitted):
        services.people_export(actor=world.alice, register="contacts", form="csv", reason="x")
    services.people_export(actor=world.audrey, register="contacts", form="json", reason="Audit 7")
    taken = AuditEvent.objects.get(verb="registers.people.exported")
    assert (taken.reason, taken.after["rows"]) == ("Audit 7", 4)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content"),
    [("x.csv", b""), ("x.csv", b"title\nx\n"), ("x.csv", b"code,ssn\nx,1\n"), ("x.csv", b'code\n"x'), ("x.exe", b"code\nx"),
     ("x.json", b"{"), ("x.json", b'["a"]'), ("x.xlsx", b"code\nx\n"), ("x.csv", b"code,Code\nx,y\n"), ("x.csv", b"code,title\n")],
)  # fmt: skip
def test_files_that_are_none_are_refused_whole(world: World, name: str, content: bytes) -> None:
    with pytest.raises(Invalid):
        services.import_receive(actor=world.erin, register="courses", file_name=name, content=content)
    assert not RegisterImport.objects.exists()


@pytest.mark.django_db
def test_json_takes_values_as_they_are(world: World) -> None:
    row: dict[str, Any] = {
        "code": "J-1",
        "title": "=literally",
        "valid_days": 30,
        "is_active": True,
        "equivalents": ["AI-101"],
    }
    applied(world, planned(world.erin, "courses", json.dumps([row]), "json"))
    course = Course.objects.get(code="J-1")
    assert (course.title, course.valid_days, course.equivalents.get().code) == ("=literally", 30, "AI-101")


@pytest.mark.django_db
def test_whoever_confirmed_and_left_changes_nothing_more(world: World) -> None:
    run = planned(world.erin, "courses", "code,title\nX,Y\n")
    services.import_apply(actor=world.erin, run=run, number=1, reason="x")
    world.users["erin"].employee.__class__.objects.filter(user=world.users["erin"]).update(
        status="separated", end_on=clock.today() - timedelta(days=1)
    )
    assert work_on_import(run.pk) == "failed"
    assert not Course.objects.filter(code="X").exists()


@pytest.mark.django_db
def test_whoever_confirmed_and_was_shut_out_changes_nothing_more(world: World) -> None:
    run = planned(world.erin, "courses", "code,title\nX,Y\n")
    services.import_apply(actor=world.erin, run=run, number=1, reason="x")
    User.objects.filter(pk=world.users["erin"].pk).update(is_active=False)
    assert work_on_import(run.pk) == "failed"
    assert not Course.objects.filter(code="X").exists()
