"""How long a sign-in lasts, who ends it, and the two accounts for a bad day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from apps.accounts import break_glass
from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Role
from apps.accounts.models import RoleAssignment, Session, SignIn, User
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid
from apps.mail.models import Message
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _uncounted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def is_in(client: Client) -> bool:
    return client.get("/phases/").status_code == 200


def test_half_an_hour_without_a_click_ends_it(world: World) -> None:
    client = client_of(world, "bob")
    for minutes in (20, 45, 70):
        with clock.shifted(timedelta(minutes=minutes)):
            assert is_in(client)
    with clock.shifted(timedelta(minutes=101)):
        assert not is_in(client)
    assert not Session.objects.filter(user=world.users["bob"]).exists()


def test_eight_hours_end_it_however_busy(world: World) -> None:
    client = client_of(world, "bob")
    for quarters in range(1, 32):
        with clock.shifted(timedelta(minutes=15 * quarters)):
            assert is_in(client), quarters
    with clock.shifted(timedelta(hours=8, minutes=1)):
        assert not is_in(client)


def test_bob_sees_his_sign_ins_and_ends_the_other_one(world: World) -> None:
    here, there = client_of(world, "bob"), client_of(world, "bob")
    page = here.get("/access/sessions/").content.decode()
    assert page.count("<tr>") == 3
    assert "This is the one you are using" in page
    for key in Session.objects.values_list("session_key", flat=True):
        assert key not in page, "the key of a session is the session"
    here.post("/access/sessions/end/", {"mark": "others"})
    assert is_in(here)
    assert not is_in(there)


def test_signing_out_ends_the_session_and_clears_the_browser(world: World) -> None:
    client = client_of(world, "bob")
    answer = client.post("/accounts/sign-out/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.filter(user=world.users["bob"]).exists()
    assert not is_in(client)


def test_charlie_ends_nobody_elses(world: World) -> None:
    from apps.accounts.session_views import mark_of

    bobs, charlies = client_of(world, "bob"), client_of(world, "charlie")
    key = Session.objects.get(user=world.users["bob"]).session_key
    charlies.post("/access/sessions/end/", {"mark": mark_of(key)})
    assert is_in(bobs)


def test_a_role_that_changes_ends_the_sessions(world: World) -> None:
    client = client_of(world, "audrey")
    held = RoleAssignment.objects.get(user=world.users["audrey"])
    accounts.role_end(actor=world.erin, assignment=held, reason="New job")
    assert not is_in(client)
    client = client_of(world, "bob")
    proposed = accounts.role_grant(actor=world.erin, user=world.users["bob"], role=Role.PRIVACY, reason="New job")
    assert is_in(client), "a proposal changes nothing yet"
    accounts.role_confirm(actor=world.eve, assignment=proposed)
    assert not is_in(client)


def test_an_administrator_ends_all_sign_ins_of_somebody(world: World) -> None:
    bobs, erins = client_of(world, "bob"), client_of(world, "erin")
    answer = erins.post(f"/access/people/{world.users['bob'].pk}/end-sign-ins/", {"sure": "yes"})
    assert answer.status_code == 302
    assert not is_in(bobs)


def test_a_sensitive_page_leads_through_the_confirmation_and_back(world: World) -> None:
    client = client_of(world, "erin")
    with clock.shifted(timedelta(minutes=11)):
        asked = client.get("/access/roles/new/")
        assert asked["Location"] == "/accounts/confirm/?next=%2Faccess%2Froles%2Fnew%2F"
        assert client.post("/access/roles/new/", {"who": "x"})["Location"].startswith("/accounts/confirm/")
        assert "Confirm that it is you" in client.get(asked["Location"]).content.decode()
        back = client.post("/accounts/confirm/", {"next": "/access/roles/new/"})
        assert back["Location"] == "/access/roles/new/"
        assert client.get("/access/roles/new/").status_code == 200
        away = client.post("/accounts/confirm/", {"next": "https://evil.example/"})
        assert away["Location"] == "/"


# -- break-glass -------------------------------------------------------------------------------------------------------


def code_of(user: User) -> str:
    """What the authenticator shows now."""
    from allauth.mfa.utils import decrypt

    seed = decrypt(Authenticator.objects.get(user=user).data["secret"])
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(seed, counters[len(counters) // 2]))


def enter(client: Client, made: dict[str, str], **wrong: str) -> Any:
    user = User.objects.get(email=made["name"])
    body = {"name": made["name"], "password": made["password"], "code": code_of(user)} | wrong
    return client.post("/accounts/break-glass/", body)


def test_the_glass_is_broken_with_three_secrets_and_everybody_is_told(world: World) -> None:
    made = break_glass.make(1)
    client = Client()
    assert enter(client, made)["Location"] == "/"
    assert client.get("/access/roles/").status_code == 200
    told = set(Message.objects.filter(kind="accounts_break_glass").values_list("address", flat=True))
    assert told == {world.users[name].email for name in ("erin", "eve", "paula")}
    event = AuditEvent.objects.get(verb="accounts.break_glass.used")
    assert event.actor_name == "Break-glass account 1"
    assert SignIn.objects.latest("pk").method == "break-glass"


def test_a_code_works_once_and_a_wrong_secret_is_not_told_which(world: World) -> None:
    made = break_glass.make(1)
    assert enter(Client(), made).status_code == 302
    again = enter(Client(), made)
    assert again.status_code == 401
    assert again.content.decode().count("Error: ") == 1, "in the title"
    pages = {
        enter(Client(), made, **wrong).content.decode().count("Name, password or code is wrong.")
        for wrong in ({"password": "x"}, {"name": "nobody@break-glass.invalid"})
    }
    assert len(pages) == 1
    assert pages != {0}


def test_guessing_is_slowed_down(world: World) -> None:
    made = break_glass.make(1)
    answers = [enter(Client(), made, password="guess").status_code for _ in range(7)]
    assert answers[:5] == [401] * 5
    assert answers[-1] == 429


def test_only_break_glass_accounts_have_a_password_that_opens(world: World) -> None:
    bob = world.users["bob"]
    bob.set_password("correct horse battery staple")
    bob.save()
    answer = Client().post(
        "/accounts/break-glass/", {"name": bob.email, "password": "correct horse battery staple", "code": "000000"}
    )
    assert answer.status_code == 401
    assert (
        Client().post("/accounts/login/", {"login": bob.email, "password": "correct horse battery staple"}).status_code
        == 405
    )
    assert not Client().login(email=bob.email, password="correct horse battery staple")


def test_there_are_two_and_the_database_knows_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_break_glass", "1")
    call_command("create_break_glass", "2")
    assert "Password: " in capsys.readouterr().out
    with pytest.raises(Invalid):
        break_glass.make(3)
    for slot in (None, 3, 1):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email="third@break-glass.invalid", kind="break_glass", break_glass_slot=slot)
    seeds = [row.data["secret"] for row in Authenticator.objects.all()]
    assert all(seed.startswith("gAAAA") for seed in seeds), "seeds lie sealed in the database"


def test_confirming_with_a_break_glass_account_takes_its_secrets_again(world: World) -> None:
    made = break_glass.make(2)
    client = Client()
    enter(client, made)
    with clock.shifted(timedelta(minutes=11)):
        assert client.get("/access/roles/new/").status_code == 302
        cache.clear()
        user = User.objects.get(email=made["name"])
        body = {"name": made["name"], "password": made["password"], "next": "/access/roles/new/"}
        assert client.post("/accounts/confirm/", body | {"code": "000000"}).status_code == 401
        assert client.post("/accounts/confirm/", body | {"code": code_of(user)})["Location"] == "/access/roles/new/"
        assert client.get("/access/roles/new/").status_code == 200


def test_who_ends_their_own_role_is_signed_out_and_not_told_of_a_bad_request(world: World) -> None:
    accounts.role_grant(actor=SYSTEM, user=world.users["bob"], role=Role.ADMINISTRATOR)
    erin, eve = (RoleAssignment.objects.get(user=world.users[name]) for name in ("erin", "eve"))
    page, script = client_of(world, "erin"), client_of(world, "eve")
    # Two minutes later: the click is written down, into a sign-in that the act has ended.
    with clock.shifted(timedelta(minutes=2)):
        answer = page.post(f"/access/roles/{erin.pk}/end/", {"reason": "New job"})
        assert (answer.status_code, answer.cookies[settings.SESSION_COOKIE_NAME].value) == (302, "")
        assert "sign" in answer["Location"]
        answer = script.post(f"/api/v1/roles/{eve.pk}/end/", {"reason": "New job"}, content_type="application/json")
        assert (answer.status_code, answer.json()["id"]) == (200, eve.pk)
        assert script.get("/api/v1/roles/").status_code == 401


# -- the second person, and looking again ------------------------------------------------------------------------------


def test_an_administrator_begins_with_the_second_persons_word(world: World) -> None:
    from apps.accounts.errors import SecondPersonNeeded

    bob = world.users["bob"]
    proposed = accounts.role_grant(actor=world.erin, user=bob, role=Role.ADMINISTRATOR, reason="New hire")
    assert not world.actor("bob").has(Role.ADMINISTRATOR)
    with pytest.raises(SecondPersonNeeded):
        accounts.role_confirm(actor=world.erin, assignment=proposed)
    accounts.role_confirm(actor=world.eve, assignment=proposed)
    assert world.actor("bob").has(Role.ADMINISTRATOR)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.filter(pk=proposed.pk).update(confirmed_by_key=world.erin.key)


def test_after_90_days_a_privileged_role_wants_to_be_looked_at_by_somebody_else(world: World) -> None:
    from apps.accounts.errors import SecondPersonNeeded
    from apps.accounts.selectors import roles_to_review
    from apps.mail.alarms import sweep

    assert not roles_to_review().exists()
    with clock.shifted(timedelta(days=91)):
        assert roles_to_review().count() == 3
        assert sweep() == 2
        assert sweep() == 0
        eves = RoleAssignment.objects.get(user=world.users["eve"])
        with pytest.raises(SecondPersonNeeded):
            accounts.role_review(actor=world.eve, assignment=eves, reason="I like it")
        accounts.role_review(actor=world.erin, assignment=eves, reason="Still runs the roll-out")
        assert roles_to_review().count() == 2


def test_the_page_of_rights_says_what_the_rules_say(world: World) -> None:
    from apps.accounts.rights_views import ROLES, table

    rows = {words: may for _, section in table() for words, _, may in section}
    assert rows["See who holds which role"] == [
        (role.label, role in {Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR}) for role in ROLES
    ]
    page = client_of(world, "bob").get("/access/rights/").content.decode()
    assert "Grant somebody else a role" in page
