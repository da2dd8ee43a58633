"""The evidence pack of a kept report: who takes it, what is in it, and that it proves itself."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.audit import pack_verifier
from apps.audit.models import AuditEvent
from apps.core.errors import Invalid, NotPermitted
from apps.reports import services
from apps.reports.evidence_services import evidence_take
from apps.reports.models import StoredReport
from tests.factories.cast import World
from tests.factories.past import past_world
from tests.factories.trail import chained

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(tmp_path: Path, settings: Any) -> World:
    settings.ENV = replace(settings.ENV, audit_heads=tmp_path / "heads", signing_keys=tmp_path / "keys")
    return past_world()


def kept(world: World) -> StoredReport:
    from apps.accounts.actors import SYSTEM

    report = services.report_request(actor=world.erin, kind="adoption")
    report = services.report_make(actor=SYSTEM, report=report)
    chained()
    return report


def test_the_pack_of_a_report_holds_and_tells_its_story(
    old: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = kept(old)
    content = evidence_take(actor=old.audrey, report=report, reason="The yearly audit")
    path = tmp_path / "pack.zip"
    path.write_bytes(content)
    assert pack_verifier.main([str(path)]) == 0
    assert "The heads that were kept outside the database lie on that chain." in capsys.readouterr().out
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        assert names == {
            "README.txt", "audit/heads.jsonl", "audit/keys.json", "audit/reports.jsonl", "manifest.json",
            "manifest.sig.json", "report.json", "report.pdf", "verify.py",
        }  # fmt: skip
        assert archive.read("report.json") == bytes(report.files.get(form="json").content)
        events = [json.loads(line)["event"] for line in archive.read("audit/reports.jsonl").splitlines()]
        assert archive.read("verify.py") == Path(pack_verifier.__file__).read_bytes()
    assert [event["verb"] for event in events] == ["reports.report.requested", "reports.report.made"]
    event = AuditEvent.objects.get(verb="reports.evidence.taken")
    assert (event.reason, event.actor_name) == ("The yearly audit", "Audrey")
    # Nothing has happened to reports in the meantime: the same pack again.
    assert evidence_take(actor=old.erin, report=report, reason="Again") == content
    chained()
    assert evidence_take(actor=old.erin, report=report, reason="Again") != content


def test_who_may_not_take_it_and_when(old: World) -> None:
    report = kept(old)
    for actor in (old.lee, old.alice, old.bob):
        with pytest.raises(NotPermitted):
            evidence_take(actor=actor, report=report, reason="x")
    with pytest.raises(Invalid, match="Give a reason"):
        evidence_take(actor=old.erin, report=report, reason=" ")
    with pytest.raises(Invalid, match="not made yet"):
        evidence_take(actor=old.erin, report=services.report_request(actor=old.erin, kind="compliance"), reason="x")


def test_the_button_asks_for_a_reason_and_hands_the_pack_out(old: World, client: Client) -> None:
    report = kept(old)
    client.force_login(old.users["audrey"])
    address = f"/reports/stored/{report.pk}/evidence/"
    assert address in client.get(f"/reports/stored/{report.pk}/").content.decode()
    assert client.post(address, {"reason": "  "})["Content-Type"].startswith("text/html")
    assert client.post(address, {"reason": "  "})["Content-Type"].startswith("text/html")
    assert not AuditEvent.objects.filter(verb="reports.evidence.taken").exists()
    response = client.post(address, {"reason": "The yearly audit"})
    assert response["Content-Type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(response.content)).testzip() is None
