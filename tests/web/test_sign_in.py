"""The real sign-in page: the use notification before entering, and no password to guess."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_the_sign_in_page_notifies_and_offers_the_states_provider_alone(settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "state", "name": "State sign-in", "client_id": "beacon", "secret": "unused",
                    "settings": {"server_url": "http://127.0.0.1:9"},
                }
            ]
        }
    }  # fmt: skip
    page = Client().get(reverse("account_login")).content.decode()
    assert "Use notification" in page
    assert "Continue with State sign-in" in page
    assert 'type="password"' not in page


def test_nobody_signs_up_by_themselves() -> None:
    assert Client().get("/accounts/signup/").status_code in {302, 404}
