"""Counts from the web proxies: which AI tools were called from which agency's network, in requests and never in people.

The file has the columns tool_or_domain, agency_code, day (2026-11-24) and count, and no others. A column or a cell that
tells who or which device it was refuses the whole file. Twice is once: the same file is refused by its hash, and the
days of an agency in a new file replace the ones that were there.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date

from django.db import connection, transaction
from django.db.models import Q

from apps.accounts.actors import Actor
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.core import clock, delimited
from apps.core.db.errors import translated
from apps.core.errors import Invalid
from apps.core.uploads import CSV, checked
from apps.knowledge.addresses import above, host_of, is_about_a_person, plain, points_to_a_person
from apps.knowledge.errors import PersonalColumns
from apps.knowledge.models import ProxyDay, ProxyFile, ProxyMonth, Tool
from apps.knowledge.services import EDITORS

COLUMNS = ("tool_or_domain", "agency_code", "day", "count")
MOST_LINES = 100_000
MOST_REQUESTS = 10**12
Counts = dict[tuple[int, date, str], int]

_MONTHS = """
INSERT INTO knowledge_proxymonth (agency_id, month, label, tool_id, requests)
SELECT d.agency_id, date_trunc('month', d.day)::date, d.label, NULL, sum(d.requests)
FROM knowledge_proxyday d
JOIN unnest(%s::bigint[], %s::date[]) AS m(agency_id, month)
  ON d.agency_id = m.agency_id AND d.day >= m.month AND d.day < m.month + interval '1 month'
GROUP BY 1, 2, 3
"""


def proxy_import(*, actor: Actor, file_name: str, content: bytes) -> ProxyFile:
    """Take a file in, whole or not at all. Raises `PersonalColumns`, `FileThere`, or `Invalid` with the line."""
    actor.require(*EDITORS)
    upload = checked(file_name, content, kinds=(CSV,))
    counts = _read(content)
    with transaction.atomic(), translated():
        with connection.cursor() as cursor:  # one import at a time, so that two do not replace each other's days
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('knowledge_proxy'))")
        made = ProxyFile.objects.create(
            file_name=upload.name, sha256=hashlib.sha256(content).hexdigest(), lines=len(counts), imported_by=actor.name,
            at=clock.now(),
        )  # fmt: skip
        _store(made, counts)
        audit.record(
            actor, "knowledge.proxy_file.imported", made, after={"lines": made.lines, "sha256": made.sha256}
        )  # fmt: skip
    return made


def _read(content: bytes) -> Counts:
    header, rows = delimited.table(content)
    names = [name.lower() for name in header]
    extra = [name for name in names if name not in COLUMNS]
    if personal := [name for name in extra if is_about_a_person(name) or delimited.is_personal(name)]:
        raise PersonalColumns(f"The column {personal[0][:60]} tells of a person or a device. Nothing was taken.")
    if extra or sorted(names) != sorted(COLUMNS):
        raise Invalid(
            "The file does not have the four columns that are needed, or has others.",
            how_to_fix=f"They are: {', '.join(COLUMNS)}.",
        )
    agencies = dict(Agency.objects.values_list("code", "pk"))
    counts: Counts = defaultdict(int)
    for number, (line, cells) in enumerate(rows):
        if number >= MOST_LINES:
            raise Invalid(f"The file has more than {MOST_LINES:,} lines.", how_to_fix="Send it in parts.")
        label, code, day, count = _row(line, dict(zip(names, map(str.strip, cells), strict=False)))
        if code not in agencies:
            raise Invalid(
                f"Line {line}: there is no agency {code[:20]}.", how_to_fix="Correct the code; send it again."
            )
        counts[agencies[code], day, label] += count
    if not counts:
        raise Invalid("The file holds no counts.", how_to_fix="Send a file with at least one line.")
    return counts


def _row(line: int, cells: dict[str, str]) -> tuple[str, str, date, int]:
    """Label, agency code, day and count of one line."""
    written = cells.get("tool_or_domain", "")
    if points_to_a_person(written):
        raise PersonalColumns(f"Line {line} holds an e-mail address or the address of a device. Nothing was taken.")
    label = (host_of(written) or plain(delimited.CONTROL.sub(" ", written)))[:253]
    try:
        day, count = date.fromisoformat(cells.get("day", "")), int(cells.get("count", ""))
    except ValueError as wrong:
        raise Invalid(f"Line {line} has no day or no count.", how_to_fix="A day is written 2026-11-24.") from wrong
    if not label or not 0 <= count <= MOST_REQUESTS or day > clock.today():
        raise Invalid(f"Line {line} cannot be right.", how_to_fix="It needs a tool, a day gone by, and a count.")
    return label, cells.get("agency_code", "").upper(), day, count


def _store(made: ProxyFile, counts: Counts) -> None:
    """Replace the days of each agency in the file, then add their months up anew."""
    days: dict[int, set[date]] = defaultdict(set)
    for agency, day, _ in counts:
        days[agency].add(day)
    for agency, its_days in days.items():
        ProxyDay.objects.filter(agency=agency, day__in=its_days).delete()
    ProxyDay.objects.bulk_create(
        [ProxyDay(file=made, agency_id=a, day=d, label=label, requests=n) for (a, d, label), n in counts.items()],
        batch_size=2000,
    )
    months = sorted({(agency, day.replace(day=1)) for agency, its_days in days.items() for day in its_days})
    for agency, month in months:
        ProxyMonth.objects.filter(agency=agency, month=month).delete()
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, [[agency for agency, _ in months], [month for _, month in months]])
    _match({label for _, _, label in counts})


def _match(labels: set[str]) -> None:
    """Join the labels to the register, as it stands now."""
    wanted = {label: above(label) if host_of(label) else [] for label in labels}
    hosts = sorted({host for line in wanted.values() for host in line})
    by_host: dict[str, Tool] = {}
    by_name: dict[str, Tool] = {}
    for tool in Tool.objects.filter(Q(domains__overlap=hosts or [""]) | Q(names__overlap=sorted(labels))):
        by_host |= dict.fromkeys(tool.domains, tool)
        by_name |= dict.fromkeys(tool.names, tool)
    found: dict[int, list[str]] = defaultdict(list)
    for label, line in wanted.items():
        tool_found = by_name.get(label) or next((by_host[host] for host in line if host in by_host), None)
        if tool_found:
            found[tool_found.pk].append(label)
    for pk, its_labels in found.items():
        ProxyMonth.objects.filter(label__in=its_labels).update(tool=pk)
