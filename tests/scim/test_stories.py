"""Microsoft Entra ID keeps the directory: people join, move, leave and come back, by the rules of the HR file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import token_services as tokens
from apps.agencies import roster_services
from apps.agencies.models import Employee, FeedChange, RosterLine, RosterRun
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.licenses.models import Seat
from apps.scim.schemas import ENTERPRISE
from apps.vendors.models import Operation
from tests.factories.cast import World, import_rows, row
from tests.factories.scim import BULK, Provider, crowd, entra_user, replace
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
DEPARTMENT, MANAGER = f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager"


def key_of(world: World, number: str) -> str:
    return str(world.employee(number).key)


def join(provider: Provider, *person: str, **more: Any) -> Any:
    answer = provider.post(entra_user(*person, **more))
    assert answer.status_code == 201, answer.content
    return answer.json()


def verbs() -> list[str]:
    return list(AuditEvent.objects.filter(actor_name="Entra").order_by("pk").values_list("verb", flat=True))


# ---- joining, changing, leaving --------------------------------------------------------------------------


def test_entra_creates_dina_and_changes_her_with_the_payloads_it_is_known_for(world: World) -> None:
    entra = Provider(world)
    assert entra.find('userName eq "dina.new.n001@mass.example"')["totalResults"] == 0
    made = join(entra, "N001", "Dina", "New", "BBB")
    assert made["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]
    assert "phoneNumbers" not in made
    dina = world.employee("N001")
    assert (dina.source, dina.agency.code, dina.email, dina.external_id) == (
        "scim", "BBB", "dina.new.n001@mass.example", "object-N001",
    )  # fmt: skip
    boss = key_of(world, "B001")
    answer = entra.patch(
        made["id"],
        replace(DEPARTMENT, "AAA"),
        replace('emails[type eq "work"].value', "Dina@mass.example", op="Add"),
        replace("title", "Chief", op="Add"),
        replace(MANAGER, boss, op="Add"),
        replace('phoneNumbers[type eq "mobile"].value', "555", op="Add"),
        replace("displayName", "Dina N."),
    )
    assert answer.status_code == 204, answer.content
    dina = world.employee("N001")
    assert (dina.agency.code, dina.email, dina.title, dina.manager_ref) == ("AAA", "dina@mass.example", "Chief", "B001")
    # A whole object without a path, with dotted and qualified names.
    dotted = {"name.familyName": "Newer", DEPARTMENT: "BBB", "active": "True"}
    assert entra.patch(made["id"], {"op": "Replace", "value": dotted}).status_code == 204
    assert entra.patch(made["id"], {"op": "Remove", "path": MANAGER}).status_code == 204
    dina = world.employee("N001")
    assert (dina.last_name, dina.agency.code, dina.manager_ref) == ("Newer", "BBB", "")
    assert verbs() == [
        "agencies.employee.joined", "agencies.employee.moved", "agencies.employee.moved", "agencies.employee.changed",
    ]  # fmt: skip


def test_false_as_text_separates_bob_and_his_seat_goes_back_at_once(world: World) -> None:
    world.with_vendor("http://127.0.0.1:9/v1")
    entra, seat = Provider(world), world.holder(world.employee("A003"))
    assert seat.state == "granted"
    assert Operation.objects.get(employee=seat.employee, kind="invite").state == "pending"
    assert entra.patch(key_of(world, "A003"), replace("active", "False")).status_code == 204
    bob = world.employee("A003")
    assert (bob.status, bob.end_on, bob.source) == ("separated", clock.today(), "hr")
    assert Seat.objects.get(pk=seat.pk).state == "released"
    # What the vendor was to be asked follows the decision in the same transaction.
    assert not Operation.objects.filter(employee=bob, kind="invite", state="pending").exists()
    assert "agencies.employee.separated" in verbs()
    assert entra.get(f"/Users/{bob.key}").json()["active"] is False
    # He is found by his name, comes back with the next word, and the next HR file has the last one.
    assert entra.find(f'userName eq "{bob.email.upper()}"')["Resources"][0]["id"] == str(bob.key)
    assert entra.patch(bob.key, replace("active", "True")).status_code == 204
    assert (world.employee("A003").status, world.employee("A003").end_on) == ("active", None)
    # A change through SCIM leaves no digest behind: the next HR file looks at Bob again.
    assert import_rows(world.rows).counts["changes"] == 1


def test_somebody_deleted_is_only_separated_and_comes_back_as_the_same_person(world: World) -> None:
    entra = Provider(world)
    made = join(entra, "N001", "Dina", "New", "BBB")
    assert entra.call("DELETE", f"/Users/{made['id']}").status_code == 204
    assert entra.get(f"/Users/{made['id']}").status_code == 404
    assert entra.find('userName eq "dina.new.n001@mass.example"')["totalResults"] == 0
    assert world.employee("N001").status == "separated"
    again = join(entra, "N001", "Dina", "Newer", "AAA")
    assert again["id"] == made["id"]
    assert Employee.objects.filter(employee_id="N001", status="active", last_name="Newer").count() == 1
    assert verbs()[-2:] == ["agencies.employee.withdrawn", "agencies.employee.joined"]


@pytest.mark.parametrize(
    ("change", "status", "kind", "text"),
    [
        ({ENTERPRISE: {"employeeNumber": "N1", "department": "NOPE"}}, 400, "invalidValue", "department NOPE"),
        ({ENTERPRISE: {"employeeNumber": "a b", "department": "AAA"}}, 400, "invalidValue", "employeeNumber"),
        ({"title": "=1+1"}, 400, "invalidValue", "formula"),
        ({"emails": [{"value": "nobody", "type": "work"}]}, 400, "invalidValue", ""),
        ({"emails": []}, 400, "invalidValue", ""),
        ({"active": "perhaps"}, 400, "invalidValue", ""),
        ({"emails": [{"value": "Bob.Employee.A003@mass.example", "type": "work"}]}, 409, "uniqueness", "e-mail"),
        ({ENTERPRISE: {"employeeNumber": "A003", "department": "AAA"}}, 409, "uniqueness", "employee id"),
    ],
)
def test_what_the_hr_file_would_refuse_is_refused_with_its_reason(
    world: World, change: dict[str, Any], status: int, kind: str, text: str
) -> None:
    answer = Provider(world).post(entra_user("N001", "Dina", "New", "BBB", **change))
    assert (answer.status_code, answer.json()["scimType"]) == (status, kind), answer.content
    assert answer["Content-Type"] == "application/scim+json"
    assert text in answer.json()["detail"]
    assert not Employee.objects.filter(employee_id="N001").exists()


def test_an_agency_that_was_closed_takes_nobody_and_lets_people_go(world: World) -> None:
    entra = Provider(world)
    world.b.is_active = False
    world.b.save()
    assert entra.post(entra_user("N001", "Dina", "New", "BBB")).status_code == 400
    assert entra.patch(key_of(world, "B003"), replace("active", False)).status_code == 204


def test_a_former_persons_address_leads_to_its_new_holder_alone(world: World) -> None:
    entra = Provider(world)
    entra.patch(key_of(world, "B003"), replace("active", False))
    address = world.employee("B003").email
    heir = entra_user("N001", "Dana", "Employee", "BBB")
    heir["emails"][0]["value"] = heir["userName"] = address
    made = entra.post(heir).json()
    assert [one["id"] for one in entra.find(f'userName eq "{address}"')["Resources"]] == [made["id"]]


# ---- who may --------------------------------------------------------------------------------------------


def test_only_a_token_of_a_connection_with_the_scope_opens_the_door(world: World) -> None:
    entra = Provider(world)
    bare = Client().get("/scim/v2/Users")
    assert (bare.status_code, bare["Content-Type"]) == (401, "application/scim+json")
    assert bare["WWW-Authenticate"].startswith("Bearer")
    assert bare.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert client_of(world, "erin").get("/scim/v2/Users").status_code == 401
    _, reads = tokens.token_create(actor=world.erin, owner=world.users["erin"], name="x", scopes=["read", "write"])
    other = Client(headers={"Authorization": f"Bearer {reads}"}).get("/scim/v2/Users")
    assert (other.status_code, other["Content-Type"]) == (403, "application/scim+json")
    assert entra.get("/Users").status_code == 200
    tokens.token_withdraw(actor=world.erin, token=entra.token, reason="Replaced")
    assert entra.get("/Users").status_code == 401


def test_groups_are_read_only_and_tell_who_holds_a_seat(world: World) -> None:
    entra, bob = Provider(world), world.employee("A003")
    world.holder(bob)
    listed = {one["id"]: one["displayName"] for one in entra.get("/Groups").json()["Resources"]}
    assert listed == {
        "agency-AAA": "Agency of Apples", "agency-BBB": "Bureau of Berries", "seats-main": "Seat holders of main",
    }  # fmt: skip
    assert "members" not in entra.get("/Groups/seats-main").json()
    seats = entra.get("/Groups/seats-main?attributes=displayName,members").json()
    assert [(one["value"], one["type"]) for one in seats["members"]] == [(str(bob.key), "User")]
    assert seats["members"][0]["$ref"].endswith(f"/scim/v2/Users/{bob.key}")
    found = entra.find(f'members eq "{bob.key}"', "/Groups")
    assert {one["id"] for one in found["Resources"]} == {"agency-AAA", "seats-main"}
    assert entra.find('members.display co "Bob"', "/Groups")["scimType"] == "invalidFilter"
    for method, path in (("POST", "/Groups"), ("PUT", "/Groups/agency-AAA"), ("PATCH", "/Groups/agency-AAA")):
        answer = entra.call(method, path, {"schemas": [], "displayName": "x"})
        assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert entra.call("DELETE", "/Groups/seats-main").status_code == 405
    assert entra.get("/Me").status_code == 501


# ---- holding --------------------------------------------------------------------------------------------


def small(world: World) -> list[Employee]:
    """Agency B with 20 more people: of 24, three may leave within 24 hours."""
    return crowd(world.b, 20)


def remove(entra: Provider, people: list[Employee]) -> list[int]:
    return [entra.patch(one.key, replace("active", "False")).status_code for one in people]


def test_too_many_separations_are_held_and_a_person_decides(world: World) -> None:
    entra, people = Provider(world), small(world)
    assert remove(entra, people[:5]) == [204, 204, 204, 409, 409]
    assert Employee.objects.filter(status="separated").count() == 3
    run = RosterRun.objects.get(source="scim")
    assert (run.state, run.leavers, run.proposed_by) == ("held", 2, "Entra")
    assert "BBB" in run.hold_reasons[0]
    # Asked again, nothing is doubled; the resource says what is true; changes of others go on.
    assert remove(entra, people[3:4]) == [409]
    assert RosterRun.objects.get(source="scim").leavers == 2
    assert entra.get(f"/Users/{people[3].key}").json()["active"] is True
    assert entra.patch(people[6].key, replace("title", "Chief")).status_code == 204
    detail = entra.patch(people[4].key, replace("active", False)).json()["detail"]
    assert f"import {run.pk}" in detail
    page = client_of(world, "erin").get(reverse("scim:overview")).content.decode()
    assert reverse("agencies:run", args=[run.pk]) in page
    assert "2 separations held" in page
    assert "Entra" in client_of(world, "audrey").get(reverse("agencies:run", args=[run.pk])).content.decode()
    run = roster_services.roster_release(actor=world.erin, run=run, number=2, reason="The office was closed")
    assert roster_services.roster_work(run.pk) == "applied"
    assert Employee.objects.filter(status="separated").count() == 5
    # What Entra sends again is true by now.
    assert remove(entra, people[3:5]) == [204, 204]


def test_a_newer_hr_file_makes_held_separations_neither_stale_nor_the_measure_of_the_next_file(world: World) -> None:
    entra, people = Provider(world), small(world)
    remove(entra, people[:4])
    run = RosterRun.objects.get(source="scim")
    Employee.objects.filter(pk__in=[one.pk for one in people]).update(source="scim")
    assert import_rows([*world.rows, row("A900", "Amy", "New", "AAA")]).state == "applied"
    run = roster_services.roster_release(actor=world.erin, run=run, number=1, reason="Right")
    assert roster_services.roster_work(run.pk) == "applied"
    assert import_rows([*world.rows, row("A900", "Amy", "New", "AAA")]).hold_reasons == []


def test_whom_a_person_decided_to_keep_is_held_again_however_often_the_feed_asks(world: World) -> None:
    entra, people = Provider(world), small(world)
    remove(entra, people[:4])
    roster_services.roster_discard(actor=world.erin, run=RosterRun.objects.get(source="scim"), reason="A wrong filter")
    FeedChange.objects.update(at=clock.now() - timedelta(hours=25))
    assert remove(entra, people[3:4]) == [409]
    assert "keep" in RosterRun.objects.get(source="scim", state="held").hold_reasons[0]
    # While anything is held, all that follows is held with it: one decision for one mistake.
    assert remove(entra, people[5:6]) == [409]
    assert RosterLine.objects.filter(run__source="scim", run__state="held").count() == 2


def test_deleting_counts_as_separating(world: World) -> None:
    entra, people = Provider(world), small(world)
    codes = [entra.call("DELETE", f"/Users/{one.key}").status_code for one in people[:5]]
    assert codes == [204, 204, 204, 409, 409]
    assert entra.get(f"/Users/{people[4].key}").status_code == 200


def test_a_bulk_request_meets_the_same_rule_operation_by_operation(world: World) -> None:
    entra, people = Provider(world), small(world)
    operations: list[dict[str, Any]] = [
        {"method": "PATCH", "path": f"/Users/{one.key}", "data": {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [replace("active", "False")],
        }} for one in people[:4]
    ]  # fmt: skip
    operations.append(
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": entra_user("N1", "Dina", "New", "BBB")}
    )
    answer = entra.post({"schemas": [BULK], "Operations": operations}, "/Bulk")
    assert [one["status"] for one in answer.json()["Operations"]] == ["200", "200", "200", "409", "201"], answer.content
    assert world.employee("N1").first_name == "Dina"
    many = {"schemas": [BULK], "Operations": [operations[-1]] * 1001}
    assert entra.post(many, "/Bulk").status_code == 413
