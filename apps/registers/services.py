"""Every write of imports and exports of registers: received, planned, confirmed, applied, discarded.

The plan does what applying does, row by row through the same services, in a transaction that is rolled back. Applying
goes in batches, each with the rows that it marks as done in one transaction: a worker that dies loses its batch alone,
and no row is done twice.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction

from apps.accounts.actors import SYSTEM, Actor
from apps.accounts.models import User
from apps.accounts.selectors import actor_for
from apps.audit import services as audit
from apps.core import bell, clock
from apps.core.errors import Invalid, NotPermitted, given
from apps.core.kept import keep
from apps.registers import reading
from apps.registers.books import register_of
from apps.registers.lifecycle import REGISTER_IMPORT
from apps.registers.models import PeopleExport, RegisterFile, RegisterImport, RegisterRow
from apps.registers.resources import Outcome, Register, RegisterResource

State = RegisterImport.State
BATCH = 50


def import_receive(*, actor: Actor, register: str, file_name: str, content: bytes) -> RegisterImport:
    """Take a file in for a register; its plan is made right after. Raises `Invalid` for one that cannot be read."""
    from apps.registers.tasks import work_on_import

    book = _writable(actor, register)
    file, rows, ignored = reading.checked(book, file_name, content)
    with transaction.atomic():
        run = RegisterImport.objects.create(
            register=register, file_name=file.name, file_sha256=hashlib.sha256(content).hexdigest(), ignored=ignored,
            rows=len(rows), received_by=actor.name, received_user_id=actor.user_id, received_at=clock.now(),
        )  # fmt: skip
        RegisterFile.objects.create(run=run, content=zlib.compress(content, 1))
        RegisterRow.objects.bulk_create([RegisterRow(run=run, line=line, values=values) for line, values in rows], 1000)
        audit.record(
            actor, "registers.import.received", run,
            after={"register": register, "rows": run.rows, "sha256": run.file_sha256},
        )  # fmt: skip
        bell.ring(work_on_import, run.pk)
    return run


def import_plan(*, actor: Actor, run: RegisterImport) -> RegisterImport:
    """Say of each row what it would do. Every service is called as in applying, and all of it is taken back."""
    _beacon(actor)
    with transaction.atomic():
        run = RegisterImport.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if run.state != State.RECEIVED:
            return run  # another worker was quicker, or somebody discarded it
        acting = _acting(run.received_user)
        if acting is None:
            return _failed(actor, run, "Whoever sent the file has left.")
        rows = list(run.lines.all())
        outcomes = _tried(run, acting, rows)
        for row, outcome in zip(rows, outcomes, strict=True):
            row.planned, row.label, row.changes, row.reason = (
                outcome.kind, outcome.label, dict(outcome.changes), outcome.reason,
            )  # fmt: skip
        RegisterRow.objects.bulk_update(rows, ["planned", "label", "changes", "reason"], 500)
        kinds = [outcome.kind for outcome in outcomes]
        run.added, run.changed = kinds.count("added"), kinds.count("changed")
        run.unchanged, run.refused = kinds.count("unchanged"), kinds.count("refused")
        run.state = State.PLANNED
        run.save()
        audit.record(actor, "registers.import.planned", run, after=_counts(run))
    return run


def import_apply(*, actor: Actor, run: RegisterImport, number: int, reason: str) -> RegisterImport:
    """Confirm a plan by typing how many records it changes; a worker applies it. Raises `Invalid`, `FreshSignInNeeded`."""
    from apps.registers.tasks import work_on_import

    _writable(actor, run.register)
    actor.require_fresh()
    with transaction.atomic():
        run = RegisterImport.objects.select_for_update(of=("self",)).get(pk=run.pk)
        REGISTER_IMPORT.check(run.state, State.APPLYING)
        if number != run.changes:
            raise Invalid("This is not the number that the plan shows.", how_to_fix="Look at the plan again.")
        run.state, run.reason = State.APPLYING, given(reason)
        run.confirmed_by, run.confirmed_user_id, run.confirmed_at = actor.name, actor.user_id, clock.now()
        run.save()
        audit.record(actor, "registers.import.confirmed", run, after=_counts(run), reason=run.reason)
        bell.ring(work_on_import, run.pk)
    return run


def import_go_on(*, actor: Actor, run: RegisterImport, most: int = BATCH) -> RegisterImport:
    """Apply the next rows of a confirmed plan, with the right of whoever confirmed it. The last batch ends the import."""
    _beacon(actor)
    with transaction.atomic():
        run = RegisterImport.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if run.state != State.APPLYING:
            return run  # another worker was quicker
        acting = _acting(run.confirmed_user)
        if acting is None:
            return _failed(actor, run, "Whoever confirmed it has left; the rows that are done stand.")
        rows = list(run.lines.filter(done="")[:most])
        resource = RegisterResource(register_of(run.register), acting, _reason(run))
        for row in rows:
            _apply(resource, row)
        RegisterRow.objects.bulk_update(rows, ["done", "reason"])
        run.worked += len(rows)
        if len(rows) < most:
            run.state, run.finished_at = State.APPLIED, clock.now()
            done = run.lines.values_list("done", flat=True)
            after = {kind: list(done).count(kind) for kind in ("added", "changed", "unchanged", "refused")}
            audit.record(actor, "registers.import.applied", run, after=after, reason=run.reason)
        run.save()
    return run


def import_discard(*, actor: Actor, run: RegisterImport) -> RegisterImport:
    """Leave a file unused. What it held and its plan stay on record."""
    _writable(actor, run.register)
    with transaction.atomic():
        run = RegisterImport.objects.select_for_update(of=("self",)).get(pk=run.pk)
        REGISTER_IMPORT.check(run.state, State.DISCARDED)
        run.state = State.DISCARDED
        run.save(update_fields=["state"])
        audit.record(actor, "registers.import.discarded", run, after=_counts(run))
    return run


def people_export(*, actor: Actor, register: str, form: str, reason: str) -> bytes:
    """A register that names people, as a file. Asks for a fresh sign-in and a reason, and is written down."""
    book = register_of(register)
    if not book.may_read(actor):
        raise NotPermitted(f"{book.title}: this register is not for your role.")
    actor.require_fresh()
    given(reason)
    with transaction.atomic():
        content, rows = reading.written(book, actor, form)
        people_taken(actor=actor, what=book.title, form=form, rows=rows, reason=reason, narrowed={"register": register})
    return content


def people_taken(
    *, actor: Actor, what: str, form: str, rows: int, reason: str, narrowed: Mapping[str, str]
) -> PeopleExport:
    """Write down that somebody takes a file that names people (settings.PEOPLE_TAKEN). Raises `Invalid` without a reason."""
    actor.require_fresh()
    why = given(reason)
    with transaction.atomic():
        taken = PeopleExport.objects.create(
            what=what, form=form, rows=rows, reason=why, taken_by=actor.name, taken_at=clock.now()
        )
        after = {"what": what, "form": form, "rows": rows, "narrowed": dict(narrowed)}
        audit.record(actor, "registers.people.exported", taken, after=after, reason=why)
    return taken


# ---- inside ------------------------------------------------------------------------------------------------


def _writable(actor: Actor, slug: str) -> Register:
    book = register_of(slug)
    if not book.takes_files:
        raise Invalid(f"{book.title} are not brought in by file.", how_to_fix=book.why_not)
    actor.require(*book.writers)
    return book


def _beacon(actor: Actor) -> None:
    if not actor.is_system:
        raise NotPermitted("Beacon does this by itself, once it was asked for.")


def _acting(user: User | None) -> Actor | None:
    """Who the rows are done by: with the roles of now. That the sign-in was fresh was asked at the confirmation."""
    if user is None:
        return SYSTEM
    found = actor_for(user)
    return replace(found, is_fresh=True) if found else None


def _reason(run: RegisterImport) -> str:
    return f"{run}: {run.reason or 'plan'}"


def _tried(run: RegisterImport, acting: Actor, rows: list[RegisterRow]) -> list[Outcome]:
    """What each row would do after those before it; nothing of it stays."""
    resource = RegisterResource(register_of(run.register), acting, _reason(run))
    outcomes = []
    with transaction.atomic():
        for place, row in enumerate(rows):
            outcomes.append(resource.row_do(row.values, row.line))
            if place % BATCH == 0:
                keep(progress_key(run), 600, place)
        transaction.set_rollback(True)
    return outcomes


def progress_key(run: RegisterImport) -> str:
    """Where a plan in the making says how far it is: its own transaction shows nothing until it ends."""
    return f"registers:planned:{run.pk}"


def _apply(resource: RegisterResource, row: RegisterRow) -> None:
    """Do a row as it was planned. One that would do something else by now is refused: nobody has confirmed that."""
    if row.planned not in {"added", "changed"}:
        row.done = row.planned
        return
    outcome = resource.row_do(row.values, row.line, only=Outcome(row.planned, changes=row.changes))
    row.done = outcome.kind
    row.reason = outcome.reason


def _counts(run: RegisterImport) -> dict[str, object]:
    return {
        "register": run.register, "added": run.added, "changed": run.changed, "unchanged": run.unchanged,
        "refused": run.refused,
    }  # fmt: skip


def _failed(actor: Actor, run: RegisterImport, problem: str) -> RegisterImport:
    REGISTER_IMPORT.check(run.state, State.FAILED)
    run.state, run.problem, run.finished_at = State.FAILED, problem[:300], clock.now()
    run.save(update_fields=["state", "problem", "finished_at"])
    audit.record(actor, "registers.import.failed", run, after={"problem": problem})
    return run
