"""Sign-in through a real identity provider on loopback: who gets in, and by which check everybody else is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.cache import cache
from django.test import Client

from apps.accounts.actors import Role
from apps.accounts.models import RoleAssignment, RoleMapping, Session, SignIn, User
from apps.audit.models import AuditEvent
from apps.core import clock
from tests.factories.cast import World, import_rows
from tests.identity.running import Running, address_of, at_provider, sign_in, start

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("identity")]
ERIN = {"email": "erin.administrator@mass.example", "name": "Erin Administrator"}
BOB = {"email": "bob.employee.a003@mass.example", "name": "Bob Employee"}


@pytest.fixture(scope="session")
def _provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start(tmp_path_factory.mktemp("identity")) as running:
        yield running


@pytest.fixture
def provider(_provider: Running, settings: Any) -> Iterator[Running]:
    use(settings, _provider)
    _provider.knows(erin=ERIN, bob=BOB)
    cache.clear()
    yield _provider
    cache.clear()


def use(settings: Any, provider: Running, **more: Any) -> None:
    """Connect the provider, as a deployment's configuration would."""
    config = provider.provider(**more)
    settings.IDENTITY_PROVIDERS = {"state": config}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [config.allauth()]}}


def check_of(answer: Any) -> str:
    """The check by which a refusal is known: on the page, in the list of sign-ins and in the audit trail alike."""
    assert answer.status_code == 401
    attempt = SignIn.objects.latest("pk")
    assert attempt.outcome == "refused"
    assert f"<strong>{attempt.check_failed}</strong>" in answer.content.decode()
    event = AuditEvent.objects.filter(verb="accounts.sign_in.refused").latest("pk")
    assert event.after == {"method": "oidc:state", "check": attempt.check_failed}
    return attempt.check_failed


def signed_in_as(client: Client) -> str | None:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else None


def test_erin_signs_in_and_lands_where_she_wanted_to_go(world: World, provider: Running) -> None:
    client = Client()
    asked = client.get("/phases/")
    assert asked["Location"] == "/demo/sign-in/?next=/phases/"
    answer = sign_in(client, "erin", then="/phases/")
    assert answer["Location"] == "/phases/"
    assert signed_in_as(client) == ERIN["email"]
    assert client.get("/phases/").status_code == 200
    assert SignIn.objects.latest("pk").outcome == "done"


def test_the_request_carries_pkce_state_and_nonce(world: World, provider: Running) -> None:
    asked = parse_qs(urlsplit(address_of(Client().post("/accounts/oidc/state/login/"))).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["nonce"][0]) >= 40
    assert asked["state"]
    assert asked["response_type"] == ["code"]
    assert Client().get("/accounts/oidc/state/login/").status_code == 405


def test_somebody_employed_is_joined_by_their_address_once_and_by_their_id_for_good(
    world: World, provider: Running
) -> None:
    world.users["bob"].role_assignments.all().delete()
    world.employee("A003").user = None
    user = world.users["bob"]
    user.email = "somebody@else.example"
    user.save()
    employee = world.employee("A003")
    employee.user = None
    employee.save(update_fields=["user"])
    client = Client()
    assert sign_in(client, "bob").status_code == 302
    joined = User.objects.get(email=BOB["email"])
    assert world.employee("A003").user == joined
    assert AuditEvent.objects.filter(verb="accounts.user.joined", record_id=str(joined.pk)).count() == 1
    # The address changes at the provider; the person stays the same.
    provider.knows(bob=BOB | {"email": "new.name@mass.example"})
    again = Client()
    assert sign_in(again, "bob").status_code == 302
    assert signed_in_as(again) == BOB["email"]


def test_an_address_that_comes_to_somebody_else_opens_nothing(world: World, provider: Running) -> None:
    assert sign_in(Client(), "erin").status_code == 302
    provider.knows(mallory=ERIN)
    client = Client()
    assert check_of(sign_in(client, "mallory")) == "account"
    assert signed_in_as(client) is None


def test_strangers_and_those_whose_address_is_not_theirs_stay_outside(
    world: World, provider: Running, settings: Any
) -> None:
    provider.knows(zoe={"email": "zoe@mass.example"}, erin=ERIN)
    assert check_of(sign_in(Client(), "zoe")) == "directory"
    use(settings, provider, trusts_email=False)
    provider.knows(erin=ERIN | {"email_verified": False})
    assert check_of(sign_in(Client(), "erin")) == "email"
    provider.knows(erin=ERIN | {"email_verified": "true"})
    assert check_of(sign_in(Client(), "erin")) == "email"
    provider.knows(erin=ERIN | {"email_verified": True})
    assert sign_in(Client(), "erin").status_code == 302


def test_one_provider_does_not_speak_for_the_people_of_another(world: World, provider: Running, settings: Any) -> None:
    use(settings, provider, email_domains=("courts.example",))
    assert check_of(sign_in(Client(), "erin")) == "email"
    use(settings, provider, email_domains=("mass.example",))
    assert sign_in(Client(), "erin").status_code == 302


LIES = {
    "garbage": "token", "none": "algorithm", "hmac": "algorithm", "stolen": "signature", "unknown_key": "key",
    json.dumps({"iss": "https://login.evil.example"}): "issuer", "without iss": "issuer",
    json.dumps({"aud": "another-client"}): "audience", "without aud": "audience",
    json.dumps({"aud": ["beacon", "another-client"], "azp": "another-client"}): "authorized_party",
    json.dumps({"exp": {"now": -120}}): "expired", "without exp": "expired", json.dumps({"exp": "never"}): "expired",
    json.dumps({"iat": {"now": 600}}): "issued_at", json.dumps({"iat": {"now": -3600}}): "issued_at", "without iat": "issued_at",
    json.dumps({"nbf": {"now": 600}}): "not_yet_valid",
    json.dumps({"nonce": "another"}): "nonce", "without nonce": "nonce",
    json.dumps({"tid": "another-tenant"}): "tenant", "without tid": "tenant",
    "without oid": "subject", json.dumps({"oid": 7}): "subject",
}  # fmt: skip


@pytest.mark.parametrize(("lie", "check"), LIES.items(), ids=list(LIES))
def test_a_forged_token_is_refused_by_the_name_of_its_check(db: None, provider: Running, lie: str, check: str) -> None:
    User.objects.create_user(email=ERIN["email"], name="Erin Administrator")
    provider.lies(lie)
    client = Client()
    assert check_of(sign_in(client, "erin")) == check
    assert signed_in_as(client) is None


def test_a_recorded_token_and_a_used_code_open_nothing(world: World, provider: Running) -> None:
    assert sign_in(Client(), "erin").status_code == 302
    provider.lies("replay")
    assert check_of(sign_in(Client(), "erin")) == "nonce"
    provider.lies("")
    client = Client()
    back = urlsplit(at_provider(address_of(client.post("/accounts/oidc/state/login/")), "erin"))
    callback = f"{back.path}?{back.query}"
    assert client.get(callback).status_code == 302
    assert check_of(client.get(callback)) == "state"
    # Somebody else's browser with the same address, and a code that nobody was given.
    assert check_of(Client().get(callback)) == "state"
    other = Client()
    state = parse_qs(urlsplit(address_of(other.post("/accounts/oidc/state/login/"))).query)["state"][0]
    assert check_of(other.get(f"{back.path}?code=made-up&state={state}")) == "token"


def test_a_provider_that_is_away_or_names_another_issuer_is_refused(
    world: World, provider: Running, settings: Any
) -> None:
    use(settings, Running("http://127.0.0.1:9"))
    answer = Client().post("/accounts/oidc/state/login/")
    assert check_of(answer) == "provider"
    mixed = Running(provider.address).provider().allauth()
    use(settings, provider, issuer=f"{provider.address}/")
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [mixed]}}
    assert check_of(sign_in(Client(), "erin")) == "issuer"


def test_a_session_begins_anew_at_sign_in_and_nobody_can_prepare_it(world: World, provider: Running) -> None:
    client = Client()
    client.post("/accounts/oidc/state/login/")
    before = client.session.session_key
    sign_in(client, "erin")
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_separated_person_is_signed_out_at_the_next_click_and_does_not_come_back(db: None, provider: Running) -> None:
    world = World.build(more=40)
    provider.knows(eve={"email": "eve.administrator@mass.example"})
    client = Client()
    assert sign_in(client, "eve").status_code == 302
    import_rows([row for row in world.rows if row[0] != "A005"])
    assert client.get("/phases/").status_code == 302
    assert check_of(sign_in(Client(), "eve")) == "directory"


# -- what groups give --------------------------------------------------------------------------------------------------


def test_groups_and_app_roles_give_roles_for_as_long_as_they_last(world: World, provider: Running) -> None:
    from apps.accounts import mapping_services as mappings

    erin, bob = world.erin, world.users["bob"]
    bob.email = BOB["email"]
    bob.save()
    mappings.mapping_create(
        actor=erin, provider="state", claim="roles", value="Auditors", role=Role.AUDITOR, reason="Office 7"
    )
    privileged = mappings.mapping_create(
        actor=erin, provider="state", claim="groups", value="g-1", role=Role.ADMINISTRATOR, reason="The team"
    )
    provider.knows(bob=BOB | {"roles": ["Auditors"], "groups": ["g-1", "g-2"]})
    client = Client()
    sign_in(client, "bob")
    held = set(RoleAssignment.objects.filter(user=bob, ended_at=None).values_list("role", flat=True))
    assert held == {"auditor"}, "the mapping that nobody confirmed gives nothing"
    mappings.mapping_confirm(actor=world.eve, mapping=privileged)
    sign_in(Client(), "bob")
    assert client.get("/phases/").status_code == 302, "a change of roles ends the sessions from before"
    assert world.actor("bob").has(Role.ADMINISTRATOR)
    provider.knows(bob=BOB)
    client = Client()
    sign_in(client, "bob")
    assert not RoleAssignment.objects.filter(user=bob, ended_at=None).exists()
    verbs = AuditEvent.objects.filter(record_type="accounts.RoleAssignment", actor_key="system").values_list(
        "verb", flat=True
    )
    assert list(verbs.order_by("pk"))[-4:] == ["accounts.role.granted"] * 2 + ["accounts.role.ended"] * 2


def test_ending_a_mapping_ends_what_it_gave_at_once(world: World, provider: Running) -> None:
    from apps.accounts import mapping_services as mappings

    bob = world.users["bob"]
    bob.email = BOB["email"]
    bob.save()
    mapping = mappings.mapping_create(
        actor=world.erin, provider="state", claim="roles", value="Auditors", role=Role.AUDITOR, reason="Office 7"
    )
    provider.knows(bob=BOB | {"roles": ["Auditors"]})
    client = Client()
    sign_in(client, "bob")
    assert client.get("/access/roles/").status_code == 200
    mappings.mapping_end(actor=world.erin, mapping=mapping, reason="Office closed")
    assert client.get("/access/roles/").status_code == 302
    assert RoleMapping.objects.get().ended_at is not None


# -- proving it again --------------------------------------------------------------------------------------------------


@pytest.fixture
def stale(world: World, provider: Running) -> Iterator[tuple[Client, requests.Session]]:
    """Erin, who signed in a quarter of an hour ago, and her browser at the provider."""
    client = Client()
    with requests.Session() as browser:
        sign_in(client, "erin", browser=browser)
        session = client.session
        session["proved_at"] = (clock.now() - timedelta(minutes=15)).isoformat()
        session.save()
        yield client, browser


def test_a_sensitive_act_asks_the_provider_anew_and_comes_back(
    world: World, provider: Running, stale: tuple[Client, requests.Session]
) -> None:
    client, browser = stale
    asked = client.get("/access/roles/new/")
    assert asked["Location"] == "/accounts/confirm/?next=%2Faccess%2Froles%2Fnew%2F"
    assert "State sign-in" in client.get(asked["Location"]).content.decode()
    sent = client.post("/accounts/confirm/", {"next": "/access/roles/new/"})
    request = parse_qs(urlsplit(address_of(sent)).query)
    assert request["max_age"] == ["0"]
    assert request["prompt"] == ["login"]
    key = client.session.session_key
    answer = sign_in(client, "erin", browser=browser, at="/accounts/confirm/", then="/access/roles/new/")
    assert answer["Location"] == "/access/roles/new/"
    assert client.get("/access/roles/new/").status_code == 200
    assert client.session.session_key != key
    assert SignIn.objects.latest("pk").outcome == "confirmed"
    with clock.shifted(timedelta(minutes=11)):
        assert client.get("/access/roles/new/").status_code == 302


def test_a_provider_that_asks_nobody_confirms_nothing(
    world: World, provider: Running, stale: tuple[Client, requests.Session]
) -> None:
    client, browser = stale
    provider.lies(json.dumps({"auth_time": {"now": -900}}))
    answer = sign_in(client, "erin", browser=browser, at="/accounts/confirm/")
    assert check_of(answer) == "auth_time"
    assert "Confirming did not work" in answer.content.decode()
    assert "You are still signed in" in answer.content.decode()
    provider.lies("without auth_time")
    assert check_of(sign_in(client, "erin", browser=browser, at="/accounts/confirm/")) == "auth_time"
    assert client.get("/access/roles/new/").status_code == 302
    assert signed_in_as(client) == ERIN["email"], "the session itself stays"


def test_the_context_that_the_state_demands_must_be_in_acrs(
    world: World, provider: Running, settings: Any, stale: tuple[Client, requests.Session]
) -> None:
    use(settings, provider, confirm_context="c1")
    client, browser = stale
    sent = parse_qs(urlsplit(address_of(client.post("/accounts/confirm/"))).query)
    assert json.loads(sent["claims"][0])["id_token"]["acrs"] == {"essential": True, "value": "c1"}
    for said in ({}, {"acrs": ["c2"]}, {"acrs": "c11"}, {"acrs": {"c1": 1}}):
        provider.knows(erin=ERIN | said)
        answer = sign_in(client, "erin", browser=browser, at="/accounts/confirm/")
        assert check_of(answer) == "authentication_context", said
    provider.knows(erin=ERIN | {"acrs": ["c1", "c2"]})
    assert sign_in(client, "erin", browser=browser, at="/accounts/confirm/").status_code == 302
    assert client.get("/access/roles/new/").status_code == 200
    # A plain sign-in without the context is no proof either.
    provider.knows(erin=ERIN)
    fresh = Client()
    sign_in(fresh, "erin")
    assert fresh.get("/access/roles/new/").status_code == 302


def test_somebody_else_at_the_keyboard_confirms_nothing(
    world: World, provider: Running, stale: tuple[Client, requests.Session]
) -> None:
    client, _ = stale
    provider.knows(erin=ERIN, eve={"email": "eve.administrator@mass.example"})
    assert sign_in(Client(), "eve").status_code == 302
    assert check_of(sign_in(client, "eve", at="/accounts/confirm/")) == "other_person"
    assert signed_in_as(client) == ERIN["email"]
    assert client.get("/access/roles/new/").status_code == 302


def test_silent_sign_on_elsewhere_is_not_a_proof_here(world: World, provider: Running) -> None:
    """An SSO session of this morning signs Erin in, and does not open what asks for a fresh sign-in."""
    provider.lies(json.dumps({"auth_time": {"now": -4 * 3600}}))
    client = Client()
    sign_in(client, "erin")
    assert client.get("/phases/").status_code == 200
    assert client.get("/access/roles/new/").status_code == 302


def test_too_many_tries_are_stopped_and_without_a_counter_nobody_gets_in(
    world: World, provider: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {Client().post("/accounts/oidc/state/login/").status_code for _ in range(32)}
    assert answers == {200, 429}
    from redis.exceptions import ConnectionError as Away

    from apps.accounts import gate

    def away(*_: Any, **__: Any) -> bool:
        raise Away("gone")

    monkeypatch.setattr(gate.ratelimit, "consume", away)
    closed = Client().post("/accounts/oidc/state/login/")
    assert closed.status_code == 503
    assert "Nobody can sign in at the moment" in closed.content.decode()
