"""Public-records bundles: what is in them, what must never be, and that they prove themselves."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from django.test import Client

from apps.accounts.actors import SYSTEM, Role
from apps.agencies.models import Agency, Employee
from apps.audit import pack_verifier
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid, NotPermitted
from apps.incidents import report_services as incident_reports
from apps.incidents import services as incidents
from apps.incidents.models import Incident
from apps.reports import records_services as services
from apps.reports.models import BundleFile, RecordsBundle
from apps.reports.tasks import bundles_sweep, make_bundle
from apps.rollout import services as rollout
from apps.rollout.models import Phase, PhaseAgency
from apps.terms import services as terms
from tests.factories import catalog, knowledge
from tests.factories.cast import World
from tests.factories.past import past_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(tmp_path: Path, settings: Any) -> World:
    settings.ENV = replace(settings.ENV, audit_heads=tmp_path / "heads", signing_keys=tmp_path / "keys")
    return past_world()


def made(world: World, **asked: Any) -> RecordsBundle:
    given = {"agencies": [world.a], "since": clock.today() - timedelta(days=90), "until": clock.today()} | asked
    bundle = services.bundle_request(actor=world.paula, reason="Request 2026-7", **given)
    return services.bundle_make(actor=SYSTEM, bundle=bundle)


def contents(bundle: RecordsBundle) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bytes(bundle.file.content))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def word(dice: random.Random, length: int = 9) -> str:
    return "".join(dice.choice("bcdfghjklmnprstvwz" if n % 2 else "aeiou") for n in range(length)).capitalize()


@pytest.mark.parametrize("seed", range(3))
def test_no_person_no_narrative_and_no_code_is_in_any_byte(old: World, seed: int) -> None:
    """People get random names; their names, addresses and ids are written wherever somebody may write."""
    dice = random.Random(seed)
    for person in Employee.objects.all():
        person.first_name, person.last_name = word(dice), word(dice)
        person.email = f"{person.first_name}.{person.last_name}@mass.example".lower()
        person.employee_id = f"{word(dice, 3)}{dice.randrange(10**6)}"
        person.save()
    people = list(Employee.objects.order_by("pk"))
    bob, other = people[2], dice.choice(people)
    named = f"{bob.first_name} {bob.last_name} ({bob.employee_id}, {bob.email}), {other.last_name}, {other.first_name}"
    secret = word(dice, 14)
    # Everything is from now on as people write it.
    PhaseAgency.objects.update(attestation=f"{secret} {named}")
    Phase.objects.update(goal=f"As {named} asked")
    rollout.phase_change(actor=old.erin, phase=Phase.objects.get(number=1), name=f"First, for {named}"[:120])
    catalog.published(old, title=f"Letters of {other.first_name} {other.last_name}", how=f"As {named}", show_author=True,
                      checker=f"{secret}", conditions=f"Ask {named}")  # fmt: skip
    knowledge.obligation(old, title=f"Told by {other.first_name} {other.last_name}", evidence=f"{secret}")
    knowledge.obligation(old, head="usability", title="Other", evidence=f"See {named}")
    draft = terms.terms_draft(actor=old.paula, title="Second", body=f"Questions: {named}.")
    terms.terms_publish(actor=old.paula, version=draft, reason=f"{named} {secret}")
    report = incident_reports.Report(f"{secret}: {named}", "wrong_output", clock.today(), old.a)
    incident_reports.incident_report(actor=old.bob, report=report)
    hidden, code = incident_reports.incident_report_anonymously(report=report)
    for incident in Incident.objects.all():
        incidents.incident_triage(actor=old.paula, incident=incident, category="data_entered", severity=2, agency=old.a)
    incidents.incident_note(actor=old.paula, incident=hidden, text=f"{secret} {named}")
    incident_reports.incident_answer_by_code(code=code, text=f"{secret} {named}")

    bundle = made(old)
    files = contents(bundle)
    hidden.refresh_from_db()
    never = {secret, code, code.replace("-", ""), hidden.code_hash, "anonymous"}
    for person in people:
        first, last = person.first_name, person.last_name
        never |= {f"{first} {last}", f"{last}, {first}", person.email, person.employee_id, str(person)}
    whole = b"\n".join([*files.values(), *(name.encode() for name in files), bytes(bundle.file.content)]).lower()
    found = sorted(one for one in never if one.lower().encode() in whole.replace(pack_source().lower(), b""))
    assert found == []
    assert {row["number"] for row in table(files["incidents.csv"])} == {str(one.pk) for one in Incident.objects.all()}
    assert b"narrative" not in files["incidents.csv"]


def pack_source() -> bytes:
    """The script in the pack is the same for everybody and speaks of names as programs do."""
    return Path(pack_verifier.__file__).read_bytes()


def test_a_bundle_holds_what_was_asked_for_with_its_index_and_proves_itself(
    old: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = catalog.published(old, conditions="Keep a log.")
    catalog.sent(old.bob, title="Not published")
    knowledge.obligation(old)
    bundle = made(old)
    files = contents(bundle)
    assert (bundle.state, bundle.documents) == ("done", len(files) - 5)
    index = table(files["index.csv"])
    listed = {row["document"] for row in index}
    assert listed == set(files) - {"index.csv", "README.txt", "manifest.json", "manifest.sig.json", "verify.py"}
    assert all(row["citation"].startswith("M.G.L. c. 4, § 7, cl. 26(") and row["reason"] for row in index)
    assert {row["exemption"] for row in index} == {"(a)", "(c)", "(f)", "(n)"}
    assert {name for name in listed if name.startswith("use-cases/")} == {f"use-cases/{shown.number}.json"}
    assert "terms/version-1-en.md" in listed
    place = table(files["attestations.csv"])[0]
    assert (place["agency_code"], place["evidence"]) == ("AAA", "[withheld: M.G.L. c. 4, § 7, cl. 26(n)]")
    acts = [row["act"] for row in table(files["audit-events.csv"])]
    assert "rollout.phase.open" in acts
    assert not [act for act in acts if act.startswith(("licenses.seat", "licenses.request", "training.completion"))]
    opened = next(row for row in table(files["audit-events.csv"]) if row["act"] == "rollout.phase.open")
    assert (opened["role"], opened["changes"].split(";")[0]) == ("administrator", "state: scheduled -> open")
    path = tmp_path / "bundle.zip"
    path.write_bytes(bytes(bundle.file.content))
    assert pack_verifier.main([str(path)]) == 0
    spoiled = bytearray(bytes(bundle.file.content))
    capsys.readouterr()
    path.write_bytes(bytes(spoiled[:-40]))
    assert pack_verifier.main([str(path)]) == 1


def test_seats_are_shown_by_the_privacy_floor_at_ends_of_months(old: World) -> None:
    bundle = made(old, agencies=[old.a, old.b], until=clock.today())
    rows = table(contents(bundle)["seats.csv"])
    assert rows
    assert {row["agency_code"] for row in rows} == {"AAA", "BBB"}
    assert all((clock.day_of(clock.now()).fromisoformat(row["end_of"]) + timedelta(days=1)).day == 1 for row in rows)
    for row in rows:
        for name, value in row.items():
            if name not in {"end_of", "agency_code", "agency"}:
                assert value.startswith("[withheld") or int(value) == 0 or int(value) >= 10


def test_only_the_agencies_and_days_asked_for(old: World) -> None:
    for agency in (old.a, old.b):
        report = incident_reports.Report("Wrong", "wrong_output", clock.today(), agency)
        incident_reports.incident_report(actor=old.bob, report=report)
    assert {row["agency"] for row in table(contents(made(old))["incidents.csv"])} == {old.a.name}
    early = clock.today() - timedelta(days=80)
    before = contents(made(old, since=early, until=early))
    assert table(before["incidents.csv"]) == table(before["phases.csv"]) == []
    assert {row["agency_code"] for row in table(contents(made(old))["attestations.csv"])} == {"AAA"}
    # A secretariat stands for its agencies.
    top = Agency.objects.create(code="SEC", name="Secretariat")
    Agency.objects.filter(pk__in=[old.a.pk, old.b.pk]).update(parent=top)
    assert len(table(contents(made(old, agencies=[top]))["attestations.csv"])) == 2


def test_who_asks_why_and_what_is_refused(old: World) -> None:
    today = clock.today()
    given: dict[str, Any] = {"agencies": [old.a], "since": today, "until": today, "reason": "Request 7"}
    for actor in (old.audrey, old.alice, old.lee, old.bob):
        with pytest.raises(NotPermitted):
            services.bundle_request(actor=actor, **given)
    for wrong in (
        {"agencies": []},
        {"reason": " "},
        {"since": today + timedelta(days=1)},
        {"until": today + timedelta(days=1)},
    ):
        with pytest.raises(Invalid):
            services.bundle_request(actor=old.erin, **given | wrong)
    bundle = services.bundle_request(actor=old.erin, **given)
    with pytest.raises(NotPermitted):
        services.bundle_make(actor=old.erin, bundle=bundle)
    event = AuditEvent.objects.get(verb="reports.bundle.requested")
    assert (event.reason, event.after["agencies"], event.role) == ("Request 7", ["AAA"], Role.ADMINISTRATOR.value)


def test_a_bundle_is_made_once_kept_and_rung_for_again(old: World) -> None:
    today = clock.today()
    bundle = services.bundle_request(actor=old.erin, agencies=[old.a], since=today, until=today, reason="x")
    assert bundles_sweep() == 1
    assert make_bundle(bundle.pk) == "done"
    assert bundles_sweep() == 0
    assert make_bundle(bundle.pk) == "done"
    assert AuditEvent.objects.filter(verb="reports.bundle.made").count() == 1
    for change in (
        lambda: RecordsBundle.objects.update(sha256="x"), lambda: BundleFile.objects.update(content=b"x"),
        lambda: RecordsBundle.objects.filter(pk=bundle.pk).update(until=today + timedelta(days=1)),
    ):  # fmt: skip
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            change()
    broken = services.bundle_request(actor=old.erin, agencies=[old.a], since=today, until=today, reason="x")
    RecordsBundle.objects.filter(pk=broken.pk).update(attempts=3)
    assert make_bundle(broken.pk) == "failed"
    assert "three times" in RecordsBundle.objects.get(pk=broken.pk).problem


def test_the_pages_ask_show_and_hand_out(old: World, client: Client) -> None:
    client.force_login(old.users["paula"])
    today = clock.today().isoformat()
    asked = {"agencies": [old.a.pk], "since": today, "until": today, "reason": "Request 7"}
    page = client.post("/records/new/", asked, follow=True)
    bundle = RecordsBundle.objects.get()
    assert "Being made" in page.content.decode()
    assert client.get(f"/records/{bundle.pk}/file/").status_code == 404
    make_bundle(bundle.pk)
    page = client.get(f"/records/{bundle.pk}/").content.decode()
    assert f"/records/{bundle.pk}/file/" in page
    response = client.get(f"/records/{bundle.pk}/file/")
    assert response["Content-Type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(response.content)).testzip() is None
    assert "Request 7" in page
    assert "Public-records bundle" in client.get("/records/").content.decode()
