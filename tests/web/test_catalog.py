"""The catalog's pages and API: hostile text, empty lists, exports, and what is not for somebody."""

from __future__ import annotations

import csv
import io

import pytest

from apps.catalog import services
from apps.catalog.models import UseCase
from tests.factories import catalog
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> \u202eשלום 👩🏽‍💻 **[x](javascript:1)** {{ 7*7 }} %s ' \" \\ " + "ж" * 9_800


def test_every_text_field_takes_hostile_text_and_refuses_what_it_cannot_keep(world: World) -> None:
    bob = client_of(world, "bob")
    made = bob.post("/use-cases/new/", {"title": HOSTILE[:150], "problem": HOSTILE})
    case = UseCase.objects.get()
    assert made["Location"] == f"/use-cases/{case.pk}/write/use/"
    texts = {
        "use": {"task_type": "drafting", "how": HOSTILE, "outputs": HOSTILE, "topic_area": "Other"},
        "data": {"data_class": "public", "data_notes": HOSTILE},
        "check": {"checker": HOSTILE[:150], "check_how": HOSTILE},
        "measure": dict.fromkeys(("benefits", "measure", "baseline", "target"), HOSTILE),
        "prompt": {"example_prompt": HOSTILE},
        "screening": dict.fromkeys(("decides", "to_residents", "principal_basis"), "no"),
        "send": {"show_author": "on"},
    }
    for step, data in texts.items():
        answer = bob.post(f"/use-cases/{case.pk}/write/{step}/", data)
        assert answer.status_code == 302, (step, answer.context["form"].errors)
    page = bob.get(f"/use-cases/{case.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    for bad in ("nul \x00 here", "x" * 10_001):
        again = bob.post("/use-cases/new/", {"title": "T", "problem": bad})
        assert again.status_code == 200
        assert "There is a problem" in again.content.decode()
    assert bob.get("/use-cases/similar/", {"title": HOSTILE, "problem": "\x00|&!:*'"}).status_code == 200
    assert bob.get("/use-cases/", {"q": "\x00' | !"}).status_code == 200


def test_lists_say_nothing_yet_nothing_matches_and_not_for_you(world: World) -> None:
    bob, lee = client_of(world, "bob"), client_of(world, "lee")
    assert "No use case is published yet" in bob.get("/use-cases/").content.decode()
    assert "You have not shared a use case yet" in bob.get("/use-cases/mine/").content.decode()
    assert "Nothing matches" in bob.get("/use-cases/?tier=high").content.decode()
    assert bob.get("/use-cases/review/").status_code == 403
    assert "Only employees share use cases" in lee.get("/use-cases/new/").content.decode()


def test_the_export_carries_what_is_filtered_and_no_name(world: World) -> None:
    catalog.published(world, title="=HYPERLINK(1)", show_author=True)
    catalog.published(world, title="Tables", task_type="spreadsheets")
    content = client_of(world, "dana").get("/use-cases/?task_type=drafting&format=csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["Title"] for row in rows] == ["'=HYPERLINK(1)"]
    assert "Bob" not in content


def test_the_name_stands_on_the_page_where_the_author_ticked_it_and_never_for_leaders(world: World) -> None:
    case = catalog.published(world, show_author=True)
    assert "Bob Employee" in client_of(world, "dana").get(f"/use-cases/{case.pk}/").content.decode()
    assert "Bob Employee" not in client_of(world, "lee").get(f"/use-cases/{case.pk}/").content.decode()
    quiet = catalog.published(world, title="Quiet")
    assert "Bob Employee" not in client_of(world, "dana").get(f"/use-cases/{quiet.pk}/").content.decode()


def test_the_inventory_comes_as_two_files(world: World) -> None:
    catalog.published(world)
    erin = client_of(world, "erin")
    cases = erin.get("/use-cases/inventory/cases.csv").content.decode("utf-8-sig")
    tasks = erin.get("/use-cases/inventory/tasks.csv").content.decode("utf-8-sig")
    assert len(next(csv.reader(io.StringIO(cases)))) == 36
    assert len(list(csv.reader(io.StringIO(tasks)))) == 21
    assert client_of(world, "alice").get("/use-cases/inventory/cases.csv").status_code == 403


def test_the_api_lists_searches_and_adopts(world: World) -> None:
    case = catalog.published(world)
    draft = services.case_begin(actor=world.bob, title="Draft", problem="P")
    charlie, dana = client_of(world, "charlie"), client_of(world, "dana")
    assert [row["id"] for row in charlie.get("/api/v1/use-cases/?q=permits").json()["results"]] == [case.pk]
    assert charlie.get(f"/api/v1/use-cases/{draft.pk}/").status_code == 404
    made = charlie.post(f"/api/v1/use-cases/{case.pk}/adopt/", {"agency": "BBB"}, content_type="application/json")
    assert made.status_code == 201
    again = charlie.post(f"/api/v1/use-cases/{case.pk}/adopt/", {"agency": "BBB"}, content_type="application/json")
    assert (again.status_code, again.json()["reasons"][0]["code"]) == (409, "already_adopted")
    assert dana.post(f"/api/v1/use-cases/{case.pk}/adopt/", {"agency": "BBB"}).status_code == 403
