"""A million audit events: how long the walk takes, and how quickly the pages find something among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import override_settings

from apps.agencies.models import Employee
from tests.bench import state

Timed = Callable[..., float]
Figure = Callable[..., dict[str, Any]]
EVENTS, BATCH = 1_000_000, 100_000

# Forty acts in eight streams, of and about people of the directory, over three years; one stream has hardly any.
_EVENTS = """
    INSERT INTO audit_auditevent (
        stream, at, actor_key, actor_name, role, verb, record_type, record_id, record_name, before, after, reason, request_id
    )
    SELECT stream, now() - (%(all)s - n) * interval '95 seconds', md5((n %% 997)::text), a.first_name || ' ' || a.last_name,
        'agency_contact', stream || '.record.act' || n %% 5, 'agencies.Employee', p.id::text,
        p.first_name || ' ' || p.last_name, '{"state": "held"}', jsonb_build_object('state', 'granted', 'number', n),
        CASE WHEN n %% 3 = 0 THEN 'Asked for by the agency' ELSE '' END, md5(n::text)
    FROM (
        SELECT n, CASE WHEN n %% 20011 = 0 THEN 'rare' ELSE (ARRAY['licenses', 'training', 'terms', 'vendors', 'mail',
            'agencies', 'incidents', 'catalog'])[1 + n %% 8] END AS stream
        FROM generate_series(%(first)s, %(last)s) n
    ) e
    JOIN bench_person a ON a.place = e.n %% 997 JOIN bench_person p ON p.place = e.n::bigint * 7919 %% %(people)s
"""


def million(timed: Timed, figure: Figure) -> Iterator[dict[str, Any]]:
    """The walk over a million by the command against its minute; searches against an empty signed-in page."""
    people = Employee.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE bench_person AS"
            " SELECT row_number() OVER (ORDER BY id) - 1 AS place, id, first_name, last_name FROM agencies_employee"
        )
        for first in range(0, EVENTS, BATCH):
            with transaction.atomic():
                asked = {"first": first, "last": first + BATCH - 1, "people": people, "all": EVENTS}
                cursor.execute(_EVENTS, asked)
        cursor.execute("VACUUM ANALYZE audit_auditevent")
        cursor.execute("VACUUM ANALYZE audit_auditlink")
    yield figure("audit_verify_a_whole_million", timed(lambda: call_command("verify_audit", stdout=StringIO())), 60.0)
    with override_settings(ROOT_URLCONF="tests.bench.urls", ALLOWED_HOSTS=["testserver"]):
        yield from _searches(figure)


def _searches(figure: Figure) -> Iterator[dict[str, Any]]:
    from tests.bench.measures import p95

    client = Client()
    client.force_login(state.people()["erin"])
    floor = p95(client, "/bench/empty/")
    person = Employee.objects.order_by("pk")[500]
    asked = {
        "all": "", "person": f"person={person.first_name} {person.last_name}", "employee_id": f"person={person.employee_id}",
        "acted": f"person={person.last_name}&part=actor", "record": f"record=agencies.Employee:{person.pk}",
        "record_name": f"record={person.last_name}", "verb": "verb=terms.record.act1", "stream": "stream=licenses",
        "rare_stream": "stream=rare", "days": "since=2025-01-01&until=2025-01-31", "old": "until=2024-02-01",
        "all_at_once": f"person={person.last_name}&stream=training&since=2025-01-01", "page_400": "page=400",
        "oldest_first": "sort=at",
    }  # fmt: skip
    for name, query in asked.items():
        spent = p95(client, f"/audit/?{query}", 10) * 1000
        yield figure(f"audit_million_{name}", spent, floor * 1000, "ms")
