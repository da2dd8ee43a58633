"""Every address by every role: who gets in, who is refused, and that no address was forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.actors import Role
from tests.factories.cast import World
from tests.web.samples import BY_RECORD, FOREIGN, PUBLIC, furnished, is_api, pages

pytestmark = pytest.mark.django_db

# Who stands for which role. Bob is an employee and nothing else.
PERSONS = {
    "erin": {Role.ADMINISTRATOR},
    "paula": {Role.PRIVACY},
    "audrey": {Role.AUDITOR},
    "alice": {Role.CONTACT},
    "lee": {Role.LEADER},
    "bob": {Role.EMPLOYEE},
}
# Addresses that answer only to a POST, and records that are in one person's sight but not in another's.
OK = {200, 302, 405}
# A record of one person's own, which not even their contact opens.
KEPT = {"reports:transparency", "reports:transparency-json"}  # public, the same for everybody: caches may keep it
OWN = {"terms:receipt", "terms:receipt-pdf", "accounts:token", "accounts:token-withdraw"}
# A form for people signed out needs a session for its token.
DOORS = {"accounts:break-glass"}


@pytest.fixture
def house(db: None) -> tuple[World, dict[str, dict[str, Any]]]:
    return furnished()


def client_of(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.users[name])
    return client


def test_every_view_has_a_rule() -> None:
    forgotten = [page.name for page in pages() if page.rule is None and page.name not in FOREIGN]
    assert forgotten == []


def test_what_is_open_to_people_signed_out_is_listed() -> None:
    opened = {page.name for page in pages() if page.rule is not None and page.rule.is_public}
    assert opened - FOREIGN == PUBLIC


@pytest.mark.parametrize(("name", "roles"), PERSONS.items(), ids=list(PERSONS))
def test_every_address_answers_every_role_as_its_rule_says(
    house: tuple[World, dict[str, dict[str, Any]]], name: str, roles: set[Role]
) -> None:
    world, parameters = house
    wrong, client = [], client_of(world, name)
    for page in pages():
        if page.name in FOREIGN or page.name == "accounts:sign-out":
            continue
        url = reverse(page.name, kwargs=parameters.get(page.name))
        assert page.rule is not None
        admitted = not page.rule.roles or bool(page.rule.roles & roles)
        status = client.get(url).status_code
        # Within an admitted page the record may still be outside the person's scope: then it does not exist.
        if page.name in OWN and admitted and not {Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR} & roles:
            continue  # tests/db/test_scoping.py says who sees it
        expected = OK | ({404} if name in {"lee", "bob", "audrey"} else set()) if admitted else {403}
        expected |= {403} if page.name in BY_RECORD else set()
        # One record of a noun: whose it is, tests/api/test_nouns.py says for every noun and everybody.
        expected |= {404} if page.name.startswith("nouns-api:") else set()
        # An interface for tokens alone does not know sessions.
        expected = {401} if page.rule.is_token_only else expected
        if status not in expected:
            wrong.append((page.name, status))
    assert wrong == []


def test_somebody_signed_out_gets_nowhere(house: tuple[World, dict[str, dict[str, Any]]]) -> None:
    _, parameters = house
    wrong = []
    for page in pages():
        if page.name in FOREIGN:
            continue
        response = Client().get(reverse(page.name, kwargs=parameters.get(page.name)))
        if page.name in PUBLIC:
            if response.status_code != 200 or (response.cookies and page.name not in DOORS):
                wrong.append((page.name, response.status_code))
            continue
        if is_api(page.name):
            turned_away = response.status_code == 401
        else:
            turned_away = response.status_code == 302 and "sign" in response["Location"]
        if not turned_away:
            wrong.append((page.name, response.status_code))
    assert wrong == []


def test_charlie_does_not_even_learn_that_records_of_agency_a_exist(
    house: tuple[World, dict[str, dict[str, Any]]],
) -> None:
    world, parameters = house
    client = client_of(world, "charlie")
    for name in ("console:person", "licenses:request", "licenses:seat", "rollout:place-attest"):
        assert client.get(reverse(name, kwargs=parameters[name])).status_code == 404, name
    withdrawn = client.post(reverse("licenses:withdraw", kwargs=parameters["licenses:withdraw"]))
    assert withdrawn.status_code == 404
    for name in ("licenses:requests", "licenses:seats", "agencies:people"):
        url = f"{reverse(name)}?state="
        file = client.post(f"{url}&format=csv", {"reason": "Request 7"})
        assert file["Content-Type"].startswith("text/csv")
        for page in (client.get(url).content.decode(), file.content.decode()):
            assert "Bob" not in page
            assert "Staff100" not in page


def test_lee_the_leader_finds_no_name_anywhere(house: tuple[World, dict[str, dict[str, Any]]]) -> None:
    world, parameters = house
    client = client_of(world, "lee")
    names = {"Bob Employee", "Employee, Bob", "Staff100", "Dana Employee"}
    for page in pages():
        if page.name in FOREIGN or page.rule is None or (page.rule.roles and Role.LEADER not in page.rule.roles):
            continue
        if page.name == "accounts:sign-out":
            continue
        text = client.get(reverse(page.name, kwargs=parameters.get(page.name))).content.decode()
        assert not [name for name in names if name in text], page.name


@pytest.mark.parametrize(("name", "roles"), PERSONS.items(), ids=list(PERSONS))
def test_post_is_refused_like_get(house: tuple[World, dict[str, dict[str, Any]]], name: str, roles: set[Role]) -> None:
    """A verb is guarded where it acts and not only where its button is shown."""
    world, parameters = house
    wrong = []
    client = client_of(world, name)
    for page in pages():
        if page.name in FOREIGN or page.rule is None or not page.rule.roles or page.rule.roles & roles:
            continue
        status = client.post(reverse(page.name, kwargs=parameters.get(page.name)), {}).status_code
        if status != 403:
            wrong.append((name, page.name, status))
    assert wrong == []


def test_headers_stand_on_every_answer(house: tuple[World, dict[str, dict[str, Any]]]) -> None:
    world, parameters = house
    client = client_of(world, "erin")
    for page in pages():
        if page.name == "accounts:sign-out" or page.name.startswith(("openid", "saml")):
            continue
        response = client.get(reverse(page.name, kwargs=parameters.get(page.name)))
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy, page.name
        assert "unsafe" not in policy
        assert response["X-Frame-Options"] == "DENY"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in response["Permissions-Policy"]
        if page.name not in FOREIGN | KEPT:
            assert "no-store" in response["Cache-Control"], page.name
