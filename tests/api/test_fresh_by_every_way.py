"""What a page asks a fresh sign-in for, the interface asks it for too: there is no way round by another address."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.core import clock
from tests.web.samples import furnished
from tests.web.test_matrix import client_of
from tests.web.test_tokens import bearing, made

pytestmark = pytest.mark.django_db

# Verbs behind the sensitive pages, with what they must be sent to get as far as the service.
REASON: dict[str, object] = {"reason": "Because", "number": 1}
VERBS_OF_SENSITIVE_PAGES: dict[str, dict[str, object]] = {
    "roster-runs-release": REASON, "sync-runs-release": REASON, "access-reviews-close": {}, "reclaim-runs-confirm": REASON,
    "webhooks-pause": REASON, "webhooks-resume": REASON, "webhooks-end": REASON,
    "webhooks-replay": REASON | {"since": clock.now().isoformat()}, "webhook-deliveries-replay": REASON,
    "roles-confirm": {}, "roles-review": REASON, "roles-end": REASON, "people-end-sign-ins": {},
    "role-mappings-confirm": {}, "role-mappings-end": REASON, "stops-lift": REASON,
    "people": {"email": "ann@audit.example", "name": "Ann Audit"},
}  # fmt: skip
# Programs may do these with a token of an administrator (docs/webhooks.md, docs/runbook/sign-in.md).
BY_TOKEN = {"people"} | {name for name in VERBS_OF_SENSITIVE_PAGES if name.startswith("webhook")}


def test_an_old_sign_in_gets_no_further_by_the_interface_than_by_the_page() -> None:
    world, parameters = furnished()
    client = client_of(world, "erin")
    session = client.session
    session["proved_at"] = ""
    session.save()
    _, text = made(world, "erin", "read", "write")
    wrong = []
    for name, body in VERBS_OF_SENSITIVE_PAGES.items():
        address = reverse(f"nouns-api:{name}", kwargs=parameters.get(f"nouns-api:{name}"))
        for way, caller in (("session", client), ("token", bearing(text))):
            answer = caller.post(address, body, content_type="application/json")
            is_asked = answer.json().get("type") == "urn:beacon:fresh_sign_in_needed"
            if is_asked == (way == "token" and name in BY_TOKEN):
                wrong.append((name, way, answer.status_code, answer.json()))
    assert wrong == []


def test_one_ends_ones_own_sign_ins_with_an_old_one() -> None:
    world, _ = furnished()
    client = client_of(world, "bob")
    session = client.session
    session["proved_at"] = ""
    session.save()
    answer = client.post(
        f"/api/v1/people/{world.users['bob'].email}/end-sign-ins/", {}, content_type="application/json"
    )
    assert answer.json() == {"number": 1}
