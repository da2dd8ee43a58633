"""The real sign-in page: the use notification before entering, and no password to guess."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import SignIn, User
from config.identity import IdentityProvider
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


def test_the_sign_in_page_notifies_and_offers_the_states_provider_alone(settings: Any) -> None:
    config = IdentityProvider(
        id="state", kind="oidc", name="State sign-in", issuer="http://127.0.0.1:9", client_id="beacon"
    )
    settings.IDENTITY_PROVIDERS = {"state": config}
    page = Client().get(reverse("account_login")).content.decode()
    assert "Use notification" in page
    assert "Continue with State sign-in" in page
    assert 'type="password"' not in page


def test_nobody_signs_up_by_themselves() -> None:
    assert Client().get("/accounts/signup/").status_code == 404


def test_erin_makes_an_outside_auditor_known_once(world: World) -> None:
    erin, ann = client_of(world, "erin"), {"name": "Ann Audit", "email": "ann@audit.example"}
    assert "Make somebody known" in erin.get("/access/roles/").content.decode()
    assert "Ann Audit can sign in now" in erin.post("/access/people/new/", ann, follow=True).content.decode()
    assert User.objects.get(email="ann@audit.example").role_assignments.count() == 0
    for again in ("ann@audit.example", "Ann@Audit.example"):
        assert "known already" in erin.post("/access/people/new/", ann | {"email": again}).content.decode()
        answer = erin.post("/api/v1/people/", ann | {"email": again}, content_type="application/json")
        assert answer.status_code == 409
        assert "known already" in answer.json()["reasons"][0]["text"]
    role = {"who": "ann@audit.example", "role": "auditor", "reason": "Audit of 2026"}
    assert erin.post("/access/roles/new/", role)["Location"].startswith("/access/roles/")
    assert client_of(world, "audrey").get("/access/people/new/").status_code == 403


def test_the_list_of_sign_ins_names_the_way_in_words(world: World, settings: Any) -> None:
    settings.IDENTITY_PROVIDERS = {"state": IdentityProvider(id="state", kind="oidc", name="State sign-in")}
    for method in ("oidc:state", "saml:gone", "break-glass"):
        SignIn.objects.create(user=world.users["bob"], method=method, outcome="done")
    erin = client_of(world, "erin")
    page = erin.get("/access/sign-ins/").content.decode()
    for words in ("State sign-in (OpenID Connect)", "gone (SAML)", "Break glass"):
        assert words in page
    assert "gone (SAML)" not in erin.get("/access/sign-ins/?method=oidc:state").content.decode()
