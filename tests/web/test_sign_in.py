"""The real sign-in page: the use notification before entering, and no password to guess."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.identity import IdentityProvider

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
