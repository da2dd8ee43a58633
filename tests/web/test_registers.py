"""Registers in a browser: the list, a file in, its plan, confirmation, and files out."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.registers.models import RegisterImport
from apps.registers.tasks import work_on_import
from apps.training.models import Course
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


def test_a_file_comes_in_by_its_plan(world: World) -> None:
    client = client_of(world, "erin")
    assert "Courses" in client.get(reverse("registers:registers")).content.decode()
    file = SimpleUploadedFile("courses.csv", b"code,title,valid_days\nN-1,New,30\nAI-101,Renamed,365\nB-1,,x\n")
    answer = client.post(reverse("registers:import-new"), {"register": "courses", "file": file})
    run = RegisterImport.objects.get()
    page = reverse("registers:import", args=[run.pk])
    assert answer["Location"] == page
    work_on_import(run.pk)
    shown = client.get(page).content.decode()
    assert "title: Using the assistant → Renamed" in shown
    assert "This field cannot be blank" in shown
    assert "is not a whole number" in shown
    failures = client.get(f"{page}?format=failures").content.decode()
    assert failures.splitlines()[1].startswith("B-1,")
    apply = reverse("registers:import-apply", args=[run.pk])
    assert client.post(apply, {"number": "3", "reason": "x"}).status_code == 200
    assert client.post(apply, {"number": "2", "reason": "Decided"})["Location"] == page
    work_on_import(run.pk)
    assert Course.objects.get(code="AI-101").title == "Renamed"
    assert "Applied" in client.get(page).content.decode()
    assert "data-finished" in client.get(reverse("registers:import-progress", args=[run.pk])).content.decode()


def test_files_go_out_and_people_only_with_a_reason(world: World) -> None:
    client = client_of(world, "audrey")
    tools = client.get(reverse("registers:export", args=["courses", "json"]))
    assert tools.json()[0]["code"] == "AI-101"
    asked = client.get(reverse("registers:export", args=["contacts", "csv"]))
    url = reverse("registers:people-export", args=["contacts", "csv"])
    assert asked["Location"] == url
    assert client.post(url, {"reason": ""}).status_code == 200
    assert not AuditEvent.objects.filter(verb="registers.people.exported").exists()
    answer = client.post(url, {"reason": "Audit 7"})
    assert b"A001,AAA,Alice Contact,primary" in answer.content
    assert AuditEvent.objects.get(verb="registers.people.exported").reason == "Audit 7"
    assert client.get(reverse("registers:export", args=["courses", "exe"])).status_code == 404
    assert client_of(world, "alice").get(reverse("registers:registers")).status_code == 403
