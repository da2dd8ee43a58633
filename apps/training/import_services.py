"""Every write of the learning system's files: received, columns matched, planned, applied or discarded.

The plan inserts nothing; applying reads the file again, because the directory may have changed in between. A bad row
never costs a good one, and the same record twice is one.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence

from django.db import connection, transaction

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.audit import services as audit
from apps.core import clock, hooks
from apps.core.db.copy import copy_rows
from apps.core.db.errors import translated
from apps.core.errors import Invalid
from apps.training import completions
from apps.training.lifecycle import IMPORT
from apps.training.models import CompletionFile, CompletionImport, CompletionMapping, Course
from apps.training.selectors import content_of

LEARNING_SYSTEM = "learning system"
MOST_BYTES = 50 * 1024 * 1024
State = CompletionImport.State


def completions_receive(*, actor: Actor, file_name: str, content: bytes) -> CompletionImport:
    """Take a file in and, where its columns are known, plan it. Nothing is recorded yet.

    Raises `Invalid` for a file that must not or cannot be used at all.
    """
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    columns = _columns_for(_header(content))
    with transaction.atomic():
        run = _run(actor, file_name, content, State.RECEIVED if columns is None else State.PLANNED, columns or {})
        if columns is not None:
            _plan(run, content)
        audit.record(actor, f"training.import.{run.state}", run, after={"rows": run.rows, "sha256": run.file_sha256})
    return run


def completions_match(
    *, actor: Actor, run: CompletionImport, columns: Mapping[str, str], save_as: str = ""
) -> CompletionImport:
    """Say which of the file's columns is which, and plan. `columns` maps ours to theirs; `save_as` keeps it for later."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    chosen = {ours: theirs for ours, theirs in columns.items() if theirs and ours in completions.COLUMNS}
    with transaction.atomic(), translated():
        run = CompletionImport.objects.select_for_update().get(pk=run.pk)
        IMPORT.check(run.state, State.PLANNED)
        content = content_of(run)
        if missing := completions.missing_in(_header(content), chosen):
            raise Invalid(
                f"No column is chosen for {', '.join(missing)}.", how_to_fix="Choose one of the file's columns."
            )
        run.columns, run.state = chosen, State.PLANNED
        _plan(run, content)
        if save_as.strip():
            CompletionMapping.objects.update_or_create(
                name=save_as.strip(), defaults={"columns": chosen, "saved_by": actor.name, "saved_at": clock.now()}
            )
        audit.record(
            actor, "training.import.matched", run,
            after={"columns": chosen, "rows": run.rows, "saved_as": save_as.strip()},
        )  # fmt: skip
    return run


def completions_apply(*, actor: Actor, run: CompletionImport) -> CompletionImport:
    """Record what a planned file holds. Seats that only waited for training open at once."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    with transaction.atomic():
        run = CompletionImport.objects.select_for_update().get(pk=run.pk)
        IMPORT.check(run.state, State.APPLIED)
        _apply(actor, run, _read(content_of(run), run.columns))
    return run


def completions_discard(*, actor: Actor, run: CompletionImport) -> CompletionImport:
    """Leave a file unused. What it held stays on record, and so does the file."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    with transaction.atomic():
        run = CompletionImport.objects.select_for_update().get(pk=run.pk)
        IMPORT.check(run.state, State.DISCARDED)
        run.state = State.DISCARDED
        run.save(update_fields=["state"])
        audit.record(actor, "training.import.discarded", run, after={"rows": run.rows})
    return run


def completions_import(*, actor: Actor, file_name: str, content: bytes) -> CompletionImport:
    """Bring a file in at one go, as commands and other systems do.

    Raises `Invalid` where the file as a whole cannot be read or its columns are not known.
    """
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    columns = _columns_for(_header(content))
    found = _read(content, columns or {})
    with transaction.atomic():
        run = _run(actor, file_name, content, State.APPLIED, columns or {})
        _apply(actor, run, found)
    return run


def completions_post(*, actor: Actor, rows: Sequence[Mapping[str, str]]) -> CompletionImport:
    """Rows as the learning system sends them one by one or by the thousand; their places count from 1."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    found = completions.read_rows(enumerate(rows, 1), _known())
    with transaction.atomic():
        run = CompletionImport.objects.create(
            file_name="API", file_sha256="", imported_by=actor.name, imported_at=clock.now()
        )
        _apply(actor, run, found)
    return run


# ---- inside ------------------------------------------------------------------------------------------------


def _header(content: bytes) -> list[str]:
    if len(content) > MOST_BYTES:
        raise Invalid("The file is larger than 50 MB.", how_to_fix="Send it in parts: what was sent already is known.")
    try:
        return completions.header_of(content)
    except completions.FileRefused as refusal:
        raise Invalid(str(refusal)) from refusal


def _columns_for(names: list[str]) -> dict[str, str] | None:
    """The mapping that fits a header: none needed, a saved one, or None where nobody knows."""
    if not completions.missing_in(names, {}):
        return {}
    for mapping in CompletionMapping.objects.order_by("-saved_at"):
        if not completions.missing_in(names, mapping.columns):
            return dict(mapping.columns)
    return None


def _read(content: bytes, columns: Mapping[str, str]) -> completions.Reading:
    try:
        return completions.read(content, _known(), columns)
    except completions.FileRefused as refusal:
        raise Invalid(str(refusal), how_to_fix="Match the columns on the page of imports.") from refusal


def _known() -> completions.Known:
    return completions.Known(
        dict(Employee.objects.values_list("employee_id", "pk")),
        {code.upper(): pk for code, pk in Course.objects.values_list("code", "pk")},
        clock.today(),
    )


def _run(actor: Actor, file_name: str, content: bytes, state: str, columns: Mapping[str, str]) -> CompletionImport:
    run = CompletionImport.objects.create(
        file_name=file_name[:200], file_sha256=hashlib.sha256(content).hexdigest(), imported_by=actor.name,
        imported_at=clock.now(), state=state, columns=dict(columns),
    )  # fmt: skip
    CompletionFile.objects.create(run=run, content=zlib.compress(content, 1))
    return run


def _plan(run: CompletionImport, content: bytes) -> None:
    """Say what applying would do, and insert nothing."""
    found = _read(content, run.columns)
    with connection.cursor() as cursor:
        _stage(found.good)
        cursor.execute(
            "SELECT min(s.line) FROM completion_stage s WHERE NOT EXISTS (SELECT 1 FROM training_completion c"
            " WHERE c.source = %s AND c.source_id = s.source_id) GROUP BY s.source_id",
            [LEARNING_SYSTEM],
        )
        lines = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE completion_stage")
    _note(run, found, lines)
    run.save()


def _note(run: CompletionImport, found: completions.Reading, lines: list[int]) -> None:
    run.rows, run.rejected, run.added_lines = found.rows, found.rejected, sorted(lines)
    run.added, run.unchanged = len(lines), len(found.good) - len(lines)


def _apply(actor: Actor, run: CompletionImport, found: completions.Reading) -> None:
    added = _insert_new(found.good)
    _note(run, found, [line for _, line in added])
    run.state, run.applied_by, run.applied_at = State.APPLIED, actor.name, clock.now()
    run.save()
    audit.record(
        actor, "training.completions.imported", run,
        after={"rows": run.rows, "added": run.added, "rejected": len(run.rejected), "sha256": run.file_sha256},
    )  # fmt: skip
    hooks.call("ELIGIBILITY_CHANGED", actor, sorted({employee for employee, _ in added}))


_STAGED = ("employee_id", "course_id", "completed_on", "score", "source_id", "line")


def _stage(good: list[completions.Completed]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE completion_stage (employee_id bigint, course_id bigint, completed_on date,"
            " score numeric(5,2), source_id text, line integer) ON COMMIT DROP"
        )
    copy_rows("completion_stage", _STAGED, good)


def _insert_new(good: list[completions.Completed]) -> list[tuple[int, int]]:
    """Insert what the database does not have yet; returns (employee, line) of each."""
    _stage(good)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH new AS (INSERT INTO training_completion (employee_id, course_id, completed_on, score, source, source_id)"
            " SELECT DISTINCT ON (source_id) employee_id, course_id, completed_on, score, %s, source_id"
            " FROM completion_stage ORDER BY source_id, line ON CONFLICT (source, source_id) DO NOTHING"
            " RETURNING employee_id, source_id)"
            " SELECT n.employee_id, min(s.line) FROM new n JOIN completion_stage s USING (source_id)"
            " GROUP BY n.employee_id, n.source_id",
            [LEARNING_SYSTEM],
        )
        added: list[tuple[int, int]] = cursor.fetchall()
        cursor.execute("DROP TABLE completion_stage")
    return added
