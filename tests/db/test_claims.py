"""A worker claims as many rows as it was granted and no more, however PostgreSQL goes about it.

A subquery with LIMIT and SKIP LOCKED inside `WHERE id IN` may be run once for each row, and then has no limit at all: with
other statistics of the table, an allowance of two calls was once six.
"""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from apps.mail import sending
from apps.mail.models import Message
from apps.mail.outbox import Letter, To, mail_queue
from apps.vendors import dispatch
from apps.vendors.models import Operation
from apps.webhooks import delivering
from apps.webhooks.models import Delivery
from apps.webhooks.publishing import publish
from tests.factories.cast import World
from tests.factories.receiver import Receiver
from tests.factories.webhooks import subscribed

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["as it likes", "by nested loops alone"])
def plans(request: pytest.FixtureRequest, db: None) -> None:
    """How the server may join: a claim must not depend on it."""
    ways = ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize", "indexscan", "bitmapscan")
    with connection.cursor() as cursor:
        for way in ways if request.param != "as it likes" else ():
            cursor.execute(f"SET LOCAL enable_{way} = off")


@pytest.fixture
def world(db: None) -> World:
    return World.build(more=6)


def test_no_more_calls_of_the_vendor_than_were_granted(world: World, plans: None) -> None:
    workspace = world.with_vendor("http://127.0.0.1:9/v1")
    world.holders(6)
    assert Operation.objects.filter(kind="invite", state="pending").count() == 6
    assert len(dispatch._claim_kind(workspace, "invite", 2)) == 2
    assert Operation.objects.filter(kind="invite", state="running").count() == 2


def test_no_more_mail_than_a_batch(world: World, plans: None) -> None:
    letters = [
        Letter(To(f"{number}@mass.example"), f"week:{number}", "/access/roles/", context={"count": 1})
        for number in range(6)
    ]
    with transaction.atomic():
        assert mail_queue("accounts_review_due", letters) == 6
    assert len(sending._claim(2)) == 2
    assert Message.objects.filter(state="sending").count() == 2


def test_no_more_deliveries_than_a_batch(world: World, receiver: Receiver, plans: None) -> None:
    subscription, _ = subscribed(world, receiver.address)
    world.holders(6)
    publish()
    assert Delivery.objects.filter(state="waiting").count() > 4
    assert len(delivering._claim(subscription, 2)) == 2
    assert Delivery.objects.filter(state="sending").count() == 2
