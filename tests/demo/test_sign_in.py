"""Signing in as the cast: one click for each, nobody else, and onward to places of ours only."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from apps.accounts.actors import SYSTEM
from demo.cast import BY_KEY, CAST

pytestmark = pytest.mark.django_db
PAGE = "/demo/sign-in/"


@pytest.fixture
def cast(db: None) -> None:
    for person in CAST:
        services.user_create(actor=SYSTEM, email=person.email, name=person.name)


def test_the_page_has_a_card_for_each_and_says_what_it_is(client: Client, cast: None) -> None:
    text = client.get(PAGE).content.decode()
    for person in CAST:
        assert person.name in text
        assert f'value="{person.key}"' in text
    assert "demonstration" in text


@pytest.mark.parametrize("key", sorted(BY_KEY))
def test_one_click_signs_in(client: Client, cast: None, key: str) -> None:
    answer = client.post(PAGE, {"person": key})
    assert (answer.status_code, answer["Location"]) == (302, reverse("console:home"))
    assert client.get(reverse("console:home")).status_code == 200
    assert BY_KEY[key].name in client.get(reverse("console:home")).content.decode()


@pytest.mark.parametrize("key", ["", "root", "erin.walsh@mass.example", "system"])
def test_nobody_else_is_signed_in(client: Client, cast: None, key: str) -> None:
    client.post(PAGE, {"person": key})
    assert client.get(reverse("console:home")).status_code == 302


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/phases/", "/phases/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_onward_stays_with_us(client: Client, cast: None, wanted: str, there: str) -> None:
    assert client.post(PAGE, {"person": "erin", "next": wanted})["Location"] == there


def test_changing_the_person_ends_the_session_of_the_one_before(client: Client, cast: None) -> None:
    client.post(PAGE, {"person": "erin"})
    before = client.session.session_key
    client.post(PAGE, {"person": "bob"})
    assert client.session.session_key != before
    assert BY_KEY["erin"].name not in client.get(reverse("console:home")).content.decode()


def test_a_forged_form_is_refused(cast: None) -> None:
    assert Client(enforce_csrf_checks=True).post(PAGE, {"person": "erin"}).status_code == 403
