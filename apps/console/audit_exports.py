"""The audit events that a search found, as files: all of their fields, and their place in the chain."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.downloads import CSV, download
from apps.core.errors import Invalid
from apps.core.spreadsheets import safe_cell
from apps.core.uploads import XLSX
from apps.core.workbooks import Sheet, SheetColumn, workbook

COLUMNS = (
    "id", "stream", "place", "hash", "at", "actor_key", "actor_name", "role", "verb", "record_type", "record_id",
    "record_name", "before", "after", "reason", "request_id",
)  # fmt: skip
FORMS = ("csv", "xlsx", "json")
# A workbook is made in memory; CSV and JSON flow, whatever their length.
MOST_ROWS = 100_000


def export(events: QuerySet[AuditEvent], form: str) -> HttpResponseBase:
    """Everything that was found. Raises `Invalid` for more rows than a workbook takes."""
    name = f"beacon-audit-events-{clock.today().isoformat()}.{form}"
    rows = (_fields(event) for event in events.select_related("auditlink").iterator(chunk_size=2000))
    if form == "xlsx":
        return _workbook(events, rows, name)
    kind, lines = (CSV, _csv(rows)) if form == "csv" else ("application/json", _json(rows))
    response = StreamingHttpResponse(lines, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _fields(event: AuditEvent) -> dict[str, Any]:
    link = getattr(event, "auditlink", None)
    own = {name: getattr(event, name) for name in COLUMNS if name not in {"place", "hash"}}
    return own | {
        "at": event.at.astimezone(UTC).isoformat(),
        "place": link.seq if link else None,
        "hash": bytes(link.hash).hex() if link else "",
    }


def _cells(row: dict[str, Any]) -> list[Any]:
    """Before and after as JSON text; formulas made harmless."""
    values = (row[name] for name in COLUMNS)
    return [safe_cell(json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value) for value in values]


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow(_cells(row))


def _json(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        yield ("," if number else "") + "\n" + json.dumps({name: row[name] for name in COLUMNS}, ensure_ascii=False)
    yield "\n]\n"


def _workbook(events: QuerySet[AuditEvent], rows: Iterator[dict[str, Any]], name: str) -> HttpResponse:
    if events.order_by()[: MOST_ROWS + 1].count() > MOST_ROWS:
        raise Invalid(
            f"A workbook takes {MOST_ROWS:,} events at most.", how_to_fix="Narrow the search, or take CSV or JSON."
        )
    columns = [SheetColumn(column, "number" if column in {"id", "place"} else "text") for column in COLUMNS]
    return download(workbook([Sheet("Audit events", columns, [_cells(row) for row in rows])]), name, XLSX)
