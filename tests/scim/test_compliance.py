"""The public compliance tester finds nothing to complain about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from httpx2 import Client
from pytest_django.live_server_helper import LiveServer
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server
from scim2_tester.checkers.resource_get import object_query, object_query_without_id
from scim2_tester.utils import CheckConfig, CheckContext, Status

from tests.factories.cast import World
from tests.factories.scim import Provider, crowd

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def client_of(provider: Provider, address: str) -> Iterator[SyncSCIMClient]:
    headers = {"Authorization": f"Bearer {provider.text}"}
    with Client(base_url=f"{address}/scim/v2", headers=headers, trust_env=False) as client:
        yield SyncSCIMClient(client)


def test_the_public_tester_passes_every_check_of_discovery_and_users(live_server: LiveServer, world: World) -> None:
    # Enough people that those whom the tester removes stay below the thresholds of a bulk mistake.
    crowd(world.a, 1500)
    crowd(world.b, 1500)
    with client_of(Provider(world), live_server.url) as client:
        results = check_server(client, resource_types=["User"])
    assert [(one.title, one.reason) for one in results if one.status is not Status.SUCCESS] == []
    done = Counter(one.title for one in results)
    # By name and number, so that a check which is no longer made does not pass unseen.
    assert done["check_replace_attribute"] >= 8
    assert done["check_add_attribute"] >= 2
    assert done["check_remove_attribute"] >= 2
    for title in (
        "object_creation", "object_query", "object_query_without_id", "object_query_with_attributes",
        "object_list_with_attributes", "search_with_attributes", "object_replacement", "object_deletion", "random_url",
    ):  # fmt: skip
        assert done[title], title
    assert len(results) >= 50


def test_the_tester_reads_groups_which_it_cannot_make(live_server: LiveServer, world: World) -> None:
    with client_of(Provider(world), live_server.url) as client:
        _read_groups(client)


def _read_groups(client: SyncSCIMClient) -> None:
    client.discover()
    model: Any = client.get_resource_model("Group")
    context = CheckContext(client, CheckConfig())
    listed: Any = client.query(model)
    # The tester makes what it reads; groups are not made by clients, so it is given one that is there.
    context.resource_manager.create_and_register = lambda *_, **__: listed.resources[0]  # type: ignore[method-assign]  # see above
    for check in (object_query, object_query_without_id):
        assert [one.status for one in check(context, model)] == [Status.SUCCESS]
    assert client.create(model(), raise_scim_errors=False, expected_status_codes=[405])
