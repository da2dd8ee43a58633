"""Bringing usage in: the daily reading from the vendor, and analytics files that a person uploads.

A file is received (read, compared, planned) and then applied or discarded. Of both ways the figures go through
usage_tables.py, so that they cannot differ.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.audit import services as audit
from apps.core import clock
from apps.core.errors import Invalid
from apps.licenses.ports import Listing, ProviderError, SeatProvider, UsageSeen
from apps.vendors import usage
from apps.vendors.errors import CredentialMissing, FetchUnderWay
from apps.vendors.lifecycle import USAGE_IMPORT
from apps.vendors.limiter import Pacer
from apps.vendors.models import UsageFetch, UsageImport, Workspace
from apps.vendors.providers import provider_for
from apps.vendors.usage_selectors import LastActive, last_active_for_reclaim
from apps.vendors.usage_tables import Known, staged, usage_carry_out, usage_merge, usage_plan

MAX_BYTES = 100 * 1024 * 1024
# The vendor corrects its figures for some days; the first reading takes a month.
CORRECTED_DAYS, FIRST_DAYS = 3, 30
UNDER_WAY = "Under way, or broken off."
# A reading that does not end in this time was broken off.
GIVEN_UP = timedelta(hours=1)
Source = Callable[[Workspace], AbstractContextManager[SeatProvider]]


# ---- the vendor -----------------------------------------------------------------------------------------------------


def _paced(workspace: Workspace) -> AbstractContextManager[SeatProvider]:
    """The workspace's adapter at the workspace's pace: a month of 40,000 people is over a thousand pages."""
    return provider_for(workspace, Pacer(workspace))


def usage_fetch(*, actor: Actor, workspace: Workspace, source: Source = _paced) -> UsageFetch:
    """Read the workspace's usage up to yesterday (UTC) and store it. A list that is not complete stores nothing.

    The result says what came of it; a failure of the vendor is in its `problem`. Raises `FetchUnderWay`.
    """
    actor.require(Role.ADMINISTRATOR)
    fetch = _begin(workspace)
    listing = Listing()
    try:
        with staged(workspace) as stage:
            with source(workspace) as provider:
                fetch.rows = stage.days(_asked_for(fetch, provider.usage(fetch.first, fetch.last, listing), listing))
            if not listing.complete:
                return _failed(fetch, " ".join(listing.problems[:3]))
            with transaction.atomic():
                stored = usage_merge(stage)
                fetch.changed, fetch.unknown, fetch.aside = stored.changed, stored.unknown_accounts, listing.aside
                fetch.problem = ""
                fetch.save()
                audit.record(
                    actor, "vendors.usage.fetched", fetch,
                    after={"first": fetch.first, "last": fetch.last, "rows": fetch.rows, "changed": fetch.changed},
                )  # fmt: skip
    except (ProviderError, CredentialMissing) as error:
        return _failed(fetch, str(error))
    return fetch


def _begin(workspace: Workspace) -> UsageFetch:
    """Note that a reading begins, so that nobody begins another meanwhile."""
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        fetches = UsageFetch.objects.filter(workspace=workspace)
        if fetches.filter(problem=UNDER_WAY, at__gt=clock.now() - GIVEN_UP).exists():
            raise FetchUnderWay()
        yesterday = clock.now().date() - timedelta(days=1)
        known = fetches.filter(problem="").order_by("-last").values_list("last", flat=True).first()
        first = yesterday - timedelta(days=FIRST_DAYS - 1) if known is None else known - timedelta(days=CORRECTED_DAYS)
        return UsageFetch.objects.create(
            workspace=workspace, at=clock.now(), first=min(first, yesterday), last=yesterday, problem=UNDER_WAY
        )


def _asked_for(fetch: UsageFetch, rows: Iterable[UsageSeen], listing: Listing) -> Iterator[UsageSeen]:
    """The rows of the days that were asked for; what else comes is set aside."""
    for row in rows:
        if fetch.first <= row.day <= fetch.last:
            yield row
        else:
            listing.set_aside(f"A row of {row.day}, which was not asked for.")


def _failed(fetch: UsageFetch, problem: str) -> UsageFetch:
    fetch.problem = (problem or "The list could not be read to its end.")[:1000]
    fetch.rows = 0
    fetch.save()
    return fetch


# ---- files ------------------------------------------------------------------------------------------------------------


def usage_receive(*, actor: Actor, workspace: Workspace, file_name: str, content: bytes) -> UsageImport:
    """Read an analytics file and plan what it would change; nothing changes yet.

    Raises `Invalid` where the file as a whole cannot be read.
    """
    actor.require(Role.ADMINISTRATOR)
    if len(content) > MAX_BYTES:
        raise Invalid(
            f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.", how_to_fix="Export fewer days at once."
        )
    try:
        found = usage.read(content, clock.now().date())
    except usage.FileRefused as refusal:
        raise Invalid(str(refusal)) from refusal
    days = [row.day for row in found.days]
    with transaction.atomic():
        planned = usage_plan(workspace, found.days, found.stretches)
        run = UsageImport.objects.create(
            workspace=workspace, file_name=file_name[:200], file_sha256=hashlib.sha256(content).hexdigest(),
            imported_by=actor.name, imported_at=clock.now(), rows=found.rows, changed=len(planned.days),
            unchanged=planned.unchanged, unknown=planned.unknown_rows, periods=found.periods,
            period_messages=found.period_messages, first=min(days, default=None), last=max(days, default=None),
            recognised_columns=found.recognised, ignored_columns=found.ignored, rejected=found.rejected,
            plan=_packed(planned.days, planned.stretches),
        )  # fmt: skip
        audit.record(
            actor, "vendors.usage_import.received", run,
            after={"rows": run.rows, "changed": run.changed, "rejected": len(run.rejected), "sha256": run.file_sha256},
        )  # fmt: skip
    return run


def usage_apply(*, actor: Actor, run: UsageImport) -> UsageImport:
    """Bring a planned file in. What came from elsewhere since the plan was made is compared anew."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        run = _moved(run, UsageImport.State.APPLIED)
        stored = usage_carry_out(run.workspace, *_unpacked(bytes(run.plan)))
        run.changed, run.unchanged, run.plan = stored.changed, run.unchanged + stored.unchanged, b""
        run.save()
        audit.record(actor, "vendors.usage_import.applied", run, after={"changed": run.changed})
    return run


def usage_discard(*, actor: Actor, run: UsageImport) -> UsageImport:
    """Throw a planned file away. Nothing changes."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        run = _moved(run, UsageImport.State.DISCARDED)
        run.plan = b""
        run.save()
        audit.record(actor, "vendors.usage_import.discarded", run, after={"changed": 0})
    return run


def _moved(run: UsageImport, state: str) -> UsageImport:
    """The import, locked and in its next state."""
    run = UsageImport.objects.select_for_update().get(pk=run.pk)
    USAGE_IMPORT.check(run.state, state)
    run.state, run.finished_at = state, clock.now()
    return run


def _packed(days: Sequence[Known], stretches: Sequence[tuple[int, date, date]]) -> bytes:
    return zlib.compress(json.dumps([days, stretches], default=date.isoformat).encode(), 1)


def _unpacked(plan: bytes) -> tuple[list[Known], list[tuple[int, date, date]]]:
    days, stretches = json.loads(zlib.decompress(plan))
    return (
        [(date.fromisoformat(day), *numbers) for day, *numbers in days],
        [(employee, date.fromisoformat(first), date.fromisoformat(last)) for employee, first, last in stretches],
    )


# ---- reading about one person -------------------------------------------------------------------------------------------


def usage_read(*, actor: Actor, employee_ids: Sequence[int], purpose: str) -> dict[int, LastActive]:
    """When these people were last active, for a job that needs it by name. They see on their page who looked and why."""
    actor.require(Role.ADMINISTRATOR)
    if not purpose.strip():
        raise Invalid("Say what it is for.", how_to_fix="The person reads it.")
    with transaction.atomic():
        entries = (audit.Entry(str(pk), reason=purpose.strip()) for pk in employee_ids)
        audit.record_many(actor, "vendors.usage.read", Employee, entries)
        return last_active_for_reclaim(employee_ids)
