"""The owner of the tables switches the triggers off: what they then do is named, also by the command and its file of heads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM
from apps.audit import heads
from apps.audit import services as audit
from apps.audit.models import AuditEvent
from apps.audit.selectors import verify
from tests.factories.cast import World

committed = pytest.mark.django_db(transaction=True)
Owner = Callable[..., None]


def acts(count: int, start: int = 0) -> list[int]:
    """So many acts, each with a commit of its own; the ids of all their events so far."""
    for number in range(start, start + count):
        accounts.user_create(actor=SYSTEM, email=f"person{number}@mass.example", name=f"Person {number}")
    return list(AuditEvent.objects.filter(stream="accounts").order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def owner() -> Owner:
    """Runs statements as the owner who disables the triggers of the trail for that moment."""

    def run(*statements: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in ("audit_auditevent", "audit_auditlink"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            for statement in statements:
                cursor.execute(statement)
            for table in ("audit_auditevent", "audit_auditlink"):
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")

    return run


@pytest.fixture
def kept(tmp_path: Path, settings: Any) -> Path:
    """The folder of signed heads that the command reads."""
    settings.ENV = replace(settings.ENV, audit_heads=tmp_path)
    return tmp_path


def told() -> dict[str, Any]:
    """What `manage.py verify_audit --json` says, and that its exit code agrees."""
    out, code = StringIO(), 0
    try:
        call_command("verify_audit", "--json", stdout=out)
    except CommandError as ended:
        code = ended.returncode
    said: dict[str, Any] = json.loads(out.getvalue())
    assert said["intact"] is (code == 0)
    return said


SPOILED: list[tuple[str, str, int, str]] = [
    ("changed", "UPDATE audit_auditevent SET reason = 'x' WHERE id = {2}", 2, "changed"),
    ("before and after", "UPDATE audit_auditevent SET after = '{{}}' WHERE id = {1}", 1, "changed"),
    ("time", "UPDATE audit_auditevent SET at = at - interval '1 second' WHERE id = {3}", 3, "changed"),
    ("other stream", "UPDATE audit_auditevent SET stream = 'vendors' WHERE id = {0}", 0, "changed"),
    ("removed", "DELETE FROM audit_auditevent WHERE id = {2}", 2, "removed"),
    ("hash", "UPDATE audit_auditlink SET hash = sha256('x') WHERE event_id = {2}", 2, "changed"),
]


@committed
@pytest.mark.parametrize(("statement", "which", "problem"), [s[1:] for s in SPOILED], ids=[s[0] for s in SPOILED])
def test_the_first_spoiled_event_is_named(kept: Path, owner: Owner, statement: str, which: int, problem: str) -> None:
    events = acts(5)
    owner(statement.format(*events))
    said = told()
    assert (said["event"], said["problem"]) == (events[which], problem)
    assert said["seq"] == which + 1


@committed
def test_an_event_put_in_without_its_link_is_named(kept: Path, owner: Owner) -> None:
    acts(3)
    owner(
        "INSERT INTO audit_auditevent (stream, actor_key, actor_name, role, verb, record_type, record_id, record_name,"
        " before, after, reason, request_id) SELECT stream, actor_key, 'Somebody', role, verb, record_type, record_id,"
        " record_name, before, after, reason, request_id FROM audit_auditevent LIMIT 1"
    )
    said = told()
    assert said["problem"] == "never chained"
    assert AuditEvent.objects.get(pk=said["event"]).actor_name == "Somebody"


@committed
def test_a_head_moved_back_is_named_also_while_the_chain_is_whole(kept: Path) -> None:
    acts(5)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_audithead SET seq = 3, hash = (SELECT hash FROM audit_auditlink WHERE seq = 3 AND stream ="
            " 'accounts') WHERE stream = 'accounts'"
        )
    assert told()["problem"] == "differs from its head"


@committed
def test_a_trail_emptied_with_its_heads_is_found_by_the_kept_ones(kept: Path, owner: Owner) -> None:
    acts(3)
    heads.keep(kept)
    assert told()["events"] == 3
    owner("TRUNCATE audit_auditevent, audit_auditlink", "TRUNCATE audit_audithead")
    assert verify().is_intact  # the database alone cannot know
    assert told()["problem"] == "cut off"


@committed
def test_an_old_head_copied_to_the_end_of_the_file_hides_nothing(kept: Path, owner: Owner) -> None:
    events = acts(2)
    heads.keep(kept)
    acts(3, start=2)
    heads.keep(kept)
    file = kept / "heads.jsonl"
    first = file.read_text().splitlines()[0]
    file.write_text(file.read_text() + first + "\n")
    owner(
        f"DELETE FROM audit_auditlink WHERE event_id > {events[1]}",
        f"DELETE FROM audit_auditevent WHERE id > {events[1]}",
        "UPDATE audit_audithead SET seq = 2, hash = (SELECT hash FROM audit_auditlink WHERE seq = 2)",
    )
    assert told()["problem"] == "cut off"


@committed
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"seq": 2', '"seq": 1'),
        lambda text: text.replace('"stream": "accounts"', '"stream": "vendors"'),
        lambda text: text + "not json\n",
        lambda text: text + "{}\n",
        lambda text: text + "[]\n",
        lambda text: text.replace('"signature": "', '"signature": "zz'),
    ],
    ids=["seq", "stream", "garbage", "unsigned", "no-object", "signature"],
)
def test_a_file_of_heads_that_was_altered_is_named_by_line(kept: Path, spoil: Callable[[str], str]) -> None:
    acts(2)
    heads.keep(kept)
    file = kept / "heads.jsonl"
    file.write_text(spoil(file.read_text()))
    said = told()
    assert "Line" in said["problem"]
    assert "was altered" in said["problem"]


@pytest.mark.django_db
def test_an_event_is_written_only_with_an_act(world: World) -> None:
    with pytest.raises(RuntimeError, match="transaction of its act"):
        _outside(world)


def _outside(world: World) -> None:
    # The test itself runs in a transaction; the guard looks at the connection.
    inside, connection.in_atomic_block = connection.in_atomic_block, False
    try:
        audit.record(SYSTEM, "accounts.user.created", world.users["bob"])
    finally:
        connection.in_atomic_block = inside


def test_secrets_and_dates_are_fit_for_the_trail() -> None:
    from datetime import date

    values = {
        "api_key": "sk-1", "nested": {"password": "p", "n": [date(2026, 1, 2)]}, "credential": "", "name": "Bob",
    }  # fmt: skip
    assert audit.masked(values) == {
        "api_key": "***", "nested": {"password": "***", "n": ["2026-01-02"]}, "credential": "", "name": "Bob",
    }  # fmt: skip
