"""Access reviews: contacts answer about their own agency, nobody about themself, and silence takes nobody's seat."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import RoleAssignment
from apps.accounts.selectors import actor_for
from apps.core import clock
from apps.core.errors import Invalid, NotPermitted
from apps.licenses import access_review_services as reviews
from apps.licenses import services as licenses
from apps.licenses.models import AccessReview, ReviewItem, Seat
from apps.licenses.selectors import review_items_visible_to, reviews_visible_to, reviews_waiting
from apps.licenses.tasks import reviews_sweep
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    world = World.build(more=12)
    world.holders(12)
    world.holder(world.employee("A003"))
    return world


def opened(world: World, kind: str = "members") -> AccessReview:
    return reviews.review_open(actor=world.erin, name="Spring", kind=kind, due_on=clock.today() + timedelta(days=21))


def ids(review: AccessReview, count: int = 100) -> list[int]:
    return list(review.items.order_by("pk").values_list("pk", flat=True)[:count])


def test_alice_confirms_and_releases_and_charlie_sees_nothing(world: World) -> None:
    review = opened(world)
    assert (review.items.count(), reviews_waiting(world.alice)) == (13, 13)
    assert not reviews_visible_to(world.charlie).exists()
    assert not review_items_visible_to(world.charlie).exists()
    done = reviews.items_answer(actor=world.alice, review=review, item_ids=ids(review, 10), decision="confirmed")
    assert (done.done, reviews_waiting(world.alice)) == (10, 3)
    bob = review.items.get(employee__employee_id="A003")
    reviews.items_answer(actor=world.alice, review=review, item_ids=[bob.pk], decision="released", note="Left the team")
    assert Seat.objects.get(employee=bob.employee).state == "released"
    again = reviews.items_answer(actor=world.alice, review=review, item_ids=[bob.pk], decision="confirmed")
    assert (again.done, len(again.refused)) == (0, 1)
    other = reviews.items_answer(actor=world.charlie, review=review, item_ids=ids(review), decision="confirmed")
    assert other.done == 0


def test_a_contact_does_not_empty_an_agency(world: World) -> None:
    review = opened(world)
    with pytest.raises(NotPermitted, match="contacts release up to 3"):
        reviews.items_answer(
            actor=world.alice, review=review, item_ids=ids(review), decision="released", note="All of them"
        )
    assert Seat.objects.filter(state="granted").count() == 13
    reviews.items_answer(actor=world.alice, review=review, item_ids=ids(review, 3), decision="released", note="Moved")
    with pytest.raises(NotPermitted):
        reviews.items_answer(
            actor=world.alice, review=review, item_ids=ids(review, 4)[3:], decision="released", note="One more"
        )
    done = reviews.items_answer(
        actor=world.erin, review=review, item_ids=ids(review), decision="released", note="Agency asked for it"
    )
    assert done.done == 10


def test_nobody_answers_about_themself(world: World) -> None:
    alice = world.employee("A001")
    world.accept(alice)
    world.train(alice)
    licenses.request_approve(actor=world.actor("adam"), request=world.ask(alice))
    review = opened(world)
    own = review.items.get(employee__employee_id="A001")
    assert reviews.items_answer(actor=world.alice, review=review, item_ids=[own.pk], decision="confirmed").done == 0


def test_silence_keeps_every_member(world: World) -> None:
    review = opened(world)
    assert reviews_sweep() == 0
    with clock.shifted(timedelta(days=22)):
        assert reviews_sweep() == 1
    review.refresh_from_db()
    assert review.state == "closed"
    assert Seat.objects.filter(state="granted").count() == 13
    done = reviews.items_answer(actor=world.alice, review=review, item_ids=ids(review), decision="confirmed")
    assert done.done == 0


def test_silence_ends_privileged_roles_but_the_last_administrators(world: World) -> None:
    review = opened(world, "roles")
    of = {item.whom: item.pk for item in review.items.all()}
    own = reviews.items_answer(
        actor=world.erin, review=review, item_ids=[of["Erin Administrator"]], decision="confirmed"
    )
    assert own.done == 0
    audrey = next(pk for whom, pk in of.items() if whom.startswith("Audrey"))
    reviews.items_answer(actor=world.erin, review=review, item_ids=[audrey], decision="confirmed")
    with clock.shifted(timedelta(days=22)):
        reviews_sweep()
    held = {str(role.user) for role in RoleAssignment.objects.filter(ended_at=None)}
    assert any(name.startswith("Audrey") for name in held)
    assert len(held) == 2  # and one administrator, because somebody must be able to give roles back
    assert actor_for(world.users["lee"]) is None or not actor_for(world.users["lee"]).roles


def test_a_hint_is_unknown_where_nobody_can_tell(world: World) -> None:
    assert set(opened(world).items.values_list("looks_unused", flat=True)) == {None}


def test_an_empty_review_and_a_past_day_are_refused(world: World) -> None:
    with pytest.raises(Invalid, match="nobody to review"):
        reviews.review_open(
            actor=world.erin, name="X", kind="members", agency=world.b, due_on=clock.today() + timedelta(days=9)
        )
    with pytest.raises(Invalid, match="some days"):
        reviews.review_open(actor=world.erin, name="X", kind="members", due_on=clock.today())
    assert not ReviewItem.objects.exists()


def test_a_former_agencys_contact_does_not_take_the_seat_of_who_moved_away(world: World) -> None:
    review = opened(world)
    bob = review.items.get(employee__employee_id="A003")
    Seat.objects.filter(pk=bob.seat_id).update(agency=world.b)
    done = reviews.items_answer(
        actor=world.alice, review=review, item_ids=[bob.pk], decision="released", note="Gone from here"
    )
    assert (done.done, Seat.objects.get(pk=bob.seat_id).state) == (0, "granted")


def test_a_seat_handed_back_is_nobodys_to_answer_about(world: World) -> None:
    review = opened(world)
    licenses.seat_hand_back(actor=world.bob)
    bob = review.items.get(employee__employee_id="A003")
    assert reviews.items_answer(actor=world.alice, review=review, item_ids=[bob.pk], decision="confirmed").done == 0
