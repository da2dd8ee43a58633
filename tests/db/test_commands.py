"""What operators type: each command has its help and its line in the docs; exit codes, JSON, and plans that change nothing."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError
from django.test import override_settings

from apps.accounts import token_services
from apps.accounts.actors import Role
from apps.accounts.models import ApiToken, RoleAssignment
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.commands import REFUSED, WAITS, OperatorCommand
from apps.core.tasks import TICKED
from apps.licenses.models import EmergencyStop
from apps.training.models import Course
from apps.vendors.models import Operation
from config.identity import IdentityProvider
from tests.factories.cast import World
from tests.factories.commands import nothing_left, run, words

OURS = sorted(name for name, app in get_commands().items() if str(app).startswith("apps."))
DOCS = Path(__file__).parents[2] / "docs" / "commands.md"
# A name is a verb and what it is done to.
VERBS = {
    "apply", "check", "create", "end", "export", "fetch", "grant", "import", "lift", "list", "load", "make", "record", "retry", "rotate",
    "seed", "stop", "sync", "verify", "withdraw", "write",
}  # fmt: skip


def options_of(command: BaseCommand) -> set[str]:
    """The options that it knows, by their long names."""
    actions = command.create_parser("manage.py", "x")._actions
    return {name for action in actions for name in action.option_strings if name.startswith("--")}


@pytest.mark.parametrize("name", OURS)
def test_every_command_says_what_it_is_for(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    assert command.help
    assert name.partition("_")[0] in VERBS
    assert isinstance(command, OperatorCommand)
    options = options_of(command) - options_of(BaseCommand())
    assert "--json" in options
    assert ("--as" in options) == command.changes
    assert ("--plan" in options) == (command.changes or command.writes)
    told = next(line for line in DOCS.read_text().splitlines() if line.startswith((f"| `{name}`", f"| `{name} ")))
    assert set(re.findall(r"--[a-z-]+", told)) == options


@pytest.mark.django_db
def test_registers_by_command(world: World, tmp_path: Path) -> None:
    file = tmp_path / "courses.csv"
    file.write_text("code,title\nN-1,New\nAI-101,Renamed\n")
    events = AuditEvent.objects.count()
    code, said = run("import_register", "courses", file, "--plan")
    assert (code, said["plan"], said["added"], said["changed"]) == (0, True, 1, 1)
    assert AuditEvent.objects.count() == events
    assert run("import_register", "courses", file)[0] == WAITS
    assert run("import_register", "courses", file, "--number", 3, "--reason", "x")[0] == REFUSED
    code, said = run(
        "import_register", "courses", file, "--number", 2, "--reason", "x", "--as", "erin.administrator@mass.example"
    )
    assert (code, said["state"]) == (0, "applied")
    assert Course.objects.get(code="AI-101").title == "Renamed"
    assert AuditEvent.objects.get(verb="training.course.revised").actor_name == "Erin Administrator"
    assert (
        run("import_register", "courses", file, "--number", 0, "--reason", "x", "--as", "bob.employee@mass.example")[0]
        == REFUSED
    )
    assert run("import_register", "courses", tmp_path / "none.csv")[0] == REFUSED
    out = tmp_path / "out.json"
    assert run("export_register", "courses", "--out", out, "--form", "json", "--plan")[0] == 0
    assert not out.exists()
    code, said = run("export_register", "courses", "--out", out, "--form", "json")
    assert (code, said["rows"], len(json.loads(out.read_text()))) == (0, 2, 2)
    assert run("export_register", "contacts", "--out", out)[0] == REFUSED
    assert run("export_register", "contacts", "--out", out, "--reason", "Audit")[0] == 0


@pytest.mark.django_db
def test_agencies_are_loaded_by_command(world: World, tmp_path: Path) -> None:
    file = tmp_path / "agencies.csv"
    file.write_text("code,name,parent_code,planned_headcount\nCCC,Council,,5\n")
    assert run("load_agencies", file, "--plan") == (0, {"plan": True, "changed": 1})
    assert run("load_agencies", file) == (0, {"changed": 1})
    assert run("load_agencies", file) == (0, {"changed": 0})
    assert run("load_agencies", file, "--as", "bob.employee@mass.example")[0] == REFUSED
    assert run("load_agencies", tmp_path / "none.csv")[0] == REFUSED


@pytest.mark.django_db
def test_wrong_usage_is_refused_by_the_parser() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("import_register", "nothing", "x.csv")


@pytest.mark.django_db
def test_tokens_connections_and_roles(world: World) -> None:
    token, _ = token_services.token_create(actor=world.erin, owner=world.users["erin"], name="Script", scopes=["read"])
    assert [one["id"] for one in run("list_tokens")[1]["tokens"]] == [token.pk]
    assert run("withdraw_token", token.pk, "--reason", "Lost", "--plan")[0] == 0
    assert ApiToken.objects.get().withdrawn_at is None
    assert run("withdraw_token", token.pk, "--reason", "Lost")[0] == 0
    assert run("list_tokens")[1]["tokens"] == []
    assert run("withdraw_token", 0, "--reason", "x")[0] == REFUSED
    token_services.connection_create(actor=world.erin, name="HR feed", reason="x")
    assert run("list_connections")[1]["connections"][0]["name"] == "HR feed"

    bob, erin = "bob.employee@mass.example", "erin.administrator@mass.example"
    held = RoleAssignment.objects.filter(user=world.users["bob"])
    assert run("grant_role", bob, "auditor", "--reason", "x", "--plan")[0] == 0
    assert not held.exists()
    assert run("grant_role", bob, "auditor", "--reason", "x")[0] == 0
    assert run("grant_role", bob, "privacy_officer", "--reason", "x", "--as", erin)[0] == WAITS
    assert run("grant_role", "nobody@mass.example", "auditor", "--reason", "x")[0] == REFUSED
    of_bob = run("list_roles", bob)[1]["roles"]
    assert {(one["role"], one["state"]) for one in of_bob} == {
        ("auditor", "in_force"),
        ("privacy_officer", "to_confirm"),
    }
    assert "waits for a second administrator" in words("list_roles", bob)
    assert {one["email"] for one in run("list_roles", "--role", "administrator")[1]["roles"]} >= {erin}
    assert run("list_roles", "nobody@mass.example")[0] == REFUSED
    assert run("end_role", bob, "auditor", "--reason", "x")[1]["ended"] == 1
    assert [one["role"] for one in run("list_roles", bob)[1]["roles"]] == ["privacy_officer"]
    assert "ended" in {one["state"] for one in run("list_roles", bob, "--all")[1]["roles"]}
    assert not held.filter(role=Role.AUDITOR, ended_at=None).exists()
    assert run("end_role", bob, "auditor", "--reason", "x")[0] == REFUSED


@pytest.mark.django_db
def test_access_stops_and_comes_back_by_command(world: World, tmp_path: Path) -> None:
    world.holder(world.employee("A003"))
    code, said = run("stop_access", "agency:aaa", "--reason", "Breach", "--plan")
    assert (code, said["people"]) == (0, 1)
    assert not EmergencyStop.objects.exists()
    assert run("stop_access", "agency:AAA", "--reason", "Breach")[0] == REFUSED
    assert run("stop_access", "agency:AAA", "--reason", "Breach", "--number", 1)[0] == 0
    assert run("stop_access", "person:A003", "--reason", "Lost laptop")[0] == 0
    assert run("stop_access", "phase:9", "--reason", "x")[0] == REFUSED
    assert EmergencyStop.objects.count() == 2

    of_agency = run("list_stops")[1]["stops"][-1]
    assert (of_agency["whom"], of_agency["people"], of_agency["reason"]) == ("Agency of Apples", 1, "Breach")
    lift = ("lift_stop", of_agency["id"], "--reason", "It was a drill")
    with nothing_left(tmp_path):
        assert run(*lift, "--plan") == (
            0,
            {"plan": True, "id": of_agency["id"], "scope": "agency", "whom": "Agency of Apples"},
        )
        assert run(*lift, "--as", "bob.employee@mass.example")[0] == REFUSED
        assert run("lift_stop", 0, "--reason", "x")[0] == REFUSED
    assert run(*lift, "--as", "paula.privacy@mass.example")[0] == 0
    assert EmergencyStop.objects.get(lifted_by="Paula Privacy").pk == of_agency["id"]
    assert [one["scope"] for one in run("list_stops")[1]["stops"]] == ["person"]
    assert len(run("list_stops", "--all")[1]["stops"]) == 2
    assert "(lifted)" in words("list_stops", "--all")
    assert run(*lift)[0] == REFUSED


@pytest.mark.django_db
def test_operations_are_tried_again(world: World) -> None:
    workspace = world.with_vendor("http://127.0.0.1:9/v1")
    stuck = Operation.objects.create(workspace=workspace, kind="invite", target="t", cause="test")
    for state in ("running", "needs_attention"):
        Operation.objects.filter(pk=stuck.pk).update(state=state)
    listed = run("list_operations", "--state", "needs_attention", "--workspace", "main")[1]
    assert (listed["number"], [one["id"] for one in listed["operations"]]) == (1, [stuck.pk])
    assert run("list_operations", "--state", "done")[1] == {"number": 0, "operations": []}
    assert "needs_attention: invite t (main)" in words("list_operations")
    assert run("retry_operations", "--reason", "Back", "--plan")[1]["operations"] == [stuck.pk]
    assert Operation.objects.get().state == Operation.State.NEEDS_ATTENTION
    assert run("retry_operations", "--reason", "Back", "--workspace", "main")[1]["operations"] == [stuck.pk]
    assert Operation.objects.get().state == Operation.State.PENDING


@pytest.mark.django_db
def test_health_names_what_is_wrong(world: World) -> None:
    cache.set(TICKED, clock.now())
    code, said = run("check_health")
    assert (code, said["healthy"]) == (0, True), said
    cache.set(TICKED, clock.now() - timedelta(hours=1))
    world.with_vendor("http://127.0.0.1:9/v1")
    code, said = run("check_health")
    assert code == REFUSED
    assert {one["name"] for one in said["checks"] if not one["well"]} == {"last tick", "workspace main"}


class Answered(SimpleNamespace):
    headers: dict[str, str] = {}
    content = b""

    def json(self) -> Any:
        return self.body

    def raise_for_status(self) -> None:
        pass


@pytest.mark.django_db
def test_identity_providers_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = IdentityProvider(id="state", kind="oidc", name="State", issuer="https://id.example")
    saml = IdentityProvider(id="old", kind="saml", name="Old", entity_id="urn:x", metadata_url="https://old.example/m")
    document = {"issuer": "https://id.example", "jwks_uri": "https://id.example/keys"}

    def get(address: str, **_: Any) -> Answered:
        if "old" in address:
            return Answered(content=b"<E xmlns:d='urn:d' entityID='urn:x'><d:X509Certificate/></E>")
        if address.endswith("/keys"):
            return Answered(body={"keys": [{}]})
        return Answered(body=document, headers={})

    monkeypatch.setattr(requests, "get", get)
    with override_settings(IDENTITY_PROVIDERS={"state": provider, "old": saml}):
        code, said = run("check_sign_in")
        assert (code, [one["problem"] for one in said["providers"]]) == (0, ["", ""])
        assert said["providers"][0]["redirect"].endswith("/accounts/oidc/state/login/callback/")
        document["issuer"] = "https://other.example"
        assert run("check_sign_in", "state")[0] == REFUSED
        assert run("check_sign_in", "old")[0] == 0
        assert run("check_sign_in", "unknown")[0] == REFUSED

        def away(address: str, **_: Any) -> Answered:
            raise requests.ConnectionError(address)

        monkeypatch.setattr(requests, "get", away)
        code, said = run("check_sign_in")
        assert code == REFUSED
        assert "does not answer" in said["reasons"][0]

        def unknown_authority(address: str, **_: Any) -> Answered:
            raise requests.exceptions.SSLError(address)

        monkeypatch.setattr(requests, "get", unknown_authority)
        assert "REQUESTS_CA_BUNDLE" in run("check_sign_in")[1]["reasons"][0]
