"""The state as one plain page, for a person who wants to see what the vendor holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import msgspec

from simulator.journal import Entry
from simulator.routes import VendorEndpoint

SHOWN_CALLS = 50
CALL_HEADINGS = ("time", "method", "path", "status", "retry", "request id")
FAULT_FIELDS = ("route", "kind", "nth", "times", "seen", "fired")

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Vendor simulator</title>
<style>
body {{ font: 16px/1.5 sans-serif; margin: 2rem; max-width: 80rem; }}
table {{ border-collapse: collapse; margin-bottom: 2rem; min-width: 30rem; }}
caption {{ font-weight: bold; text-align: left; padding: 0.25rem 0; }}
th, td {{ border: 1px solid #888; padding: 0.15rem 0.6rem; text-align: left; vertical-align: top; }}
td {{ overflow-wrap: anywhere; }}
</style></head>
<body>
<h1>Vendor simulator</h1>
<p>Simulator time: {now} (real time plus {offset} seconds)</p>
{tables}
</body>
</html>
"""


def render(
    summary: Mapping[str, Any],
    faults: Sequence[Mapping[str, Any]],
    calls: Sequence[Entry],
    routes: Sequence[VendorEndpoint],
) -> str:
    """Return the page; everything that came from outside is escaped."""
    settings = msgspec.to_builtins(summary["settings"])
    tables = (
        _table("Counts", ("kind", "count"), [(name, f"{count:,}") for name, count in summary["counts"].items()]),
        _table("Settings", ("setting", "value"), settings.items()),
        _table("Active faults", FAULT_FIELDS, _fault_rows(faults)),
        _table(f"Last {SHOWN_CALLS} requests", CALL_HEADINGS, _call_rows(calls)),
        *_route_tables(routes, summary["calls"]),
    )
    now, offset = _time(summary["now"]), summary["clock_offset_seconds"]
    return _PAGE.format(now=now, offset=offset, tables="\n".join(tables))


def _fault_rows(faults: Sequence[Mapping[str, Any]]) -> Iterable[tuple[Any, ...]]:
    return [tuple(fault[name] for name in FAULT_FIELDS) for fault in faults]


def _call_rows(calls: Sequence[Entry]) -> Iterable[tuple[Any, ...]]:
    """Newest first."""
    return [
        (_time(call.at), call.method, call.path, call.status or "none", call.retry_count, call.request_id)
        for call in reversed(calls)
    ]


def _route_tables(routes: Sequence[VendorEndpoint], calls: Mapping[str, int]) -> Iterable[str]:
    """One table for each key, so that a person sees what either opens, and what was used."""
    for key in dict.fromkeys(route.key for route in routes):
        rows = [(route.method, route.template, calls.get(route.name, 0)) for route in routes if route.key == key]
        yield _table(f"Routes of the {key}", ("method", "path", "calls"), rows)


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in headings)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>\n<caption>{escape(caption)}</caption>\n<tr>{head}</tr>\n{body}\n</table>"
