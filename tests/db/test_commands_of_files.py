"""Commands by which files and figures come in and go out: plans leave no row, no event and no file; then it is done."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from apps.agencies import fiction
from apps.agencies.models import Employee, RosterRun
from apps.api.management.commands import check_openapi
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.commands import REFUSED, WAITS
from apps.reports import services as reports
from apps.reports.tasks import make_report
from apps.training.models import Completion
from apps.vendors.models import Operation, SyncRun, UsageDay
from simulator.testing import RunningSimulator
from tests.factories.cast import World, row
from tests.factories.commands import nothing_left, run, words
from tests.factories.past import past_world

ERIN, BOB = "erin.administrator@mass.example", "bob.employee@mass.example"


def roster(path: Path, rows: list[list[str]]) -> Path:
    path.write_bytes(fiction.to_csv(rows))
    return path


# ---- what needs no database ------------------------------------------------------------------------------------------
# These tests have no mark, so that a question to the database would fail them.


def test_the_description_is_compared_without_a_database(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    assert run("check_openapi") == (0, {"file": "docs/openapi.yaml", "same": True})
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    kept = tmp_path / "docs" / "openapi.yaml"
    monkeypatch.setattr(check_openapi, "as_yaml", lambda: b"openapi: 3.1.1\n")
    code, said = run("check_openapi")
    assert (code, said["same"]) == (REFUSED, False)
    assert "check_openapi --write" in said["reasons"][0]
    assert run("check_openapi", "--write", "--plan")[0] == 0
    assert not kept.exists()
    assert run("check_openapi", "--write") == (0, {"file": "docs/openapi.yaml", "same": False})
    assert kept.read_bytes() == b"openapi: 3.1.1\n"
    assert run("check_openapi")[0] == 0


def test_a_roster_is_invented_without_a_database(tmp_path: Path) -> None:
    file = tmp_path / "hr.csv"
    asked = ("make_roster", file, "--employees", 300, "--dirty")
    code, planned = run(*asked, "--plan")
    assert (code, planned["plan"], planned["rows"]) == (0, True, 300)
    assert not file.exists()
    code, said = run(*asked)
    assert planned == {"plan": True} | said
    assert said["spoiled"]
    assert file.stat().st_size > 10_000
    code, said = run("make_roster", tmp_path / "nowhere" / "hr.csv", "--employees", 300)
    assert code == REFUSED
    assert "cannot be written" in said["reasons"][0]


# ---- files that come in ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_hr_file_is_planned_applied_refused_and_held(world: World, tmp_path: Path) -> None:
    joined = roster(tmp_path / "hr.csv", [*world.rows, row("A900", "New", "Joiner", "AAA")])
    with nothing_left(tmp_path):
        code, said = run("import_roster", joined, "--plan")
    assert (code, said["plan"], said["state"], said["joins"], said["error"]) == (0, True, "planned", 1, None)
    assert run("import_roster", joined, "--as", BOB)[0] == REFUSED
    code, said = run("import_roster", joined, "--as", ERIN)
    assert (code, said["state"]) == (0, "applied")
    assert Employee.objects.get(employee_id="A900").last_name == "Joiner"
    received = AuditEvent.objects.filter(verb="agencies.roster.received").order_by("pk").last()
    assert received is not None
    assert received.actor_name == "Erin Administrator"

    few = roster(tmp_path / "few.csv", world.rows[:2])
    with nothing_left(tmp_path):
        code, said = run("import_roster", few, "--plan")
    assert (code, said["state"]) == (0, "held")
    code, said = run("import_roster", few)
    assert (code, said["state"], said["reasons"]) == (WAITS, "held", said["hold_reasons"])

    (tmp_path / "bad.csv").write_text("x\n1\n")
    code, said = run("import_roster", tmp_path / "bad.csv")
    assert (code, said["state"], said["reasons"]) == (REFUSED, "failed", [said["error"]])
    assert run("import_roster", tmp_path / "none.csv")[0] == REFUSED
    assert RosterRun.objects.filter(state="held").count() == 1


@pytest.mark.django_db
def test_completions_are_planned_and_imported(world: World, tmp_path: Path) -> None:
    file = tmp_path / "done.csv"
    file.write_text(
        f"employee_id,course,completed_on\nA003,{world.course.code},2026-01-05\nZ999,{world.course.code},2026-01-05\n"
    )
    with nothing_left(tmp_path):
        code, planned = run("import_completions", file, "--plan")
    assert (code, planned["added"], [bad["line"] for bad in planned["rejected"]]) == (0, 1, [3])
    assert run("import_completions", file, "--as", BOB)[0] == REFUSED
    code, said = run("import_completions", file, "--as", ERIN)
    assert (code, {"plan": True} | said) == (0, planned)
    assert Completion.objects.filter(employee=world.employee("A003")).count() == 1
    assert run("import_completions", file)[1]["unchanged"] == 1
    assert run("import_completions", tmp_path / "none.csv")[0] == REFUSED


@pytest.mark.django_db
def test_usage_is_planned_imported_and_invented(world: World, tmp_path: Path, settings: Any) -> None:
    world.with_vendor("http://127.0.0.1:9/v1")
    file, bob = tmp_path / "usage.csv", world.employee("A003")
    file.write_text(f"cadence,period_start,email,messages\ndaily,{clock.today() - timedelta(days=1)},{bob.email},7\n")
    asked = ("import_usage", file, "--workspace", "main")
    with nothing_left(tmp_path):
        code, said = run(*asked, "--plan")
    assert (code, said["state"], said["changed"]) == (0, "planned", 1)
    assert run(*asked, "--as", BOB)[0] == REFUSED
    code, said = run(*asked, "--as", ERIN)
    assert (code, said["state"], said["changed"]) == (0, "applied", 1)
    assert UsageDay.objects.get().messages == 7
    assert run("import_usage", file, "--workspace", "other")[0] == REFUSED
    assert run("import_usage", tmp_path / "none.csv", "--workspace", "main")[0] == REFUSED

    with nothing_left(tmp_path):
        code, said = run("seed_usage", "--days", 3, "--people", 2, "--plan")
    assert (code, said["people"], said["rows"]) == (0, 2, 6)
    code, said = run("seed_usage", "--days", 3, "--people", 2)
    assert code == 0
    assert said["rows"] in {5, 6}  # a day that is known stays as it is
    settings.DEMO = False
    assert run("seed_usage", "--plan")[0] == REFUSED


# ---- files that go out -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_reports_and_statements_are_written(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    world = past_world()
    out = tmp_path / "report.json"
    asked = ("write_report", "adoption", "--out", out)
    with nothing_left(tmp_path):
        code, planned = run(*asked, "--plan")
    code, said = run(*asked)
    assert (code, {"plan": True} | said) == (0, planned)
    assert (said["file"], said["bytes"]) == (str(out), out.stat().st_size)
    assert run("write_report", "adoption")[1]["report"] == json.loads(out.read_bytes())
    capfdbinary.readouterr()
    call_command("write_report", "adoption")
    assert capfdbinary.readouterr().out == out.read_bytes()
    assert run("write_report", "adoption", "--scope", "phase:99")[0] == REFUSED

    bill = tmp_path / "bill.xlsx"
    with nothing_left(tmp_path):
        code, said = run("export_chargeback")
        assert run("export_chargeback", "--out", bill, "--form", "xlsx", "--plan")[0] == 0
    assert run("export_chargeback", "--out", bill, "--form", "xlsx") == (0, said | {"file": str(bill)})
    sheet = load_workbook(bill).worksheets[0]
    assert sheet.max_row == 2 + len(said["lines"])
    assert run("export_chargeback", "--out", tmp_path / "bill.csv")[0] == 0
    assert said["total"] in (tmp_path / "bill.csv").read_text()
    assert f"Total of {said['month']}" in words("export_chargeback")
    assert run("export_chargeback", "--month", "2999-01")[0] == REFUSED

    report = reports.report_request(actor=world.erin, kind="adoption")
    make_report(report.pk)
    with nothing_left(tmp_path):
        code, planned = run("check_reports", "--plan")
    assert (code, [one["good"] for one in planned["reports"]]) == (0, [True])
    assert run("check_reports", "--as", BOB)[0] == REFUSED
    assert run("check_reports", report.pk, "--as", ERIN) == (0, {"reports": planned["reports"]})
    assert AuditEvent.objects.get(verb="reports.report.checked").actor_name == "Erin Administrator"


# ---- the vendor ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_workspace_is_looked_at_planned_and_brought_into_line(simulator: RunningSimulator) -> None:
    world = World.build()
    world.with_vendor(simulator.vendor_url)
    world.holder(world.employee("A003"))
    Operation.objects.all().delete()
    code, said = run("check_workspace", "main")
    assert (code, said["workspace"]) == (0, "main")
    assert all(one["holds"] for one in said["findings"])
    # What was seen is kept with the run; nothing is asked for and nothing stands in the trail.
    events = AuditEvent.objects.count()
    code, said = run("sync_workspace", "main", "--plan")
    asked = {"invite": 1, "group_create": 1}
    assert (code, said["plan"], {one["kind"] for one in said["operations"]}, said["sent"]) == (0, asked, set(asked), 0)
    assert (AuditEvent.objects.count(), Operation.objects.count(), simulator.counts()["invites_pending"]) == (
        events,
        0,
        0,
    )
    assert SyncRun.objects.get().problems == ["Only a plan was asked for."]
    assert run("sync_workspace", "main", "--as", BOB)[0] == REFUSED
    code, said = run("sync_workspace", "main", "--as", ERIN)
    assert (code, said["state"], said["plan"]) == (0, "done", asked)
    assert said["sent"] >= 1
    assert simulator.counts()["invites_pending"] == 1
    assert SyncRun.objects.latest("pk").started_by == "Erin Administrator"
    assert run("sync_workspace", "other")[0] == REFUSED
    assert run("check_workspace", "other")[1]["reasons"] == ["There is no workspace 'other' (known: main)."]
