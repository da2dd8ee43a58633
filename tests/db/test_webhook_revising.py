"""A webhook that is changed: its name, its address, its events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from apps.accounts.actors import FreshSignInNeeded
from apps.audit.models import AuditEvent
from apps.core.errors import Invalid, NotPermitted
from apps.licenses import services as licenses
from apps.webhooks import services
from apps.webhooks.models import Subscription
from apps.webhooks.publishing import publish
from tests.factories.cast import World
from tests.factories.receiver import Receiver, receiving
from tests.factories.webhooks import sent, subscribed

pytestmark = pytest.mark.django_db


def revised(world: World, subscription: Subscription, **more: Any) -> Subscription:
    values: dict[str, Any] = {
        "name": subscription.name, "address": subscription.address, "types": subscription.types, "reason": "It moved",
    }  # fmt: skip
    return services.subscription_revise(actor=world.erin, subscription=subscription, **values | more)


def test_the_trail_has_what_was_and_what_is(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address, types=["seat.held", "seat.granted"])
    found = revised(world, subscription, name=" Lake ", types=["seat.released", "seat.held"])
    found.refresh_from_db()
    assert (found.name, found.address, found.types) == ("Lake", receiver.address, ["seat.held", "seat.released"])
    event = AuditEvent.objects.get(verb="webhooks.subscription.revised")
    assert event.before == {"name": "Data hub", "types": ["seat.held", "seat.granted"]}
    assert event.after == {"name": "Lake", "types": ["seat.held", "seat.released"]}
    assert event.reason == "It moved"


def test_what_waits_goes_to_the_new_address_and_a_test_of_the_old_one_says_nothing(
    world: World, receiver: Receiver
) -> None:
    with receiving() as old:
        subscription, _ = subscribed(world, old.address)
        subscription = services.subscription_test(actor=world.erin, subscription=subscription)
        assert subscription.test_answer
        seat = world.holder(world.employee("A003"))
        publish()
        subscription = revised(world, subscription, address=receiver.address)
        assert (subscription.tested_at, subscription.test_answer) == (None, "")
        sent(subscription)
        assert receiver.took(f"seat/{seat.pk}")[-1] == "seat.granted"
        assert old.took(f"seat/{seat.pk}") == []


def test_a_new_kind_of_event_comes_from_now_on(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address, types=["phase.paused"])
    seat = world.holder(world.employee("A003"))
    publish()
    subscription = revised(world, subscription, types=["seat.granted", "seat.suspended"])
    licenses.seat_suspend(actor=world.paula, seat=seat, code="incident", reason="x")
    sent(subscription)
    assert receiver.took(f"seat/{seat.pk}") == ["seat.suspended"]


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "paula", "audrey", "lee"])
def test_only_administrators_change_one(world: World, receiver: Receiver, name: str) -> None:
    subscription, _ = subscribed(world, receiver.address)
    with pytest.raises(NotPermitted):
        services.subscription_revise(
            actor=world.actor(name), subscription=subscription, name="x", address=receiver.address,
            types=["seat.held"], reason="x",
        )  # fmt: skip


def test_it_asks_for_a_fresh_sign_in_and_a_reason(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    with pytest.raises(FreshSignInNeeded):
        services.subscription_revise(
            actor=replace(world.erin, is_fresh=False), subscription=subscription, name="x", address=receiver.address,
            types=["seat.held"], reason="x",
        )  # fmt: skip
    with pytest.raises(Invalid):
        revised(world, subscription, name="x", reason=" ")


@pytest.mark.parametrize(
    "values",
    [{}, {"name": " "}, {"name": "Help desk"}, {"types": []}, {"types": ["seat.eaten"]}],
    ids=["nothing", "no name", "a name that is taken", "no events", "an unknown event"],
)
def test_what_cannot_be_is_refused(world: World, receiver: Receiver, values: dict[str, Any]) -> None:
    subscription, _ = subscribed(world, receiver.address)
    subscribed(world, receiver.address, name="Help desk")
    with pytest.raises(Invalid):
        revised(world, subscription, **values)
    assert not AuditEvent.objects.filter(verb="webhooks.subscription.revised").exists()


def test_an_ended_one_stays_as_it_was(world: World, receiver: Receiver) -> None:
    subscription, _ = subscribed(world, receiver.address)
    services.subscription_end(actor=world.erin, subscription=subscription, reason="x")
    with pytest.raises(Invalid, match="ended"):
        revised(world, subscription, name="Lake")


def test_a_new_address_is_judged_and_one_that_is_kept_is_not_asked_about(
    world: World, receiver: Receiver, settings: Any
) -> None:
    subscription, _ = subscribed(world, receiver.address)
    settings.WEBHOOKS_LOOPBACK = False
    for address in (
        "http://example.com/", "https://127.0.0.1/", "https://10.0.0.1/x", "https://169.254.169.254/", "https://[::1]/",
        "https://u:p@example.com/", "https://nowhere.invalid/", "",
    ):  # fmt: skip
        with pytest.raises(Invalid):
            revised(world, subscription, address=address)
    assert revised(world, subscription, name="Lake").address == receiver.address
