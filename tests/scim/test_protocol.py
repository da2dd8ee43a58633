"""Filters, pages, entity tags and hostile bodies: what a client may send, and what it is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import SCIMException, ScimFilter, SearchRequest

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Employee
from apps.agencies.selectors import employees_offered
from apps.scim.filters import translated_filter
from apps.scim.mapping import managers_of, resource_of
from apps.scim.paging import ordered
from apps.scim.schemas import ENTERPRISE, PROVIDER, USER_MODEL
from apps.scim.storage import DirectoryStorage
from tests.factories.cast import World
from tests.factories.scim import CORE, PATCH, Provider, crowd, entra_user, replace

pytestmark = pytest.mark.django_db
MANY = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

# ---- filters: the database says what the library's own evaluator says -------------------------------------

TEXTS = [
    "id", "externalId", "userName", "title", "name.givenName", "name.familyName", "emails", "emails.value", "emails.type",
    f"{ENTERPRISE}:employeeNumber", f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager.value", f"{CORE}:userName",
]  # fmt: skip
WORDS = [
    "",
    "a",
    "Bob",
    "bob",
    "AAA",
    "bbb",
    "50% off",
    "_",
    "%",
    "\\",
    "é",
    "É",
    "z",
    "work",
    "A003",
    "Boss",
    "mass.example",
]


def leaf() -> st.SearchStrategy[str]:
    operators = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
    values = st.sampled_from(WORDS).map(json.dumps) | st.just("null")
    text = st.tuples(st.sampled_from(TEXTS), operators, values).map(" ".join)
    present = st.sampled_from([*TEXTS, "name", "emails", "active", f"{ENTERPRISE}:manager"]).map(lambda a: f"{a} pr")
    truth = st.tuples(st.just("active"), st.sampled_from(["eq", "ne"]), st.sampled_from(["true", "false"])).map(
        " ".join
    )
    moments = ['"2000-01-01T00:00:00Z"', '"2100-01-01T00:00:00Z"', '"2026-01-01T00:00:00"', "null"]
    time = st.tuples(
        st.sampled_from(["meta.created", "meta.lastModified"]), st.sampled_from(["eq", "ne", "gt", "le"]),
        st.sampled_from(moments),
    ).map(" ".join)  # fmt: skip
    inner = st.tuples(st.sampled_from(["value", "type"]), operators, values).map(" ".join)
    chosen = inner.map(lambda one: f"emails[{one}]")
    both = st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda one: f"emails[{' '.join(one)}]")
    return text | text | present | truth | time | chosen | both


FILTERS = st.recursive(
    leaf(),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda one: f"({' '.join(one)})")
        | inner.map(lambda one: f"not ({one})")
    ),
    max_leaves=5,
)


@pytest.fixture
def provider(world: World) -> Provider:
    return Provider(world)


@pytest.fixture
def people(world: World) -> list[Any]:
    """People with what a translation into SQL gets wrong: case, wildcards, accents, absent values."""
    for number, changes in {
        "A003": {"title": "50% off", "manager_ref": "A001", "external_id": "Bob"},
        "B003": {"title": "", "sign_in_name": "DANA_%", "external_id": "bob", "manager_ref": "gone"},
        "A001": {"title": "Éclair \\ boss", "first_name": "Élodie"},
        "B001": {"status": "separated", "title": "Boss"},
    }.items():
        Employee.objects.filter(employee_id=number).update(**changes)
    found = list(employees_offered())
    managers = managers_of(found)
    return [resource_of(one, managers) for one in found]


@MANY
@given(text=FILTERS)
def test_a_filter_finds_in_the_database_whom_the_reference_finds(people: list[Any], text: str) -> None:
    with PROVIDER:
        try:
            bound: Any = ScimFilter[USER_MODEL](text)
        except SCIMException:
            return  # The library refuses it before Beacon is asked.
        wanted = {one.id for one in people if bound.match(one)}
        condition, aliases = translated_filter(bound)
    found = employees_offered().alias(**aliases).filter(condition)
    assert {str(one.key) for one in found} == wanted


@pytest.mark.parametrize("path", [*TEXTS, "active", "meta.created"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_an_order_is_the_one_of_the_reference(people: list[Any], path: str, order: str) -> None:
    with PROVIDER:
        search: Any = SearchRequest[USER_MODEL](sort_by=path, sort_order=order)
        wanted = [search.sort_value(one) for one in search.sort(people)]
        found = list(ordered(employees_offered(), search))
        managers = managers_of(found)
        assert [search.sort_value(resource_of(one, managers)) for one in found] == wanted


@pytest.mark.parametrize(
    "filter",
    ['nonsense eq "x"', 'userName eq', 'active gt true', 'userName eq 5', 'meta.version eq "x"', 'schemas co "x"',
     " or ".join(["active pr"] * 200), "((((", 'meta.created gt "yesterday"'],
)  # fmt: skip
def test_what_cannot_be_searched_for_is_an_invalid_filter(world: World, filter: str) -> None:
    assert Provider(world).find(filter)["scimType"] == "invalidFilter"


@pytest.mark.parametrize("value", ["\\u0000", "\\ud800", "x" * 5000, "'; drop table x; --"])
def test_a_value_that_nobody_can_have_finds_nobody(world: World, value: str) -> None:
    assert Provider(world).find(f'userName eq "{value}"')["totalResults"] == 0


# ---- pages ----------------------------------------------------------------------------------------------


def test_pages_by_index_say_how_many_there_are_and_do_not_overlap(world: World) -> None:
    entra = Provider(world)
    crowd(world.a, 30)
    seen: list[str] = []
    for start in (1, 21, 41):
        page = entra.get(f"/Users?startIndex={start}&count=20&attributes=userName").json()
        assert (page["totalResults"], page["startIndex"]) == (39, start)
        assert all(set(one) <= {"schemas", "id", "userName", "meta"} for one in page.get("Resources", []))
        seen += [one["id"] for one in page.get("Resources", [])]
    assert len(set(seen)) == len(seen) == 39
    assert entra.get("/Users?count=0").json()["totalResults"] == 39
    assert entra.get(f"/Users?startIndex={10**30}&count={10**30}").status_code in {200, 400}
    assert "name" not in entra.get("/Users?excludedAttributes=name&count=1").json()["Resources"][0]
    both = entra.call(
        "POST",
        "/.search",
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "startIndex": 39, "count": 3},
    )
    assert [one["meta"]["resourceType"] for one in both.json()["Resources"]] == ["User", "Group", "Group"]


@pytest.mark.parametrize(
    "order", ["", "&sortBy=title", "&sortBy=name.familyName&sortOrder=descending", "&sortBy=meta.created"]
)
def test_a_cursor_neither_skips_nor_repeats_while_people_come_and_go(world: World, order: str) -> None:
    entra = Provider(world)
    people = crowd(world.a, 30)
    seen, address = [], f"/Users?count=7&cursor={order}"
    for turn in range(20):
        page = entra.get(address).json()
        seen += [one["id"] for one in page["Resources"]]
        if turn == 1:
            crowd(world.a, 3, start=100)
            Employee.objects.filter(pk=people[0].pk).update(status="separated", withdrawn_at="2026-01-01T00:00:00Z")
        if "nextCursor" not in page:
            break
        back, address = page.get("previousCursor"), f"/Users?count=7&cursor={page['nextCursor']}{order}"
    assert len(set(seen)) == len(seen)
    assert {
        str(one.key) for one in employees_offered() if one.employee_id[:4] != "CAAA" or int(one.employee_id[4:]) < 100
    } <= set(seen)
    assert back is not None
    assert len(entra.get(f"/Users?count=7&cursor={back}{order}").json()["Resources"]) == 7
    assert entra.get("/Users?count=7&cursor=forged").json()["scimType"] == "invalidCursor"


# ---- entity tags ----------------------------------------------------------------------------------------


def test_an_entity_tag_guards_reading_and_writing(world: World) -> None:
    entra, key = Provider(world), world.employee("B003").key
    read = entra.get(f"/Users/{key}")
    tag = read["ETag"]
    assert read.json()["meta"]["version"] == tag
    assert entra.get(f"/Users/{key}", If_None_Match=tag).status_code == 304
    assert entra.patch(key, replace("title", "Chief"), If_Match=tag).status_code == 204
    stale = entra.patch(key, replace("title", "Other"), If_Match=tag)
    assert stale.status_code == 412
    assert entra.call("DELETE", f"/Users/{key}", If_Match=tag).status_code == 412
    assert entra.get(f"/Users/{key}", If_None_Match=tag).status_code == 200
    assert world.employee("B003").title == "Chief"
    # What changes nothing keeps the tag, and leaves no event.
    tag = entra.get(f"/Users/{key}")["ETag"]
    assert entra.patch(key, replace("title", "Chief"))["ETag"] == tag


def test_a_put_replaces_and_what_it_leaves_out_is_gone(world: World) -> None:
    entra = Provider(world)
    made = entra.post(entra_user("N1", "Dina", "New", "BBB")).json()
    body = entra_user("N1", "Dina", "Newer", "AAA")
    del body["title"], body["externalId"]
    answer = entra.call("PUT", f"/Users/{made['id']}", body)
    assert answer.status_code == 200, answer.content
    dina = world.employee("N1")
    assert (dina.title, dina.external_id, dina.agency.code, dina.last_name) == ("", "", "AAA", "Newer")


def test_a_new_employee_id_takes_those_who_report_to_it_along(world: World) -> None:
    entra = Provider(world)
    Employee.objects.filter(employee_id="A003").update(manager_ref="A001")
    key = world.employee("A001").key
    assert entra.patch(key, replace(f"{ENTERPRISE}:employeeNumber", "A777")).status_code == 204
    assert (world.employee("A777").key, world.employee("A003").manager_ref) == (key, "A777")
    assert entra.patch(key, replace(f"{ENTERPRISE}:employeeNumber", "A002")).json()["scimType"] == "uniqueness"


# ---- hostile bodies -------------------------------------------------------------------------------------

DEEP = b'{"schemas":["x"],"a":' + b"[" * 20000 + b"]" * 20000 + b"}"
BODIES = [
    b"", b"{", b"null", b"[]", b"5", b'"x"', DEEP, b"\xff\xfe", b'{"userName":"\\ud800"}', b'{"a":1e999}', b'{"active":[[[[1]]]]}',
    json.dumps({"schemas": [CORE], "userName": {"a": 1}}).encode(), b"{" + b" " * (2 * 1024 * 1024) + b"}",
    b"{" + b" " * (6 * 1024 * 1024) + b"}",
    json.dumps({"schemas": [CORE, ENTERPRISE], ENTERPRISE: "x", "emails": "x", "name": [], "userName": 5}).encode(),
    json.dumps(entra_user("N1", "Di\x00na", "New", "BBB")).encode(),
    json.dumps(entra_user("N1", "Dina", "New", "BBB", userName="x" * 4000)).encode(),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_a_hostile_body_is_a_clients_mistake(world: World, number: int) -> None:
    entra, key = Provider(world), world.employee("B003").key
    for method, path in (
        ("POST", "/Users"), ("PUT", f"/Users/{key}"), ("PATCH", f"/Users/{key}"), ("POST", "/Bulk"), ("POST", "/Users/.search"),
    ):  # fmt: skip
        answer = entra.call(method, path, BODIES[number])
        assert 400 <= answer.status_code < 500 or path == "/Users/.search", (method, path, answer.content)
        assert answer.status_code < 500


@pytest.mark.parametrize(
    "path", ["/Users/x", "/Users/%00", "/Users/" + "9" * 400, "/Nothing", "/Users/a/b/c", "/Groups/agency-ZZZ", "/Groups/%ff", "//", "/Users?count=x", "/Users?attributes=%00", "/Users?sortBy=nonsense", "/Users?filter=%00", "/Users?cursor=&startIndex=1"],
)  # fmt: skip
def test_a_hostile_address_is_a_clients_mistake(world: World, path: str) -> None:
    assert 200 <= Provider(world).get(path).status_code < 500


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
    | st.sampled_from(["False", "AAA", "BBB", "x@mass.example", "A003"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["value", "type", "primary", "active", "department", "name.givenName", ENTERPRISE, f"{ENTERPRISE}:manager", "emails", "$ref"]
    ) | st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
PATHS = st.sampled_from([
    "active", "title", "userName", "emails", 'emails[type eq "work"].value', 'emails[type eq "home"].value', "emails[", "name",
    "name.givenName", "name.formatted", f"{ENTERPRISE}:manager", f"{ENTERPRISE}:department", f"{ENTERPRISE}:employeeNumber",
    ENTERPRISE, "externalId", "id", "meta", "schemas", "groups", "", "members[value eq \"x\"]", 'emails[value pr and (type eq "work")]',
]) | st.text(max_size=12)  # fmt: skip
OPERATION = st.fixed_dictionaries(
    {"op": st.sampled_from(["Add", "Replace", "Remove", "add", "replace", "remove", "copy"]) | VALUES},
    optional={"path": PATHS | VALUES, "value": VALUES},
)


@MANY
@given(operations=st.lists(OPERATION, max_size=4) | VALUES)
def test_no_patch_whatever_it_says_breaks_the_server(provider: Provider, operations: Any) -> None:
    point = transaction.savepoint()
    key = Employee.objects.get(employee_id="B003").key
    answer = provider.call("PATCH", f"/Users/{key}", {"schemas": [PATCH], "Operations": operations})
    transaction.savepoint_rollback(point)
    assert answer.status_code < 500, answer.content


# ---- speed ----------------------------------------------------------------------------------------------


def test_lookups_pages_and_changes_cost_the_same_whether_people_are_few_or_many(world: World) -> None:
    entra = Provider(world)

    def costs() -> list[int]:
        made = []
        person = Employee.objects.filter(agency=world.a, status="active").order_by("pk")[2]
        for method, path, body in (
            ("GET", f'/Users?filter=userName eq "{person.email}"', None), ("GET", "/Users?count=100", None),
            ("PATCH", f"/Users/{person.key}", {"schemas": [PATCH], "Operations": [replace("title", f"T{Employee.objects.count()}")]}),
        ):  # fmt: skip
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert entra.call(method, path, body).status_code in {200, 204}
            made.append(len(queries))
        return made

    entra.get("/Users?count=1")  # the token notes that it is used, once a minute
    few = costs()
    crowd(world.a, 500)
    assert costs() == few
    assert max(few) <= 40, few


def test_the_storage_says_that_it_pages_by_cursor() -> None:
    assert DirectoryStorage(SYSTEM).supports_cursors
