"""Reports in the browser's words: asked for in the address, as every form, by script and by command."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.core import clock
from apps.reports import services
from apps.reports.figures import latest_day
from apps.reports.models import StoredReport
from apps.reports.tasks import make_report
from tests.factories.cast import World
from tests.factories.past import past_world
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(db: None) -> World:
    return past_world()


def test_lee_reads_takes_along_and_keeps_a_report(old: World) -> None:
    lee = client_of(old, "lee")
    page = lee.get("/reports/adoption/").content.decode()
    assert "14 people hold a live seat" in page
    assert 'alt="How far people have come: asked: 14; enabled: 14; weekly active: 14."' in page
    for form, begins in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("csv", b"report,"), ("json", b"{")):
        answer = lee.get(f"/reports/adoption/file/{form}/?scope=all")
        assert answer.content.startswith(begins)
        assert f"beacon-adoption-all-{latest_day()}.{form}" in answer["Content-Disposition"]
    table = lee.get("/reports/adoption/file/csv/?table=funnel").content.decode().splitlines()
    assert table[:2] == ["Stage,People,Of the stage before", "Eligible,32,"]
    picture = lee.get("/reports/adoption/chart/funnel/")
    assert picture["Content-Type"] == "image/svg+xml"
    kept = lee.post("/reports/adoption/keep/?scope=all")
    report = StoredReport.objects.get()
    assert kept["Location"] == f"/reports/stored/{report.pk}/"
    assert "You can leave this page" in lee.get(kept["Location"]).content.decode()
    make_report(report.pk)
    assert report.sha256 != StoredReport.objects.get().sha256
    assert lee.get(f"/reports/stored/{report.pk}/json/").content == bytes(report.files.get(form="json").content)


@pytest.mark.parametrize(
    "asked", ["day=yesterday", "day=2019-01-01", "scope=agency:BBB%00", "scope=phase:99", "day=2999-01-01"]
)
def test_what_cannot_be_had_is_refused_with_what_to_do(old: World, asked: str) -> None:
    answer = client_of(old, "alice").get(f"/reports/adoption/?{asked}")
    assert answer.status_code in {400, 409, 422}
    assert "Traceback" not in answer.content.decode()


def test_what_there_is_not_is_not_found(old: World) -> None:
    erin = client_of(old, "erin")
    for path in ("adoption/file/exe/", "gossip/file/pdf/", "adoption/chart/agencies/", "adoption/file/csv/?table=x"):
        assert erin.get(f"/reports/{path}").status_code == 404


def test_scripts_read_the_same_figures(old: World) -> None:
    lee = client_of(old, "lee")
    told = lee.get("/api/v1/reports/adoption/").json()
    assert told == json.loads(lee.get("/reports/adoption/file/json/").content)
    asked = lee.post("/api/v1/stored-reports/", {"kind": "adoption"}, content_type="application/json")
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    make_report(asked.json()["id"])
    kept = lee.get(f"/api/v1/stored-reports/{asked.json()['id']}/").json()
    assert kept["report"] == told
    assert lee.get("/api/v1/reports/adoption/?day=never").status_code == 400
    assert client_of(old, "charlie").get(f"/api/v1/stored-reports/{asked.json()['id']}/").status_code == 404


def test_commands_write_and_check_reports(old: World, tmp_path: Path) -> None:
    target = tmp_path / "report.csv"
    call_command("write_report", "compliance", "--form", "csv", "--out", str(target), stdout=io.StringIO())
    assert target.read_bytes() == client_of(old, "erin").get("/reports/compliance/file/csv/").content
    with pytest.raises(CommandError, match="not over"):
        call_command("write_report", "adoption", "--day", clock.today().isoformat())
    report = services.report_request(actor=old.erin, kind="adoption")
    make_report(report.pk)
    said = io.StringIO()
    call_command("check_reports", stdout=said)
    assert "same byte for byte" in said.getvalue()
