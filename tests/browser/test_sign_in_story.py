"""Signing in through the identity provider in a real browser, which has its own mind about where forms may lead."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, expect

from apps.accounts.models import RoleAssignment, Session
from apps.accounts.sessions import SessionStore
from apps.core import clock
from tests.factories.cast import World
from tests.identity.running import start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]
ERIN = {"email": "erin.administrator@mass.example", "name": "Erin Administrator"}


def test_erin_signs_in_proves_it_again_and_grants_a_role(
    browser: Browser, live_server: Any, settings: Any, tmp_path: Path
) -> None:
    World.build()
    cache.clear()
    with start(tmp_path, f"{live_server.url}/accounts/oidc/state/login/callback/") as provider:
        config = provider.provider()
        settings.IDENTITY_PROVIDERS = {"state": config}
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [config.allauth()]}}
        provider.knows(erin=ERIN)
        page = browser.new_context(base_url=live_server.url).new_page()
        page.goto("/accounts/login/?next=/access/roles/")
        expect(page.get_by_text("Use notification")).to_be_visible()
        page.get_by_role("button", name="Continue with State sign-in").press("Enter")
        page.get_by_role("button", name="erin").click()
        expect(page.get_by_role("heading", name="Roles")).to_be_visible()

        # A quarter of an hour later.
        key = Session.objects.get(user__email=ERIN["email"]).session_key
        session = SessionStore(key)
        session["proved_at"] = (clock.now() - timedelta(minutes=15)).isoformat()
        session.save()
        page.get_by_role("link", name="Grant a role").press("Enter")
        expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
        page.get_by_role("button", name="Confirm").press("Enter")
        page.get_by_role("button", name="erin").click()
        expect(page.get_by_role("heading", name="Grant a role")).to_be_visible()
        page.get_by_label("E-mail address or connection").fill("bob.employee@mass.example")
        page.get_by_label("Role", exact=False).first.select_option("auditor")
        page.get_by_label("Reason").fill("Joins the audit office")
        page.get_by_role("button", name="Grant the role").press("Enter")
        expect(page.locator("#messages").get_by_text("The role is in force.")).to_be_visible()
        assert RoleAssignment.objects.filter(user__email="bob.employee@mass.example", role="auditor").exists()
