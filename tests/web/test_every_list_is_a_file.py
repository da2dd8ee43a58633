"""Every list can be taken as a file: a page with a table, or whose view is a list, has a link to one that answers."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Session
from apps.accounts.session_views import mark_of
from tests.factories.cast import World
from tests.web.samples import FOREIGN, Page, furnished, is_api, pages
from tests.web.test_matrix import PERSONS, client_of

pytestmark = pytest.mark.django_db
LINK = re.compile(r'href="([^"]*(?:format=csv|\.csv|/csv/)[^"]*)"')
# What stands in a table and is no list of records, or is within the page of one.
NO_FILE = {
    # The parts of one record. Where there may be many, a list that has a file is linked beside them.
    "accounts:connection", "audit:event", "catalog:case", "console:agency", "console:person", "incidents:breach",
    "knowledge:article", "licenses:reclaim-run", "licenses:seat", "rollout:phase", "usage:import", "vendors:workspace",
    "vendors:workspace-posture", "webhooks:subscription",
    # Public figures: their file is JSON; the switch shows the same page before it is public.
    "reports:transparency", "reports:transparency-switch",
    # How Beacon works: who may open what, the interface, what is kept of SCIM's attributes (its changes are in the trail).
    "accounts:rights", "interface:docs", "scim:overview",
    # The heads of the chain leave signed, in the evidence pack.
    "audit:chain",
    # One's own days of use are shown to oneself alone; each look is recorded (docs/usage.md).
    "usage:mine",
}  # fmt: skip
# The decision behind an operation stands in a table where there is one; the sample may have none.
SOMETIMES = {"vendors:operation"}


def is_list(name: str, view: Any, text: str) -> bool:
    return "<table" in text or view.__name__.endswith("_list")


def first_to_see(clients: dict[str, Client], page: Page, url: str) -> tuple[Client, str] | None:
    """The page as the first of the cast sees it who may; None where it is no page of HTML."""
    for name, roles in PERSONS.items():
        if page.rule and page.rule.roles and not page.rule.roles & roles:
            continue
        client = clients[name]
        answer = client.get(url)
        if answer.status_code != 200:
            continue
        return (client, answer.content.decode()) if answer["Content-Type"].startswith("text/html") else None
    return None


@pytest.mark.timeout(300)  # it opens some 300 pages
def test_every_list_has_a_file(db: None) -> None:
    world, parameters = furnished()
    clients = {name: client_of(world, name) for name in PERSONS}
    without, broken, found = set(), [], 0
    for page in pages():
        if page.name in FOREIGN or page.rule is None or is_api(page.name) or page.name == "accounts:sign-out":
            continue
        url = reverse(page.name, kwargs=parameters.get(page.name))
        seen = first_to_see(clients, page, url)
        if seen is None or not is_list(page.name, page.view, seen[1]):
            continue
        links = LINK.findall(seen[1])
        if not links:
            without.add(page.name)
        for link in links:
            found += 1
            answer = seen[0].get(urljoin(url, unescape(link)), follow=True)
            is_file = "csv" in answer.get("Content-Type", "")
            # A file that names people asks for the reason first.
            if not is_file and b'name="reason"' not in answer.content:
                broken.append((page.name, link))
    assert sorted(without - NO_FILE - SOMETIMES) == [], "a list without a file"
    assert sorted(NO_FILE - without) == [], "an exception that is none any more"
    assert broken == []
    assert found > 60


# ---- those that are made by hand -------------------------------------------------------------------------------------


def lines_of(client: Client, name: str, *args: object, more: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{reverse(name, args=args)}?format=csv{more}")
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_my_sign_ins_name_only_mine_and_hold_no_key(world: World) -> None:
    bob, erin = client_of(world, "bob"), client_of(world, "erin")
    again = client_of(world, "bob")
    url = reverse("accounts:sessions")
    assert 'href="?format=csv"' in bob.get(url).content.decode()
    lines = lines_of(bob, "accounts:sessions")
    assert sorted(line["This one"] for line in lines) == ["", "Yes"]
    text = bob.get(url + "?format=csv").content.decode()
    for row in Session.objects.all():
        assert row.session_key not in text
        assert mark_of(row.session_key) not in text
    assert len(lines_of(erin, "accounts:sessions")) == 1
    assert len(lines_of(again, "accounts:sessions")) == 2


def test_contracts_have_their_ledger_and_leaders_no_small_figures(world: World) -> None:
    world.holder(world.employee("A003"))
    (line,) = lines_of(client_of(world, "erin"), "licenses:contracts")
    assert (line["Granted"], line["Balances"]) == ("1", "Yes")
    assert int(line["Free"]) + 1 == int(line["Bought"])
    by_phase = lines_of(client_of(world, "erin"), "licenses:contracts", more="&ledger=phases")
    assert {line["Agency"] for line in by_phase} == {world.a.name}
    # Who sees no agency's small figures on the page sees none in a file either.
    assert "Agency" not in lines_of(client_of(world, "lee"), "licenses:contracts", more="&ledger=phases")[0]


def test_workspaces_and_what_is_assumed_of_them(db: None) -> None:
    world, _ = furnished()
    erin = client_of(world, "erin")
    assert {line["Workspace"] for line in lines_of(erin, "vendors:workspaces")} >= {"main"}
    page = erin.get(reverse("vendors:workspaces") + "?format=csv").content.decode()
    assert "env:" not in page
