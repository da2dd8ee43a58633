"""Sign-in by SAML: signed assertions open the door, forged, stale and recorded ones do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import SignIn
from apps.core import clock
from tests.factories.cast import World
from tests.identity.running import address_of
from tests.identity.saml import SamlProvider

pytestmark = pytest.mark.django_db
ERIN = "erin.administrator@mass.example"


@pytest.fixture(scope="module")
def _made() -> SamlProvider:
    return SamlProvider()


@pytest.fixture
def provider(_made: SamlProvider, settings: Any) -> Iterator[SamlProvider]:
    settings.ALLOWED_HOSTS = ["beacon.example"]
    settings.IDENTITY_PROVIDERS = {"courts": _made.config()}
    settings.SOCIALACCOUNT_PROVIDERS = {"saml": {"APPS": [_made.config().allauth()]}}
    cache.clear()
    yield _made
    cache.clear()


def sign_in(client: Client, provider: SamlProvider, email: str = ERIN, *, at: str = "/accounts/saml/courts/login/", then: str = "", **lie: Any) -> Any:  # fmt: skip
    sent = client.post(at, {"next": then})
    return deliver(client, provider.answer(address_of(sent), email, **lie))


def browser() -> Client:
    """One that calls Beacon by its name: SAML is about addresses."""
    return Client(headers={"Host": "beacon.example"})


def deliver(client: Client, answer: str) -> Any:
    """The browser posts the answer; Beacon takes it up at an address of its own."""
    posted = client.post("/accounts/saml/courts/acs/", {"SAMLResponse": answer})
    return client.get(posted["Location"])


def check_of(answer: Any) -> str:
    assert answer.status_code == 401, answer.status_code
    attempt = SignIn.objects.latest("pk")
    assert f"<strong>{attempt.check_failed}</strong>" in answer.content.decode()
    return attempt.check_failed


def test_erin_signs_in_with_a_signed_assertion(world: World, provider: SamlProvider) -> None:
    client = browser()
    answer = sign_in(client, provider, then="/phases/")
    assert answer["Location"] == "/phases/"
    assert client.get("/phases/").status_code == 200
    assert SignIn.objects.latest("pk").method == "saml:courts"
    assert client.get("/access/roles/new/").status_code == 200, "she proved a moment ago who she is"


LIES: list[tuple[str, dict[str, Any]]] = [
    ("another key", {"key": None}),
    ("altered after signing", {"after": "eve.administrator@mass.example"}),
    ("another audience", {"audience": "https://other.example/metadata"}),
    ("another issuer", {"issuer": "https://evil.example/metadata"}),
    ("another address", {"acs": "https://other.example/acs/"}),
    ("run out", {"ends": -600}),
    ("not yet", {"begins": 3600}),
]


@pytest.mark.parametrize(("what", "lie"), LIES, ids=[what for what, _ in LIES])
def test_a_forged_or_stale_assertion_opens_nothing(
    world: World, provider: SamlProvider, what: str, lie: dict[str, Any]
) -> None:
    if lie.get("key", "") is None:
        lie = {"key": SamlProvider().key}
    client = browser()
    assert check_of(sign_in(client, provider, **lie)) == "assertion"
    assert "_auth_user_id" not in client.session


def test_a_recorded_answer_and_one_that_nobody_asked_for_open_nothing(world: World, provider: SamlProvider) -> None:
    client = browser()
    sent = client.post("/accounts/saml/courts/login/")
    answer = provider.answer(address_of(sent), ERIN)
    assert deliver(client, answer).status_code == 302
    assert check_of(deliver(client, answer)) == "state"
    assert check_of(deliver(browser(), answer)) == "state"


def test_strangers_stay_outside(world: World, provider: SamlProvider) -> None:
    assert check_of(sign_in(browser(), provider, "zoe@mass.example")) == "directory"


def test_a_confirmation_forces_a_new_sign_in_and_looks_at_its_time(world: World, provider: SamlProvider) -> None:
    client = browser()
    sign_in(client, provider)
    session = client.session
    session["proved_at"] = (clock.now() - timedelta(minutes=15)).isoformat()
    session.save()
    assert client.get("/access/roles/new/").status_code == 302
    sent = client.post("/accounts/confirm/", {"next": "/access/roles/new/"})
    assert 'ForceAuthn="true"' in _request_of(address_of(sent))
    stale = provider.answer(address_of(sent), ERIN, authn=-900)
    assert check_of(deliver(client, stale)) == "auth_time"
    assert client.get("/access/roles/new/").status_code == 302
    other = sign_in(client, provider, "eve.administrator@mass.example", at="/accounts/confirm/")
    assert check_of(other) == "other_person"
    done = sign_in(client, provider, at="/accounts/confirm/", then="/access/roles/new/")
    assert done["Location"] == "/access/roles/new/"
    assert client.get("/access/roles/new/").status_code == 200


def _request_of(location: str) -> str:
    import base64
    import zlib

    return zlib.decompress(base64.b64decode(parse_qs(urlsplit(location).query)["SAMLRequest"][0]), -15).decode()


def test_the_metadata_page_is_what_a_provider_needs(world: World, provider: SamlProvider) -> None:
    page = browser().get("/accounts/saml/courts/metadata/")
    assert page.status_code == 200
    assert b"AssertionConsumerService" in page.content
    assert browser().get("/accounts/saml/nobody/metadata/").status_code == 404
