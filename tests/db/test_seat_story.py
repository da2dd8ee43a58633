"""One seat from request to grant and back, as the cast lives it."""

from __future__ import annotations

import pytest

from apps.audit.models import AuditEvent
from apps.audit.selectors import verify
from apps.licenses import services
from apps.licenses.errors import SelfApproval
from apps.licenses.models import Seat
from apps.licenses.selectors import ledger
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


def test_bob_asks_alice_approves_and_the_last_requirement_grants_the_seat(world: World) -> None:
    bob = world.employee("A003")
    request = services.request_submit(actor=world.bob, task_types=["drafting"], note="First drafts of letters")
    services.request_approve(actor=world.alice, request=request)
    assert Seat.objects.get(employee=bob).state == "held"
    world.accept(bob)
    assert Seat.objects.get(employee=bob).state == "held"
    world.train(bob)
    seat = Seat.objects.get(employee=bob)
    assert seat.state == "granted"
    assert [line.balances for line in ledger()] == [True]
    assert AuditEvent.objects.filter(verb="licenses.seat.granted", record_id=str(seat.pk)).count() == 1


def test_alice_cannot_approve_her_own_request(world: World) -> None:
    request = services.request_submit(actor=world.alice, task_types=["research"])
    with pytest.raises(SelfApproval):
        services.request_approve(actor=world.alice, request=request)


def test_bob_hands_back_at_once_and_the_chain_verifies(world: World) -> None:
    world.holder(world.employee("A003"))
    seat = services.seat_hand_back(actor=world.bob)
    assert (seat.state, seat.reason) == ("released", "handed_back")
    assert ledger()[0].free == world.contract.seats


@pytest.mark.django_db(transaction=True)
def test_every_commit_is_chained() -> None:
    world = World.build()
    world.holder(world.employee("A003"))
    assert verify().is_intact
    assert verify().events > 20
