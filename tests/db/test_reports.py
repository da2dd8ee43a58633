"""Reports: what they say, to whom, about which day; kept, signed, the same when made again; found when altered."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from openpyxl import load_workbook

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Role
from apps.agencies.models import Agency
from apps.core import clock
from apps.core.errors import Invalid, NotPermitted
from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.mail.models import Message
from apps.reports import services
from apps.reports.access import month_ends, report_for
from apps.reports.adoption import adoption
from apps.reports.document import data_of, tables_of, to_json
from apps.reports.figures import latest_day
from apps.reports.models import SavedReport, StoredReport
from apps.reports.renderings import csv_of, pdf_of, rendered, xlsx_of
from apps.reports.scopes import EVERYTHING
from apps.reports.tasks import make_report, sweep
from apps.terms import services as terms
from apps.training.models import Course
from tests.factories.cast import World, import_rows, row
from tests.factories.past import past_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(db: None) -> World:
    return past_world()


def table(data: dict[str, Any], key: str) -> dict[str, list[Any]]:
    """The rows of a report's table by their name."""
    return {row[0]: row[1:] for row in next(one for one in tables_of(data) if one["key"] == key)["rows"]}


def stat(data: dict[str, Any], label: str) -> Any:
    return next(one["value"] for s in data["sections"] for one in s["stats"] if one["label"] == label)


def test_lee_reads_how_far_people_have_come_and_what_it_costs(old: World) -> None:
    data = data_of(report_for(old.lee, "adoption", "", None))
    funnel = table(data, "funnel")
    shown = [funnel[name][0] for name in ("Eligible", "Asked", "Enabled", "Activated", "Weekly active")]
    assert shown == [32, 14, 14, 14, 14]  # the three people of agency B are in no figure
    assert data["opinion"] == "14 people hold a live seat, and 100% of them used it in the last week."
    assert stat(data, "Seats purchased") == 1000
    assert stat(data, "Cost of enabled seats, a year") == "1512.00"
    assert len(table(data, "months")) >= 4


def test_two_people_who_do_not_use_it_are_not_given_away() -> None:
    """Fourteen seats, twelve active: the figure would be shown by itself, and tells of two with it."""
    old = past_world(idle=2)
    data = data_of(report_for(old.erin, "adoption", "agency:AAA", None))
    assert table(data, "funnel")["Enabled"][0] == 14
    assert table(data, "funnel")["Monthly active"][0] is None
    assert stat(data, "Idle seats") is None


def test_the_report_for_a_day_before_gives_the_same_bytes_whatever_changes(old: World) -> None:
    """Terms, training, agency, approval and name change, and use is corrected: a past day stays as it was."""
    stored = {kind: services.report_request(actor=old.erin, kind=kind) for kind in ("adoption", "compliance")}
    for report in stored.values():
        make_report(report.pk)
    before = {kind: bytes(report.files.get(form="json").content) for kind, report in stored.items()}
    papers = {kind: bytes(report.files.get(form="pdf").content) for kind, report in stored.items()}
    draft = terms.terms_draft(actor=old.paula, title="Terms", body="Stricter.", grace_days=0)
    old.version = terms.terms_publish(actor=old.paula, version=draft, reason="Counsel")
    Course.objects.update(valid_days=1, title="Other")
    Agency.objects.filter(pk=old.b.pk).update(name="Bureau of Blueberries")
    moved = old.employee("A101")
    import_rows([r if r[0] != "A101" else row("A101", moved.first_name, moved.last_name, "BBB") for r in old.rows])
    licenses.seat_revoke(actor=old.erin, seat=Seat.objects.filter(state="granted").first(), reason="Test")
    old.holder(old.employee("A120"))
    for kind, report in stored.items():
        found = services.report_check(actor=old.audrey, report=StoredReport.objects.get(pk=report.pk))
        assert found.is_good, found.words
        again = data_of(services.report_for(old.erin, kind, "", report.as_of))
        assert to_json(again) == before[kind]
        assert pdf_of(again) == papers[kind]


def test_every_form_is_the_same_bytes_and_says_the_same(old: World) -> None:
    data = data_of(adoption(latest_day(), EVERYTHING, fresh=True))
    for form in ("pdf", "csv", "xlsx", "json"):
        assert rendered(data, form) == rendered(json.loads(to_json(data)), form)
    book = load_workbook(io.BytesIO(xlsx_of(data)))
    page = next(sheet for sheet in book if sheet.title.startswith("From eligible"))
    assert page.freeze_panes == "A2"
    assert [cell.value for cell in page[2]] == ["Eligible", 32, None]
    lines = csv_of(data).decode().splitlines()
    assert f"adoption,all,{latest_day()},funnel,funnel,Enabled,people,14,count" in lines


def test_the_paper_can_be_read_by_a_screen_reader(old: World) -> None:
    data = data_of(adoption(latest_day(), EVERYTHING))
    with pikepdf.open(io.BytesIO(pdf_of(data))) as document:
        assert document.Root.Lang == "en"
        assert document.Root.MarkInfo.Marked
        with document.open_metadata() as metadata:
            assert metadata["dc:title"] == "Adoption of the AI assistant"
            assert metadata["pdfuaid:part"] == "1"
        tags = list(tags_of(document.Root.StructTreeRoot))
    kinds = [kind for kind, _ in tags]
    assert kinds.count("H1") == 1
    assert kinds.index("H1") < kinds.index("H2") < kinds.index("H3")
    assert {"Table", "TR", "TH", "TD"} <= set(kinds)
    pictures = [alt for kind, alt in tags if kind == "Figure"]
    assert len(pictures) == 2
    assert all(alt.endswith(".") for alt in pictures)


def tags_of(node: Any) -> Any:
    """(kind, alternative text) of every tag below a node, in reading order."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield str(kid.S)[1:], str(kid.get("/Alt", ""))
            yield from tags_of(kid)


def test_compliance_says_who_owes_what_and_counts_exactly_for_those_who_may_know(old: World) -> None:
    with clock.shifted(timedelta(days=-3)):
        seat = Seat.objects.filter(state="granted").first()
        licenses.seat_suspend(actor=old.erin, seat=seat, code="incident", reason="Looked into")
    data = data_of(report_for(old.audrey, "compliance", "", None))
    assert table(data, "requirements")["Terms in force accepted"][:3] == [13, 0, 100]
    assert table(data, "exceptions")["Seats suspended: incident"] == [1, 2, "Privacy office"]
    assert table(data, "exceptions")["Gates of a phase waived"][0] == 2
    assert data["opinion"] == "Compliant with 2 exceptions."
    floored = data_of(report_for(old.lee, "compliance", "", None))
    assert table(floored, "exceptions")["Seats suspended: incident"] == [None, None, "Privacy office"]
    assert floored["opinion"] == data["opinion"]


def test_a_live_seat_without_its_requirements_makes_it_not_compliant(old: World) -> None:
    """Nobody but a hand in the database brings it about; the report says so all the same."""
    with clock.shifted(timedelta(days=-2)):
        Course.objects.update(valid_days=1)
    data = data_of(report_for(old.lee, "compliance", "", None))
    assert data["opinion"] == "Not compliant: required training valid."


def test_who_may_ask_about_what_and_about_which_day(old: World) -> None:
    assert report_for(old.alice, "compliance", "", None).scope == "agency:AAA"
    with pytest.raises(Invalid, match="not yours"):
        report_for(old.alice, "adoption", "agency:BBB", None)
    with pytest.raises(Invalid, match="not yours"):
        report_for(old.charlie, "adoption", "all", None)
    with pytest.raises(Invalid, match="end of a month"):
        report_for(old.lee, "adoption", "", latest_day() - timedelta(days=3 if latest_day().day > 4 else 6))
    assert report_for(old.erin, "adoption", "", latest_day() - timedelta(days=3))
    with pytest.raises(Invalid, match="not over"):
        report_for(old.erin, "adoption", "", clock.today())
    with pytest.raises(Invalid, match="knows nothing"):
        report_for(old.erin, "adoption", "", latest_day() - timedelta(days=400))
    assert month_ends()[0] == latest_day()


def test_a_leader_of_one_secretariat_asks_about_it_and_its_agencies(old: World) -> None:
    mina = accounts.user_create(actor=SYSTEM, email="mina@mass.example", name="Mina")
    accounts.role_grant(actor=SYSTEM, user=mina, role=Role.LEADER, scope="BBB")
    old.users["mina"] = mina
    assert report_for(old.actor("mina"), "adoption", "", None).scope == "secretariat:BBB"
    with pytest.raises(Invalid, match="not yours"):
        report_for(old.actor("mina"), "compliance", "agency:AAA", None)


def test_a_kept_report_never_changes_and_one_that_was_changed_is_named(old: World) -> None:
    report = services.report_request(actor=old.erin, kind="compliance")
    make_report(report.pk)
    report.refresh_from_db()
    for statement in (
        "UPDATE reports_storedreport SET opinion = 'All is well' WHERE id = %s",
        "UPDATE reports_reportfile SET content = '' WHERE report_id = %s",
        "DELETE FROM reports_reportfile WHERE report_id = %s",
    ):
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [report.pk])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE reports_reportfile SET content = content || '\\x20' WHERE report_id = %s", [report.pk])
    found = services.report_check(actor=old.audrey, report=report)
    assert (found.is_same, found.is_whole, found.is_signed) == (False, False, False)


def test_a_past_that_was_changed_by_hand_is_named(old: World) -> None:
    report = services.report_request(actor=old.erin, kind="compliance")
    make_report(report.pk)
    report.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE audit_fact SET facts = facts || '{\"valid_days\": 1}' WHERE source = 'training_course'")
    found = services.report_check(actor=old.audrey, report=report)
    assert (found.is_same, found.is_whole, found.is_signed) == (False, True, True)
    with pytest.raises(NotPermitted):
        services.report_check(actor=old.lee, report=report)


def test_the_same_question_is_answered_once(old: World) -> None:
    first = services.report_request(actor=old.erin, kind="adoption")
    assert services.report_request(actor=old.lee, kind="adoption") == first
    make_report(first.pk)
    make_report(first.pk)
    assert first.files.count() == 2


def test_a_report_that_breaks_its_worker_is_given_up(old: World) -> None:
    report = services.report_request(actor=old.erin, kind="adoption")
    StoredReport.objects.filter(pk=report.pk).update(attempts=3)
    assert make_report(report.pk) == "failed"
    assert services.report_request(actor=old.erin, kind="adoption") != report


# ---- by themselves -----------------------------------------------------------------------------------------


def test_monthly_reports_come_by_themselves_once_and_go_to_their_readers(old: World) -> None:
    sweep()
    sweep()
    assert sorted(StoredReport.objects.values_list("kind", flat=True)) == ["adoption", "compliance"]
    for report in StoredReport.objects.all():
        make_report(report.pk)
    told = Message.objects.filter(kind="reports_monthly")
    assert set(told.values_list("address", flat=True)) == {
        old.users[name].email for name in ("lee", "erin", "eve", "paula", "audrey")
    }


def test_a_saved_report_goes_to_those_who_may_read_it_when_it_is_sent(old: World) -> None:
    with pytest.raises(NotPermitted, match="may not read"):
        services.saved_create(
            actor=old.erin, name="Exact", kind="compliance", cadence="monthly", recipients=[old.users["lee"]]
        )
    with pytest.raises(Invalid, match="monthly at most"):
        services.saved_create(actor=old.erin, name="Often", kind="adoption", cadence="weekly")
    services.saved_create(
        actor=old.erin, name="Berries", kind="adoption", scope="agency:BBB", cadence="monthly",
        recipients=[old.users["lee"], old.users["audrey"]],
    )  # fmt: skip
    assignment = old.users["lee"].role_assignments.get()
    accounts.role_end(actor=old.erin, assignment=assignment, reason="Left the office")
    services.reports_due()
    report = StoredReport.objects.get(scope="agency:BBB")
    make_report(report.pk)
    told = Message.objects.filter(kind="reports_scheduled")
    assert list(told.values_list("address", flat=True)) == [old.users["audrey"].email]
    assert services.reports_due() == 0


def test_only_the_owner_and_eotss_change_a_saved_report(old: World) -> None:
    saved = services.saved_create(actor=old.lee, name="Mine", kind="adoption")
    with pytest.raises(NotPermitted):
        services.saved_end(actor=old.audrey, saved=saved)
    services.saved_change(actor=old.lee, saved=saved, name="Ours", cadence="", recipients=[])
    services.saved_end(actor=old.erin, saved=saved)
    assert SavedReport.objects.get().is_active is False
