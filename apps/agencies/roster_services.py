"""A roster run, from the uploaded file to the directory. `roster.py` decides; this module reads, writes and tells.

1. receive: keep the file, ring the bell.
2. plan: compare with the directory, COPY the plan into RosterLine; hold it where it would hurt.
3. release or confirm: a person says yes (a second one where the plan is held).
4. apply: three set-based statements and the hooks of the higher apps, in one transaction.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from apps.accounts.actors import SYSTEM, Actor, Role
from apps.accounts.errors import LastAdministrator
from apps.agencies import errors, roster
from apps.agencies.lifecycle import ROSTER_RUN
from apps.agencies.models import Agency, Employee, RosterFile, RosterLine, RosterMapping, RosterRun
from apps.agencies.selectors import leaves_nobody
from apps.audit import services as audit
from apps.core import bell, clock, hooks
from apps.core.db.copy import copy_rows
from apps.core.db.errors import translated
from apps.core.failpoints import failpoint

_LOCK = 0x526F7374  # "Rost": one roster is planned or applied at a time
MAX_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RosterEffect:
    """What an applied run did, as primary keys of employees, for the hooks in settings.ROSTER_APPLIED."""

    # None: the change of one person that the identity provider sent.
    run_id: int | None
    joined: list[int]
    left: list[int]
    moved: list[int]
    changed: list[int]


def roster_receive(*, actor: Actor, file_name: str, content: bytes) -> RosterRun:
    """Keep an HR file and ask the worker to plan it. Raises `UnusableFile` where it is too large."""
    actor.require(Role.ADMINISTRATOR)
    if len(content) > MAX_BYTES:
        raise errors.UnusableFile(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    with transaction.atomic():
        run = RosterRun.objects.create(
            file_name=file_name[:200],
            file_sha256=hashlib.sha256(content).hexdigest(),
            proposed_by_key=actor.key,
            proposed_by=actor.name,
            created_at=clock.now(),
        )
        RosterFile.objects.create(run=run, content=zlib.compress(content, 1))
        audit.record(actor, "agencies.roster.received", run, after={"file": run.file_name, "sha256": run.file_sha256})
        _ring(run)
    return run


def roster_plan(*, actor: Actor, run: RosterRun) -> RosterRun:
    """Compare the file with the directory and write the plan. The run ends planned, held or failed."""
    with transaction.atomic():
        lock_roster()
        run = RosterRun.objects.select_for_update().get(pk=run.pk)
        if run.state != RosterRun.State.RECEIVED:
            return run
        last = _applied_files().order_by("-applied_at").first()
        known = _directory()
        mapping = RosterMapping.objects.first()
        try:
            made = roster.plan(
                zlib.decompress(run.file.content),
                known,
                _agency_codes(),
                mapping.columns if mapping else None,
                _taken(),
            )
        except roster.FileRefused as refusal:
            return _finish(actor, run, "failed", "agencies.roster.refused", error=str(refusal))
        ids = dict(Agency.objects.values_list("code", "pk"))
        copy_rows(RosterLine._meta.db_table, _LINE_COLUMNS, _lines(run.pk, made, known, ids))
        run.rows, run.counts, run.ignored_columns = made.rows, made.counts(), made.ignored_columns
        run.hold_reasons = roster.hold_reasons(made, known, last.rows if last else None) + leaves_nobody(_leaving(run))
        run.based_on, run.planned_at = last, clock.now()
        state = "held" if run.hold_reasons else "planned"
        return _finish(actor, run, state, f"agencies.roster.{state}")


def roster_confirm(*, actor: Actor, run: RosterRun) -> RosterRun:
    """Say yes to a plan that is not held; the worker applies it."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        run = RosterRun.objects.select_for_update().get(pk=run.pk)
        if run.state == RosterRun.State.HELD:
            raise errors.NeedsSecondPerson("This import is held.", how_to_fix="A second person releases it.")
        _finish(actor, run, "queued", "agencies.roster.confirmed")
        _ring(run)
    return run


def roster_release(*, actor: Actor, run: RosterRun, number: int, reason: str) -> RosterRun:
    """Release a held plan: by somebody else than the uploader, who types how many people would be separated.

    Raises `NeedsSecondPerson`, `WrongNumber`, `LastAdministrator`, `IllegalTransition`.
    """
    actor.require(Role.ADMINISTRATOR)
    actor.require_fresh()
    with transaction.atomic():
        run = RosterRun.objects.select_for_update().get(pk=run.pk)
        ROSTER_RUN.check(run.state, "queued")
        if actor.key == run.proposed_by_key:
            raise errors.NeedsSecondPerson()
        if number != run.leavers:
            raise errors.WrongNumber()
        if leaves_nobody(_leaving(run)):
            raise LastAdministrator()
        run.released_by = actor.name
        _finish(actor, run, "queued", "agencies.roster.released", reason=reason)
        _ring(run)
    return run


def roster_discard(*, actor: Actor, run: RosterRun, reason: str) -> RosterRun:
    """Throw a plan away. Nothing in the directory changes."""
    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        run = RosterRun.objects.select_for_update().get(pk=run.pk)
        return _finish(actor, run, "discarded", "agencies.roster.discarded", reason=reason)


def roster_apply(*, actor: Actor, run: RosterRun) -> RosterRun:
    """Bring a confirmed plan into the directory, with everything that follows from it, in one transaction.

    A plan made before another run was applied fails: the directory is no longer what it was compared with. So does
    one whose addresses went to somebody else meanwhile.
    """
    try:
        applied = _apply(actor, run)
        failpoint("after_roster_apply")
        return applied
    except errors.EmailTaken as refusal:
        with transaction.atomic():
            run = RosterRun.objects.select_for_update().get(pk=run.pk)
            return _finish(actor, run, "failed", "agencies.roster.refused", error=str(refusal))


def _apply(actor: Actor, run: RosterRun) -> RosterRun:
    with transaction.atomic(), translated():
        lock_roster()
        run = RosterRun.objects.select_for_update().get(pk=run.pk)
        if run.state != RosterRun.State.QUEUED:
            return run
        # Held separations of the identity provider name people one by one; a newer file does not make them stale.
        if run.is_file and _applied_files().filter(applied_at__gt=run.planned_at).exists():
            return _finish(actor, run, "failed", "agencies.roster.refused", error=str(errors.StalePlan()))
        _execute(_LOCK_PEOPLE, run.pk)
        effect = RosterEffect(
            run_id=run.pk,
            left=_execute(_SEPARATE, run.pk),
            moved=_execute(_UPDATE, run.pk, "move"),
            changed=_execute(_UPDATE, run.pk, "change"),
            joined=_execute(_INSERT, run.pk),
        )
        run.applied_at = clock.now()
        _finish(actor, run, "applied", "agencies.roster.applied")
        hooks.call("ROSTER_APPLIED", actor, effect)
    return run


def run_hold(*, actor: Actor, run: RosterRun | None, line: RosterLine, reasons: list[str]) -> RosterRun:
    """Put one separation that the identity provider asked for into its held run; without `run`, open one.

    Asked for again, it stays the one line that it is.
    """
    with transaction.atomic():
        run = RosterRun.objects.select_for_update().filter(pk=run.pk, state="held").first() if run else None
        run = run or _open_hold(actor)
        if run.lines.filter(employee_id=line.employee_id).exists():
            return run
        run.rows += 1
        run.counts = roster.Plan().counts() | {"rows": run.rows, "leavers": run.rows, "leavers_in_file": run.rows}
        run.hold_reasons = list(dict.fromkeys([*run.hold_reasons, *reasons]))[:20]
        line.run, line.line = run, run.rows
        line.save()
        if run.state == RosterRun.State.HELD:
            run.save()
            audit.record(actor, "agencies.separation.held", run, after={"employee_id": line.employee_id})
        else:
            _finish(actor, run, "held", "agencies.roster.held")
    return run


def _leaving(run: RosterRun) -> Iterable[str]:
    return run.lines.filter(kind=RosterLine.Kind.LEAVE).values_list("employee_id", flat=True)


def _open_hold(actor: Actor) -> RosterRun:
    now = clock.now()
    return RosterRun.objects.create(
        source=RosterRun.Source.SCIM, file_name=f"{actor.name}, {now:%B %-d, %Y}"[:200], proposed_by_key=actor.key,
        proposed_by=actor.name, created_at=now, planned_at=now,
    )  # fmt: skip


def roster_work(run_id: int) -> str:
    """What the worker does with a run: plan it or apply it, whichever is due. Returns the state it left it in."""
    run = RosterRun.objects.get(pk=run_id)
    if run.state == RosterRun.State.RECEIVED:
        run = roster_plan(actor=SYSTEM, run=run)
    elif run.state == RosterRun.State.QUEUED:
        run = roster_apply(actor=SYSTEM, run=run)
    return run.state


# ---- inside --------------------------------------------------------------------------------------------

_LINE_COLUMNS = (
    "run_id", "line", "kind", "employee_id", "email", "first_name", "last_name", "title", "agency_id", "manager_ref",
    "status", "is_seasonal", "start_on", "end_on", "digest", "reason",
)  # fmt: skip

# In the order in which everybody locks people, so that a decision about them and a run never wait for each other.
_LOCK_PEOPLE = """
    SELECT e.id FROM agencies_employee e JOIN agencies_rosterline l ON l.employee_id = e.employee_id
    WHERE l.run_id = %s AND l.kind <> 'reject' ORDER BY e.id FOR NO KEY UPDATE OF e
"""
_SEPARATE = """
    UPDATE agencies_employee e SET status = 'separated', end_on = COALESCE(l.end_on, e.end_on, CURRENT_DATE),
        source_digest = l.digest, updated_at = now()
    FROM agencies_rosterline l
    WHERE l.run_id = %s AND l.kind = 'leave' AND e.employee_id = l.employee_id AND e.status <> 'separated'
    RETURNING e.id
"""
_UPDATE = """
    UPDATE agencies_employee e SET email = l.email, first_name = l.first_name, last_name = l.last_name,
        title = l.title, agency_id = l.agency_id, manager_ref = l.manager_ref, status = l.status,
        is_seasonal = l.is_seasonal, start_on = l.start_on, end_on = l.end_on, source_digest = l.digest,
        source = 'hr', withdrawn_at = NULL, updated_at = now()
    FROM agencies_rosterline l
    WHERE l.run_id = %s AND l.kind = %s AND e.employee_id = l.employee_id RETURNING e.id
"""
_INSERT = """
    INSERT INTO agencies_employee (employee_id, email, first_name, last_name, title, agency_id, manager_ref,
        status, is_seasonal, start_on, end_on, source, source_digest)
    SELECT employee_id, email, first_name, last_name, title, agency_id, manager_ref, status, is_seasonal,
        start_on, end_on, 'hr', digest
    FROM agencies_rosterline WHERE run_id = %s AND kind = 'join'
    ON CONFLICT (employee_id) DO UPDATE SET email = EXCLUDED.email, first_name = EXCLUDED.first_name,
        last_name = EXCLUDED.last_name, title = EXCLUDED.title, agency_id = EXCLUDED.agency_id,
        manager_ref = EXCLUDED.manager_ref, status = EXCLUDED.status, is_seasonal = EXCLUDED.is_seasonal,
        start_on = EXCLUDED.start_on, end_on = EXCLUDED.end_on, source = 'hr',
        source_digest = EXCLUDED.source_digest, withdrawn_at = NULL, updated_at = now()
    RETURNING id
"""


def _execute(statement: str, *parameters: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]


def lock_roster() -> None:
    """Keep other runs, and other separations through the identity provider, out until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _applied_files() -> QuerySet[RosterRun]:
    return RosterRun.objects.filter(state=RosterRun.State.APPLIED, source=RosterRun.Source.FILE)


def _directory() -> dict[str, roster.Known]:
    """The people whose record the HR file rules. In inactive agencies the digest is left out, to look again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.employee_id, CASE WHEN a.is_active THEN e.source_digest ELSE '' END, lower(e.email), a.code,"
            " e.status FROM agencies_employee e JOIN agencies_agency a ON a.id = e.agency_id WHERE e.source = 'hr'"
        )
        return {person.employee_id: person for person in map(roster.Known._make, cursor.fetchall())}


def _taken() -> dict[str, str]:
    """Addresses of employed people who come from elsewhere; the file may not give them to others."""
    elsewhere = Employee.objects.exclude(source=Employee.Source.HR).exclude(status=Employee.Status.SEPARATED)
    return dict(elsewhere.values_list(Lower("email"), "employee_id"))


def _agency_codes() -> dict[str, bool]:
    return dict(Agency.objects.values_list("code", "is_active"))


def _lines(
    run_id: int, made: roster.Plan, known: dict[str, roster.Known], ids: dict[str, int]
) -> Iterator[tuple[Any, ...]]:
    """The plan as rows for COPY; `ids` maps agency codes to primary keys."""
    for kind, rows in (("join", made.joins), ("leave", made.leavers), ("move", made.moves), ("change", made.changes)):
        for row in rows:
            yield (
                run_id, row.line, kind, row.employee_id, row.email, row.first_name, row.last_name, row.title,
                ids[row.agency_code], row.manager_ref, row.status, row.is_seasonal, row.start_on, row.end_on,
                row.digest, "",
            )  # fmt: skip
    blank = ("", "", "", "", None, "", "", False, None, None, "")
    for employee_id in made.absent:
        yield (run_id, None, "leave", employee_id, *_absent(employee_id, known, ids), "Missing from the file.")
    for bad in made.rejected:
        yield (run_id, bad.line, "reject", bad.employee_id, *blank, bad.reason)


def _absent(employee_id: str, known: dict[str, roster.Known], ids: dict[str, int]) -> tuple[Any, ...]:
    person = known[employee_id]
    return (person.email, "", "", "", ids[person.agency_code], "", "separated", False, None, None, "")


def _finish(actor: Actor, run: RosterRun, state: str, verb: str, *, reason: str = "", error: str = "") -> RosterRun:
    """Move the run along its lifecycle and write the event of it."""
    before = run.state
    ROSTER_RUN.check(before, state)
    run.state, run.error = state, error
    if run.state in {"applied", "failed", "discarded"}:
        RosterFile.objects.filter(run=run).delete()
    run.save()
    audit.record(
        actor, verb, run, before={"state": before}, after={"state": state, **run.counts}, reason=reason or error
    )
    return run


def _ring(run: RosterRun) -> None:
    from apps.agencies.tasks import roster_run

    bell.ring(roster_run, run.pk)
