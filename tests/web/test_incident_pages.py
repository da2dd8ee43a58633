"""Files, letters and trends of incidents over the wire: who gets them, and in which form."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from apps.core import clock
from apps.core.uploads import MAX_BYTES, Upload
from apps.incidents import breach_services, services, trends
from apps.incidents.models import Attachment, Incident
from apps.incidents.report_services import Report, incident_report
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived(settings: Settings, tmp_path: Path) -> tuple[World, Incident]:
    settings.INCIDENT_FILES = tmp_path
    world = World.build()
    report = Report("Names were pasted", "data_entered", clock.today(), world.a)
    made = incident_report(actor=world.bob, report=report)
    return world, services.incident_triage(
        actor=world.paula, incident=made, category="data_entered", severity=2, agency=world.a
    )


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", b"0" * 20_000_000)
    return out.getvalue()


def _send(client: Client, incident: Incident, name: str, content: bytes) -> str:
    url = reverse("incidents:file-add", args=[incident.pk])
    return client.post(url, {"file": SimpleUploadedFile(name, content)}).content.decode()


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("report.pdf", b"MZ\x90\x00" + b"\x00" * 100, "not what its name says"),
        ("run.exe", b"MZ", "not taken"),
        ("bomb.docx", _bomb(), "unpacks to far more"),
        ("large.txt", b"x" * (MAX_BYTES + 1), "larger than 10 MB"),
    ],
)
def test_a_trap_is_refused_and_nothing_is_kept(
    lived: tuple[World, Incident], name: str, content: bytes, word: str
) -> None:
    world, incident = lived
    assert word in _send(client_of(world, "paula"), incident, name, content)
    assert not Attachment.objects.exists()


def test_a_file_is_only_handed_out_as_a_download_and_only_unchanged(
    lived: tuple[World, Incident], settings: Settings
) -> None:
    world, incident = lived
    paula, formula = client_of(world, "paula"), b"name\n=HYPERLINK(1)\n"
    _send(paula, incident, "cells.csv", formula)
    kept = Attachment.objects.get()
    url = reverse("incidents:file", args=[incident.pk, kept.pk])
    got = paula.get(url)
    assert got.content == formula, "evidence is kept as it came"
    assert got["Content-Disposition"] == 'attachment; filename="cells.csv"'
    assert got["X-Content-Type-Options"] == "nosniff"
    assert client_of(world, "erin").get(url).status_code == 403
    assert client_of(world, "charlie").get(url).status_code == 404
    (settings.INCIDENT_FILES / kept.stored_as).write_bytes(b"other")
    assert paula.get(url).status_code >= 400


def test_letters_are_made_and_auditors_read_dates_and_no_words(lived: tuple[World, Incident]) -> None:
    world, incident = lived
    desk = breach_services.breach_open(actor=world.paula, incident=incident)
    words = {"nature": "Seven lists were pasted", "residents": "4711", "contact": "Call the office"}
    desk = breach_services.breach_describe(actor=world.paula, desk=desk, content=words)
    breach_services.breach_decide(actor=world.paula, desk=desk, decision="breach", reason="Counsel was heard")
    paula, audrey = client_of(world, "paula"), client_of(world, "audrey")
    for kind in ("regulator", "resident"):
        for form, head in (("docx", b"PK"), ("pdf", b"%PDF")):
            url = reverse("incidents:breach-letter", args=[incident.pk, kind, form])
            assert paula.get(url).content.startswith(head)
            assert audrey.get(url).status_code == 403
    page = audrey.get(reverse("incidents:breach", args=[incident.pk])).content.decode()
    assert "A breach" in page
    for secret in ("Counsel was heard", "Seven lists", "4711", "Call the office"):
        assert secret not in page


def test_leaders_see_no_small_count_and_auditors_do(lived: tuple[World, Incident]) -> None:
    world, _ = lived
    url = reverse("incidents:trends") + "?format=csv"
    assert "By agency,Agency of Apples,1" in client_of(world, "audrey").get(url).content.decode()
    assert "By agency,Agency of Apples,Not shown" in client_of(world, "lee").get(url).content.decode()
    assert client_of(world, "bob").get(url).status_code == 403
    shown = trends.table("By kind", "Kind", [("a", 12), ("b", 3), ("c", 40)], is_floored=True)
    assert shown.rows == [("a", None), ("b", None), ("c", 40)]


def test_a_handler_finishes_tasks_and_is_released(lived: tuple[World, Incident]) -> None:
    world, incident = lived
    alice, paula = client_of(world, "alice"), client_of(world, "paula")
    task = services.task_add(actor=world.paula, incident=incident, what="Look", owner="A", due_on=clock.today())
    services.incident_attach(actor=world.paula, incident=incident, upload=Upload("a.txt", "text/plain", b"x"))
    done = reverse("incidents:task-done", args=[incident.pk, task.pk])
    sent = {"sent": "yes"}  # as the token in a browser: the form has no field of its own
    assert alice.post(done, sent).status_code == 403
    paula.post(reverse("incidents:handler-new", args=[incident.pk]), {"email": "alice.contact@mass.example"})
    assert alice.post(done, sent).status_code == 302
    paula.post(reverse("incidents:handler-end", args=[incident.pk, world.users["alice"].pk]), sent)
    assert "Names were pasted" not in alice.get(reverse("incidents:incident", args=[incident.pk])).content.decode()
    other = incident_report(actor=world.bob, report=Report("Again", "data_entered", clock.today(), world.a))
    paula.post(reverse("incidents:merge", args=[other.pk]), {"number": incident.pk})
    paula.post(reverse("incidents:concern", args=[incident.pk]), {"employee": "A003"})
    other.refresh_from_db()
    assert other.duplicate_of_id == incident.pk
    assert incident.concerned.get().employee_id == "A003"
