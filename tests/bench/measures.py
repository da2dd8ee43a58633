"""What is measured, and the floor of each. A floor is the least that the same machine needs for the same work."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx2
import openai
from django.db import connection, transaction
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from import_export import resources

from apps.accounts.actors import SYSTEM
from apps.agencies import fiction, roster_services
from apps.agencies import services as agencies
from apps.agencies.management.commands.make_roster import AGENCIES, places
from apps.agencies.models import Agency, Employee
from apps.audit import selectors as audit_selectors
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.copy import copy_rows
from apps.licenses.ports import Listing
from apps.licenses.selectors import facts_of
from apps.vendors import observe
from apps.vendors.dispatch import dispatch
from apps.vendors.models import Operation, Workspace
from apps.vendors.planning import plan_for
from apps.vendors.providers import provider_for
from simulator.testing import RunningSimulator, start
from tests.bench import directory, interface, registers, reports, state, usage
from tests.bench import trail as long_trail

Figure = dict[str, Any]


def timed(work: Callable[[], Any], times: int = 1) -> float:
    """Seconds of the quickest of `times` runs."""
    spans = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spans.append(time.perf_counter() - begun)
    return min(spans)


def figure(name: str, value: float, floor: float, unit: str = "s") -> Figure:
    return {
        "name": name,
        "value": round(value, 4),
        "floor": round(floor, 4),
        "ratio": round(value / floor, 2),
        "unit": unit,
    }


def run(employees: int, only: set[str]) -> Iterator[Figure]:
    """Every measure in order; some build on the state that the ones before left."""
    rows = fiction.people(places(), employees, 1, date(2026, 11, 1))
    agencies.agencies_load(actor=SYSTEM, path=AGENCIES)
    steps: list[tuple[str, Callable[[], Iterator[Figure]]]] = [
        ("roster", lambda: roster(rows)),
        ("scim", lambda: directory.scim(timed, figure)),
        ("eligibility", eligibility),
        ("training", lambda: registers.learning(timed, figure)),
        ("terms", lambda: registers.midnight(timed, figure)),
        ("vendor", lambda: vendor(employees)),
        ("usage", lambda: usage.day(timed, figure)),
        # 14.6 million rows take minutes to make: only where asked for by name.
        ("usage-year", lambda: usage.year(timed, figure) if "usage-year" in only else iter(())),
        ("report", lambda: reports.figures(timed, figure)),
        ("pages", pages),
        ("api", lambda: interface.lists(timed, figure)),
        ("audit", trail),
        ("audit-million", lambda: long_trail.million(timed, figure) if "audit-million" in only else iter(())),
    ]
    for name, step in steps:
        if name == "eligibility":
            state.roll_out()
        if not only or name in only or name == "roster":
            for one in step():
                if not only or name in only:
                    yield one


# ---- roster ------------------------------------------------------------------------------------------------


def roster(rows: list[list[str]]) -> Iterator[Figure]:
    """First and nightly import against COPY and one upsert, and against a stock django-import-export resource."""
    night, count = fiction.changed(rows, 0.02, 7)
    first_file, night_file = fiction.to_csv(rows), fiction.to_csv(night)
    floors = [timed(lambda: _floor_import(rows)), timed(lambda: _floor_import(night))]
    first = timed(lambda: _import(first_file))
    nightly = timed(lambda: _import(night_file))
    assert Employee.objects.filter(title__startswith="Acting ").count() >= count
    yield figure("roster_first", first, floors[0])
    yield figure("roster_nightly", nightly, floors[1])
    sample = rows[:2000]
    stock = timed(lambda: _stock_import(sample)) * len(rows) / len(sample)
    yield figure("roster_first_against_stock_import_export", first, stock)


def _import(content: bytes) -> None:
    run = roster_services.roster_receive(actor=SYSTEM, file_name="bench.csv", content=content)
    run = roster_services.roster_plan(actor=SYSTEM, run=run)
    run = roster_services.roster_confirm(actor=SYSTEM, run=run)
    run = roster_services.roster_apply(actor=SYSTEM, run=run)
    assert run.state == "applied", run.error


_COLUMNS = (
    "employee_id", "email", "first_name", "last_name", "title", "agency_code", "manager_ref", "status", "seasonal",
    "start_on", "end_on",
)  # fmt: skip


def _floor_import(rows: list[list[str]]) -> None:
    """COPY into a temporary table and one INSERT … ON CONFLICT … WHERE changed, into a twin of the table."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_twin (LIKE agencies_employee INCLUDING ALL)")
        cursor.execute(
            f"CREATE TEMPORARY TABLE bench_stage ({', '.join(f'{c} text' for c in _COLUMNS)}) ON COMMIT DROP"
        )
        copy_rows("bench_stage", _COLUMNS, rows)
        cursor.execute(
            "INSERT INTO bench_twin (employee_id, email, first_name, last_name, title, agency_id, manager_ref, status,"
            " is_seasonal, start_on, end_on, source, source_digest)"
            " SELECT s.employee_id, s.email, s.first_name, s.last_name, s.title, a.id, s.manager_ref, s.status,"
            " s.seasonal = 'yes', nullif(s.start_on, '')::date, nullif(s.end_on, '')::date, 'hr', ''"
            " FROM bench_stage s JOIN agencies_agency a ON a.code = s.agency_code"
            " ON CONFLICT (employee_id) DO UPDATE SET email = EXCLUDED.email, title = EXCLUDED.title,"
            " agency_id = EXCLUDED.agency_id, status = EXCLUDED.status, manager_ref = EXCLUDED.manager_ref"
            " WHERE (bench_twin.email, bench_twin.title, bench_twin.agency_id, bench_twin.status, bench_twin.manager_ref)"
            " IS DISTINCT FROM (EXCLUDED.email, EXCLUDED.title, EXCLUDED.agency_id, EXCLUDED.status, EXCLUDED.manager_ref)"
        )


class _Stock(resources.ModelResource):
    class Meta:
        model = Employee
        import_id_fields = ("employee_id",)
        fields = ("employee_id", "email", "first_name", "last_name", "title", "agency", "status")


def _stock_import(rows: list[list[str]]) -> None:
    """The library's own way, rolled back afterwards."""
    import tablib

    ids = dict(Employee.objects.values_list("agency__code", "agency_id"))
    data = tablib.Dataset(headers=["employee_id", "email", "first_name", "last_name", "title", "agency", "status"])
    for row in rows:
        data.append([f"X{row[0]}", f"x.{row[1]}", row[2], row[3], row[4], ids[row[5]], row[7]])
    with transaction.atomic():
        _Stock().import_data(data, raise_errors=True)
        transaction.set_rollback(True)


# ---- eligibility and vendor ------------------------------------------------------------------------------------


def eligibility() -> Iterator[Figure]:
    """Everybody's facts and moves against one pass over the same tables."""
    everybody = list(Employee.objects.values_list("pk", flat=True))

    def one_pass() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT e.id, e.status, e.agency_id, p.state, p.required_courses, r.state, s.state, s.changed_at,"
                " count(DISTINCT c.course_id), bool_or(t.id IS NOT NULL)"
                " FROM agencies_employee e LEFT JOIN rollout_phaseagency pa ON pa.agency_id = e.agency_id AND pa.is_current"
                " LEFT JOIN rollout_phase p ON p.id = pa.phase_id LEFT JOIN training_completion c ON c.employee_id = e.id"
                " LEFT JOIN terms_acceptance t ON t.employee_id = e.id"
                " LEFT JOIN licenses_seatrequest r ON r.employee_id = e.id AND r.is_current"
                " LEFT JOIN licenses_seat s ON s.employee_id = e.id AND s.state <> 'released'"
                " GROUP BY e.id, p.id, r.id, s.id"
            )
            cursor.fetchall()

    floor = timed(one_pass, 3)
    yield figure("eligibility_everyone", timed(lambda: facts_of(everybody), 3), floor)


def vendor(employees: int) -> Iterator[Figure]:
    """Observe, reconcile and apply against a simulator with as many members as there are employees."""
    with start(accept_rate=0.0) as simulator:
        workspace = state.workspace_at(simulator.vendor_url)
        simulator.add_members(
            {"email": email, "name": email, "role": "reader"}
            for email in Employee.objects.values_list("email", flat=True)
        )
        yield from observing(workspace, simulator)
        yield from reconciling(workspace)
        yield from applying(workspace, simulator)
        yield from chatgpt(simulator)


def chatgpt(simulator: RunningSimulator) -> Iterator[Figure]:
    """The seats' own API: observing a thousand members a page, and applying at a limit of calls a minute."""
    workspace = state.chatgpt_workspace_at(simulator.vendor_url, simulator.workspace_id, 100_000)
    sdk = openai.OpenAI(
        admin_api_key=simulator.workspace_key, api_key="", base_url=simulator.vendor_url, max_retries=0
    )  # fmt: skip
    path = f"/manage/workspaces/{simulator.workspace_id}/users"

    def dropped() -> None:
        after, more = "", True
        while more:
            params = {"limit": 1000, **({"after": after} if after else {})}
            text = sdk.get(path, cast_to=httpx2.Response, options={"params": params}).content
            more = b'"has_more":true' in text or b'"has_more": true' in text
            mark = text.rfind(b'"last_id"')
            after = text[mark:].split(b'"')[3].decode() if more else ""

    def ours() -> None:
        with observe.stages(), provider_for(workspace) as provider:
            listing = Listing()
            observe._stage("seen_member", provider.members(listing), lambda: None)
            assert listing.complete
            with transaction.atomic():
                observe.store(workspace, observe.Observation(), clock.now())

    ours()
    yield figure("observe_workspace_members", timed(ours, 2), timed(dropped, 2))
    yield from _at_the_limit(workspace, simulator)


def _at_the_limit(
    workspace: Workspace, simulator: RunningSimulator, count: int = 900, limit: int = 3600
) -> Iterator[Figure]:
    """Invitations at 60 calls a second: the time that the vendor allows for them is the floor, and it never says no."""
    Agency.objects.update(workspace=workspace.name)
    state.operations(workspace, count)
    Workspace.objects.filter(pk=workspace.pk).update(rate_limits={"*": limit})
    workspace.refresh_from_db()
    simulator.settings(rate_limits={"POST /v1/manage/workspaces/{workspace_id}/invites": limit})
    simulator.clear_requests()
    spent = timed(lambda: _dispatch_all(workspace))
    refused = [
        r
        for r in simulator.requests("POST", "/v1/manage/workspaces/{workspace_id}/invites", count)
        if r["status"] == 429
    ]
    assert not refused, f"{len(refused)} refused"
    yield figure("apply_at_the_limit", spent, count / (limit / 60))


def observing(workspace: Workspace, simulator: RunningSimulator) -> Iterator[Figure]:
    sdk = openai.OpenAI(**simulator.openai_options())

    def raw() -> None:
        after, more = None, True
        while more:
            answer = sdk.admin.organization.users.with_raw_response.list(
                limit=100, **({"after": after} if after else {})
            )
            body = answer.http_response.json()
            after, more = body["last_id"], body["has_more"]

    def dropped() -> None:
        # The least: the bytes of every page, of which only the cursor is looked at.
        after, more = "", True
        while more:
            answer = sdk.admin.organization.users.with_raw_response.list(
                limit=100, **({"after": after} if after else {})
            )
            text = answer.http_response.content
            more = b'"has_more":true' in text or b'"has_more": true' in text
            mark = text.rfind(b'"last_id"')
            after = text[mark:].split(b'"')[3].decode() if more else ""

    def objects() -> None:
        sum(1 for _ in sdk.admin.organization.users.list(limit=100))

    def ours() -> None:
        with observe.stages(), provider_for(workspace) as provider:
            listing = Listing()
            observe._stage("seen_member", provider.members(listing), lambda: None)
            assert listing.complete
            with transaction.atomic():
                observe.store(workspace, observe.Observation(), clock.now())

    ours()
    floor = timed(dropped, 2)
    value = timed(ours, 2)
    yield figure("observe_members", value, floor)
    yield figure("observe_members_against_decoded_json", value, timed(raw))
    yield figure("observe_members_against_sdk_objects", value, timed(objects))


def reconciling(workspace: Workspace) -> Iterator[Figure]:
    state.accounts_for_all_seats(workspace)

    def anti_join() -> None:
        # Every column that is compared, joined once; what differs is fetched.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT e.id, e.email, s.agency_id, a.vendor_id, a.email, a.role, a.is_ours, a.groups"
                " FROM (SELECT employee_id, agency_id FROM licenses_seat WHERE state = 'granted') s"
                " JOIN agencies_employee e ON e.id = s.employee_id JOIN agencies_agency g ON g.id = e.agency_id"
                " FULL JOIN (SELECT * FROM vendors_vendoraccount WHERE gone_at IS NULL AND employee_id IS NOT NULL) a"
                " ON a.employee_id = e.id WHERE e.id IS NULL OR a.id IS NULL OR a.role NOT IN ('reader', 'member', '')"
            )
            cursor.fetchall()

    floor = timed(anti_join, 3)
    yield figure("reconcile_in_step", timed(lambda: plan_for(workspace, since=clock.now()), 3), floor)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vendors_vendoraccount SET gone_at = now() WHERE id %% 8 = 0", [])
    yield figure(
        "reconcile_one_in_eight_missing", timed(lambda: plan_for(workspace, since=clock.now()), 3), timed(anti_join, 3)
    )


def applying(workspace: Workspace, simulator: RunningSimulator, count: int = 5000) -> Iterator[Figure]:
    """5,000 invitations against the simulator's own ceiling with a bare client of the same number of threads."""
    key = {"authorization": f"Bearer {simulator.admin_key}"}

    with (
        httpx2.Client(headers=key, limits=httpx2.Limits(max_connections=16)) as bare,
        ThreadPoolExecutor(16) as threads,
    ):

        def post(number: int) -> None:
            body = {"email": f"bare{number}@bench.example", "role": "reader", "projects": []}
            bare.post(f"{simulator.vendor_url}/organization/invites", json=body).raise_for_status()

        floor = timed(lambda: list(threads.map(post, range(count))))
    state.operations(workspace, count)
    simulator.clear_requests()
    spent = timed(lambda: _dispatch_all(workspace))
    sent = simulator.request_total("POST", "/v1/organization/invites")
    assert sent == count, f"{sent} of {count} sent"
    yield figure("apply_5000_operations", spent, floor)


def _dispatch_all(workspace: Workspace) -> None:
    while Operation.objects.filter(workspace=workspace, state__in=["pending", "retry"]).exists():
        dispatch(workspace)


# ---- pages, audit ------------------------------------------------------------------------------------------------


def pages() -> Iterator[Figure]:
    with override_settings(ROOT_URLCONF="tests.bench.urls", ALLOWED_HOSTS=["testserver"]):
        yield from _pages()


def _pages() -> Iterator[Figure]:
    """p95 of 30 calls of each page by role against an empty signed-in page; lists against the same rows in plain markup."""
    people = state.people()
    for role, user, names in (
        ("administrator", people["erin"], ["console:home", "rollout:phases", "vendors:workspaces", "audit:events"]),
        ("contact", people["alice"], ["console:home"]),
        ("employee", people["bob"], ["console:home"]),
        ("leader", people["lee"], ["console:home"]),
    ):
        client = Client()
        client.force_login(user)
        floor = p95(client, "/bench/empty/")
        for name in names:
            yield figure(f"page_{role}_{name.replace(':', '_')}", p95(client, reverse(name)) * 1000, floor * 1000, "ms")
        if role == "administrator":
            plain = p95(client, "/bench/rows/")
            for name in ("licenses:seats", "agencies:people", "vendors:operations"):
                url = f"{reverse(name)}?size=50&state="
                yield figure(f"list_{name.replace(':', '_')}", p95(client, url) * 1000, plain * 1000, "ms")


def p95(client: Client, url: str, times: int = 30) -> float:
    spans = []
    for turn in range(times + 2):
        begun = time.perf_counter()
        response = client.get(url)
        if turn >= 2:
            spans.append(time.perf_counter() - begun)
        assert response.status_code == 200, (url, response.status_code)
    return statistics.quantiles(spans, n=20)[18]


def trail(events: int = 2000, many: int = 100_000) -> Iterator[Figure]:
    """One event a transaction against a plain INSERT; and the verification of a million, extrapolated."""
    target = Employee.objects.first()
    assert target is not None
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_event (LIKE audit_auditevent INCLUDING DEFAULTS INCLUDING IDENTITY)")

    def plain() -> None:
        for number in range(events):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO bench_event (stream, actor_key, actor_name, role, verb, record_type, record_id,"
                    " record_name, before, after, reason, request_id)"
                    " VALUES ('bench', 'k', 'n', 'r', 'bench.thing.done', 't', %s, 'x', '{}', '{}', '', '')",
                    [str(number)],
                )

    def chained() -> None:
        for _ in range(events):
            with transaction.atomic():
                audit.record(SYSTEM, "bench.thing.done", target)

    floor, value = timed(plain), timed(chained)
    yield figure("audit_events_a_second", events / value, events / floor, "1/s")
    with transaction.atomic():
        audit.record_many(SYSTEM, "bench.thing.done", Employee, (audit.Entry(str(n)) for n in range(many)))
    verdict: list[Any] = []
    spent = timed(lambda: verdict.append(audit_selectors.verify()))
    assert verdict[0].is_intact
    yield figure("audit_verify_a_million", spent * 1_000_000 / verdict[0].events, 60.0)
