"""Commands about who gets in and what is proved: administrators, break-glass, sign-ins, keys, the trail, database roles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.accounts import break_glass
from apps.accounts.actors import Role
from apps.accounts.models import RoleAssignment, Session, User
from apps.audit.models import AuditEvent
from apps.audit.signing import keyring
from apps.core.commands import REFUSED, WAITS
from tests.factories.cast import World
from tests.factories.commands import nothing_left, run, words
from tests.web.test_matrix import client_of

ERIN, BOB = "erin.administrator@mass.example", "bob.employee@mass.example"


@pytest.mark.django_db
def test_the_first_two_administrators_are_made_before_anybody_is_there(tmp_path: Path) -> None:
    first = ("create_administrator", "one@mass.example", "One")
    with nothing_left(tmp_path):
        code, said = run(*first, "--plan")
    assert (code, said["plan"], said["email"], said["waits"]) == (0, True, "one@mass.example", False)
    assert run(*first)[0] == 0
    assert run("create_administrator", "no-address", "Two")[0] == REFUSED
    second = ("create_administrator", "two@mass.example", "Two")
    # A person of the console makes nobody alone.
    with nothing_left(tmp_path):
        assert run(*second, "--as", "one@mass.example", "--plan")[0] == WAITS
    assert run(*second)[0] == 0
    code, said = run("create_administrator", "three@mass.example", "Three")
    assert code == REFUSED
    assert "two administrators already" in said["reasons"][0]
    assert RoleAssignment.objects.filter(role=Role.ADMINISTRATOR).count() == User.objects.count() == 2


@pytest.mark.django_db
def test_break_glass_secrets_are_said_once_and_never_in_a_plan(world: World, tmp_path: Path) -> None:
    with nothing_left(tmp_path):
        assert run("create_break_glass", 1, "--plan") == (
            0,
            {"plan": True, "name": "break-glass-1@break-glass.invalid"},
        )
        assert "would be made anew" in words("create_break_glass", 1, "--plan")
        assert run("create_break_glass", 1, "--as", BOB)[0] == REFUSED
    code, made = run("create_break_glass", 1, "--as", ERIN)
    assert (code, set(made)) == (0, {"name", "password", "seed", "uri"})
    assert User.objects.get(break_glass_slot=1).check_password(made["password"])
    assert AuditEvent.objects.get(verb="accounts.break_glass.made").actor_name == "Erin Administrator"
    run("create_break_glass", 1, "--plan")
    assert User.objects.get(break_glass_slot=1).check_password(made["password"])


@pytest.mark.django_db
def test_a_person_is_signed_out_everywhere(world: World, tmp_path: Path) -> None:
    client_of(world, "bob"), client_of(world, "bob"), client_of(world, "charlie")
    code, said = run("list_sessions", BOB)
    assert (code, len(said["sessions"])) == (0, 2)
    for key in Session.objects.values_list("session_key", flat=True):
        assert key not in str(said), "the key of a session is the session"
    with nothing_left(tmp_path):
        assert run("end_sessions", BOB, "--plan")[1]["ended"] == 2
        assert run("end_sessions", BOB, "--as", "charlie.contact@mass.example")[0] == REFUSED
    assert run("end_sessions", BOB)[1]["ended"] == 2
    assert Session.objects.exclude(user=world.users["charlie"]).count() == 0
    assert AuditEvent.objects.filter(verb="accounts.sessions.ended").count() == 1
    assert run("list_sessions", BOB)[1]["sessions"] == []
    assert run("end_sessions", "nobody@mass.example")[0] == REFUSED
    assert run("end_sessions", break_glass.make(1)["name"])[1]["ended"] == 0


@pytest.mark.django_db
def test_keys_and_the_trail(world: World, tmp_path: Path, settings: Any) -> None:
    settings.ENV = replace(settings.ENV, audit_heads=tmp_path / "heads", signing_keys=tmp_path / "keys")
    with nothing_left(tmp_path):
        assert run("rotate_signing_key", "--list") == (0, {"current": None, "public_keys": {}})
        assert run("rotate_signing_key", "--plan") == (0, {"plan": True, "current": None, "public_keys": {}})
    first = keyring().current()
    with nothing_left(tmp_path):
        assert run("rotate_signing_key", "--plan")[1]["current"] == first
        assert run("rotate_signing_key", "--as", BOB)[0] == REFUSED
    code, said = run("rotate_signing_key", "--as", ERIN)
    assert (code, len(said["public_keys"])) == (0, 2)
    assert said["current"] != first
    event = AuditEvent.objects.get(verb="audit.key.rotated")
    assert (event.actor_name, event.after) == ("Erin Administrator", {"key": said["current"]})
    assert run("rotate_signing_key", "--list") == (0, said)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with nothing_left(tmp_path):
        code, said = run("verify_audit", "--keep-head", "--plan")
    assert (code, said["plan"], said["intact"], said["events"]) == (0, True, True, AuditEvent.objects.count())
    assert run("verify_audit", "--keep-head")[1]["intact"]
    file = tmp_path / "heads" / "heads.jsonl"
    file.write_text(file.read_text().replace('"seq": ', '"seq": 1'))
    code, said = run("verify_audit")
    assert (code, said["intact"], said["reasons"]) == (REFUSED, False, [said["problem"]])


def test_the_sql_of_the_roles_is_printed_without_a_database() -> None:
    """This test has no mark, so that a question to the database would fail it."""
    code, said = run("apply_database_roles", "--plan")
    assert (code, said["plan"], said["roles"]["app"]) == (0, True, "beacon_app")
    assert "GRANT USAGE ON SCHEMA public" in said["sql"]
    assert "CREATE ROLE" not in said["sql"]
    assert "CREATE ROLE beacon_owner" in run("apply_database_roles", "--found", "--plan")[1]["sql"]
    assert words("apply_database_roles", "--found", "--plan").startswith("-- For a superuser, once.")


@pytest.mark.django_db
@pytest.mark.xdist_group("database_roles")
def test_the_roles_are_made_granted_and_looked_at() -> None:
    assert run("apply_database_roles", "--found")[0] == 0
    assert run("apply_database_roles") == (0, {"roles": run("apply_database_roles", "--plan")[1]["roles"]})
    code, said = run("check_database_roles")
    assert code == REFUSED
    assert any("superuser" in one for one in said["too_much"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE beacon_app")
        assert run("check_database_roles") == (0, {"too_much": []})
        code, said = run("apply_database_roles", "--found")
        assert code == REFUSED
        assert "docs/runbook/deploy.md" in said["reasons"][0]
        cursor.execute("RESET ROLE")
