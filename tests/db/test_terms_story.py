"""The life of a version of the terms: drafted, translated, announced, in force, accepted, and the next one after it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import Error

from apps.accounts.actors import SYSTEM
from apps.core import clock
from apps.core.errors import IllegalTransition, Invalid
from apps.licenses import services as licenses
from apps.licenses.models import Seat
from apps.licenses.owing import terms_progress
from apps.licenses.settle import seats_settle
from apps.terms import services as terms
from apps.terms.errors import AlreadyAccepted, DraftWaits, NotConfirmed, OtherText, TermsFrozen, TranslationExists
from apps.terms.models import Acceptance, TermsVersion
from apps.terms.selectors import acceptable_versions, version_in_force, version_to_come
from apps.terms.tasks import sweep
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return World.build(more=12)


def second(world: World, **more: object) -> TermsVersion:
    return terms.terms_draft(actor=world.paula, title="Terms of use", body="# Terms\n\nNew.", **more)


def test_an_announced_version_takes_effect_on_its_day_and_grace_runs_from_then(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    today = clock.today()
    draft = second(world, grace_days=3)
    announced = terms.terms_publish(actor=world.paula, version=draft, on=today + timedelta(days=7), reason="New law")
    assert (announced.state, version_in_force().number, version_to_come()) == ("scheduled", 1, announced)
    assert sweep() == 0
    with clock.shifted(timedelta(days=7)):
        # In force by its day alone, before any worker has looked.
        assert version_in_force().number == 2
        assert sweep() == 1
        assert sweep() == 0
        assert sorted(TermsVersion.objects.values_list("number", "state")) == [(1, "superseded"), (2, "published")]
        seats_settle(actor=SYSTEM)
        seat.refresh_from_db()
        assert seat.state == "granted"
    with clock.shifted(timedelta(days=11)):
        seats_settle(actor=SYSTEM)
        seat.refresh_from_db()
        assert (seat.state, seat.reason) == ("suspended", "terms")
        terms.terms_accept(actor=world.bob, version=announced, sha256=announced.sha256)
        seat.refresh_from_db()
        assert seat.state == "granted"


def test_bob_accepts_ahead_and_never_notices_the_change(world: World) -> None:
    seat = world.holder(world.employee("A003"))
    draft = second(world, grace_days=0)
    announced = terms.terms_publish(
        actor=world.paula, version=draft, on=clock.today() + timedelta(days=1), reason="New law"
    )
    terms.terms_accept(actor=world.bob, version=announced, sha256=announced.sha256)
    with clock.shifted(timedelta(days=3)):
        sweep()
        assert seats_settle(actor=SYSTEM) == 0
        seat.refresh_from_db()
        assert seat.state == "granted"


def test_an_announced_version_is_taken_back_until_its_day_and_not_after(world: World) -> None:
    draft = second(world)
    tomorrow = clock.today() + timedelta(days=1)
    terms.terms_publish(actor=world.paula, version=draft, on=tomorrow, reason="New law")
    with pytest.raises(TermsFrozen):
        terms.terms_revise(actor=world.paula, version=TermsVersion.objects.get(number=2), title="X", body="Y")
    back = terms.terms_unschedule(actor=world.paula, version=draft, reason="A mistake in section 2")
    assert back.state == "draft"
    terms.terms_revise(actor=world.paula, version=back, title="Terms of use", body="Right now.")
    again = terms.terms_publish(actor=world.paula, version=back, on=tomorrow, reason="Mended")
    assert again.sha256 == again.digest()
    with clock.shifted(timedelta(days=1)):
        with pytest.raises(Invalid, match="in force"):
            terms.terms_unschedule(actor=world.paula, version=again, reason="Too late")
        sweep()
        with pytest.raises((IllegalTransition, Invalid)):
            terms.terms_unschedule(actor=world.paula, version=again, reason="Too late")


def test_a_translation_is_published_with_its_english_text_and_accepted_for_it(world: World) -> None:
    draft = second(world, grace_days=0)
    terms.terms_translate(actor=world.paula, version=draft, language="es", title="Condiciones", body="Nuevas.")
    with pytest.raises(TranslationExists):
        terms.terms_translate(actor=world.paula, version=draft, language="es", title="Condiciones", body="Otra vez.")
    terms.terms_publish(actor=world.paula, version=draft, reason="New law", typed="terms version 2")
    spanish = version_in_force("es")
    assert spanish is not None
    assert (spanish.language, spanish.state) == ("es", "published")
    assert version_in_force("vi").language == "en"
    accepted = terms.terms_accept(actor=world.bob, version=spanish, sha256=spanish.sha256)
    assert (accepted.language, accepted.sha256) == ("es", spanish.sha256)
    english = version_in_force()
    assert english is not None
    with pytest.raises(AlreadyAccepted):
        terms.terms_accept(actor=world.bob, version=english, sha256=english.sha256)
    assert spanish.pk in acceptable_versions(clock.today())


def test_a_later_translation_joins_the_version_in_force(world: World) -> None:
    text = terms.terms_translate(
        actor=world.paula, version=world.version, language="pt", title="Termos", body="Apenas trabalho."
    )
    joined = terms.terms_publish(actor=world.paula, version=text, reason="Asked for by two agencies")
    assert (joined.state, joined.effective_on) == ("published", world.version.effective_on)
    assert version_in_force("pt") == joined
    assert version_in_force() == world.version


def test_one_version_is_prepared_at_a_time(world: World) -> None:
    second(world)
    with pytest.raises(DraftWaits):
        second(world)


def test_publishing_asks_for_the_name_of_the_version(world: World) -> None:
    draft = second(world)
    with pytest.raises(NotConfirmed):
        terms.terms_publish(actor=world.paula, version=draft, reason="New law", typed="Terms version 3")
    with pytest.raises(Invalid, match="past"):
        terms.terms_publish(
            actor=world.paula, version=draft, reason="x", on=clock.today() - timedelta(days=1), typed=str(draft)
        )


def test_a_text_that_changed_since_it_was_shown_is_not_accepted(world: World) -> None:
    with pytest.raises(OtherText):
        terms.terms_accept(actor=world.bob, version=world.version, sha256="0" * 64)


def test_not_even_the_owner_of_the_tables_changes_a_published_text_or_an_acceptance(world: World) -> None:
    world.accept(world.employee("A003"))
    for statement in (
        "UPDATE terms_termsversion SET body = 'x'",
        "UPDATE terms_termsversion SET effective_on = '2020-01-01'",
        "DELETE FROM terms_termsversion",
        "TRUNCATE terms_termsversion CASCADE",
        "UPDATE terms_acceptance SET sha256 = 'x'",
        "DELETE FROM terms_acceptance",
    ):
        with pytest.raises((IntegrityError, Error)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Acceptance.objects.count() == 1


def test_progress_counts_agencies_and_hides_small_ones(world: World) -> None:
    for employee in world.staff(12):
        world.ask(employee)
    for employee in list(world.staff(12))[:11]:
        world.accept(employee)
    version = version_in_force()
    assert version is not None
    lines, total = terms_progress(world.paula, version)
    assert [(line.code, line.people, line.done) for line in lines] == [("AAA", 12, None)]
    # Eleven of twelve: the one who is left would be known.
    assert (total.done, total.owing) == (None, None)
    assert terms_progress(world.charlie, version)[0] == []


def test_nobody_who_does_not_take_part_is_counted(world: World) -> None:

    version = version_in_force()
    assert version is not None
    for employee in world.staff(12):
        world.ask(employee)
    licenses.participation_decline(actor=world.as_employee(world.employee("A100")))
    assert terms_progress(world.paula, version)[0][0].people == 11


def test_the_seats_of_those_who_did_not_accept_are_suspended_at_midnight_in_one_go(world: World) -> None:
    """Set-based: the number of statements does not grow with the people (tests/bench takes the time for 40,000)."""
    world.holders(6)
    draft = second(world, grace_days=0)
    terms.terms_publish(actor=world.paula, version=draft, reason="New law")
    with clock.shifted(timedelta(days=1)):
        assert seats_settle(actor=SYSTEM) == 6
    assert set(Seat.objects.values_list("state", "reason")) == {("suspended", "terms")}


def test_a_hidden_figure_says_under_ten_and_not_nothing(world: World) -> None:
    world.ask(world.employee("A003"))
    page = client_of(world, "paula").get("/terms/progress/").content.decode()
    assert "Under 10" in page
    assert "None" not in page


def test_a_text_that_somebody_accepted_ahead_is_not_taken_back_and_changed(world: World) -> None:
    draft = second(world)
    announced = terms.terms_publish(
        actor=world.paula, version=draft, on=clock.today() + timedelta(days=3), reason="New law"
    )
    terms.terms_accept(actor=world.bob, version=announced, sha256=announced.sha256)
    with pytest.raises(Invalid, match="accepted it ahead"):
        terms.terms_unschedule(actor=world.paula, version=announced, reason="A mistake")
