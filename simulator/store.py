"""State in one SQLite file.

Write-ahead log with `synchronous=NORMAL`: a committed write survives `kill -9` of the process, which is
what the simulator promises. The file is locked by one process at a time.

Rows that the API deletes are kept with `deleted_at`. This is what lets a listing continue after a
cursor whose row has gone, lets lists lag behind writes, and gives past usage to people who left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

Row = tuple[Any, ...]
Params = Sequence[Any] | Mapping[str, Any]

LOCK_WAIT_SECONDS = 1.0

# `body` is the object as the API shows it, so that a list page is rows joined by commas. The other
# columns are what is searched or ordered by. `prior_body` is what lists still show while `changed_at`
# lies within the read lag.
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS users (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, email_key TEXT, email TEXT, name TEXT, role TEXT,
    added_at INTEGER NOT NULL, body TEXT NOT NULL, prior_body TEXT, changed_at INTEGER,
    shown_from INTEGER NOT NULL, deleted_at INTEGER,
    seat_type TEXT NOT NULL DEFAULT 'chatgpt', workspace_role TEXT, inactive_at INTEGER,
    is_scim_managed INTEGER NOT NULL DEFAULT 0, is_service_account INTEGER NOT NULL DEFAULT 0,
    prior_seat TEXT);
CREATE INDEX IF NOT EXISTS users_email ON users (email_key) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS users_owner ON users (role) WHERE deleted_at IS NULL AND role = 'owner';

CREATE TABLE IF NOT EXISTS invites (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, email_key TEXT NOT NULL, status TEXT NOT NULL,
    accept_at INTEGER, expires_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
    body TEXT NOT NULL, prior_body TEXT, changed_at INTEGER,
    shown_from INTEGER NOT NULL, deleted_at INTEGER,
    seat_type TEXT NOT NULL DEFAULT 'chatgpt', workspace_role TEXT,
    is_scim_managed INTEGER NOT NULL DEFAULT 0, resent INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS invites_email ON invites (email_key);
CREATE INDEX IF NOT EXISTS invites_due ON invites (due_at, seq)
    WHERE status = 'pending' AND deleted_at IS NULL;

CREATE TABLE IF NOT EXISTS groups (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, is_scim_managed INTEGER NOT NULL,
    body TEXT NOT NULL, prior_body TEXT, changed_at INTEGER,
    shown_from INTEGER NOT NULL, deleted_at INTEGER);

CREATE TABLE IF NOT EXISTS group_members (
    seq INTEGER PRIMARY KEY, group_id TEXT NOT NULL, user_id TEXT NOT NULL,
    shown_from INTEGER NOT NULL, deleted_at INTEGER);
CREATE INDEX IF NOT EXISTS group_members_page ON group_members (group_id, seq);
CREATE INDEX IF NOT EXISTS group_members_user ON group_members (user_id, group_id);
CREATE UNIQUE INDEX IF NOT EXISTS group_members_once ON group_members (group_id, user_id)
    WHERE deleted_at IS NULL;

CREATE TABLE IF NOT EXISTS audit_log (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, effective_at INTEGER NOT NULL, type TEXT NOT NULL,
    resource_id TEXT, actor_id TEXT, actor_user_id TEXT, actor_email TEXT, project_id TEXT,
    body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS audit_log_page ON audit_log (effective_at, seq);
CREATE INDEX IF NOT EXISTS audit_log_resource ON audit_log (resource_id, effective_at, seq);
CREATE INDEX IF NOT EXISTS audit_log_type ON audit_log (type, effective_at, seq);

CREATE TABLE IF NOT EXISTS workspace_calls (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS workspace_calls_at ON workspace_calls (at, seq);

CREATE TABLE IF NOT EXISTS usage_limits (
    subject TEXT PRIMARY KEY, amount REAL, unit TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS idp_members (email_key TEXT PRIMARY KEY, email TEXT NOT NULL, name TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idp_group_members (
    group_name TEXT NOT NULL, email_key TEXT NOT NULL, PRIMARY KEY (group_name, email_key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idp_group_members_email ON idp_group_members (email_key);
CREATE TABLE IF NOT EXISTS idp_groups (name TEXT PRIMARY KEY, group_id TEXT) WITHOUT ROWID;
"""

# Columns that a file of an earlier version lacks; tables are made by SCHEMA, which leaves existing ones alone.
ADDED_COLUMNS = (
    ("users", "seat_type", "TEXT NOT NULL DEFAULT 'chatgpt'"),
    ("users", "workspace_role", "TEXT"),
    ("users", "inactive_at", "INTEGER"),
    ("users", "is_scim_managed", "INTEGER NOT NULL DEFAULT 0"),
    ("users", "is_service_account", "INTEGER NOT NULL DEFAULT 0"),
    ("users", "prior_seat", "TEXT"),
    ("invites", "seat_type", "TEXT NOT NULL DEFAULT 'chatgpt'"),
    ("invites", "workspace_role", "TEXT"),
    ("invites", "is_scim_managed", "INTEGER NOT NULL DEFAULT 0"),
    ("invites", "resent", "INTEGER NOT NULL DEFAULT 0"),
)
FILL_ADDED = """
    UPDATE users SET is_scim_managed = coalesce(json_extract(body, '$.is_scim_managed'), 0),
      is_service_account = coalesce(json_extract(body, '$.is_service_account'), 0)
"""

# They name added columns, so they come after those. With them the counts of 400,000 members are index scans.
# Invites have one index a status: a single one by status would be taken to find an address among the pending.
LATER_INDEXES = """
CREATE INDEX IF NOT EXISTS users_inactive ON users (inactive_at) WHERE deleted_at IS NULL AND inactive_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS users_synced ON users (email_key) WHERE deleted_at IS NULL AND is_scim_managed = 1;
CREATE INDEX IF NOT EXISTS users_removed ON users (email_key) WHERE deleted_at IS NOT NULL AND is_scim_managed = 1;
CREATE INDEX IF NOT EXISTS invites_accepted ON invites (email_key) WHERE deleted_at IS NULL AND status = 'accepted';
CREATE INDEX IF NOT EXISTS invites_expired ON invites (email_key) WHERE deleted_at IS NULL AND status = 'expired';
"""

CLEAR = """
BEGIN IMMEDIATE;
DELETE FROM meta; DELETE FROM users; DELETE FROM invites; DELETE FROM groups; DELETE FROM group_members;
DELETE FROM audit_log; DELETE FROM workspace_calls; DELETE FROM usage_limits;
DELETE FROM idp_members; DELETE FROM idp_group_members; DELETE FROM idp_groups;
COMMIT;
"""

# Nothing is ever removed from these tables short of a reset, so the highest number plus one is free.
NEXT_SEQ = {
    "users": "SELECT coalesce(max(seq), 0) + 1 FROM users",
    "invites": "SELECT coalesce(max(seq), 0) + 1 FROM invites",
    "groups": "SELECT coalesce(max(seq), 0) + 1 FROM groups",
    "audit_log": "SELECT coalesce(max(seq), 0) + 1 FROM audit_log",
}


class Store:
    """One connection, used from one thread; every statement outside `transaction` commits by itself."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, timeout=LOCK_WAIT_SECONDS, isolation_level=None)
        # Exclusive locking before the first read keeps the WAL index in memory and a second process out.
        for pragma in (
            "PRAGMA locking_mode = EXCLUSIVE",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = NORMAL",
            "PRAGMA temp_store = MEMORY",
            "PRAGMA cache_size = -65536",
        ):
            self._db.execute(pragma)
        self._db.executescript(SCHEMA)
        self._add_columns()
        self._db.executescript(LATER_INDEXES)

    def _add_columns(self) -> None:
        """Bring a file of an earlier version up to date."""
        missing = [
            (table, column, kind)
            for table, column, kind in ADDED_COLUMNS
            if not self.value("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column))
        ]
        for table, column, kind in missing:
            self.run(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        if missing:
            self.run(FILL_ADDED)

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        self._db.close()

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        """Return all rows of a query."""
        return self._db.execute(sql, params).fetchall()

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """Return the first row of a query, or None."""
        row: Row | None = self._db.execute(sql, params).fetchone()
        return row

    def value(self, sql: str, params: Params = ()) -> Any:
        """Return the first column of the first row, or None where there is no row."""
        row = self.one(sql, params)
        return row[0] if row else None

    def run(self, sql: str, params: Params = ()) -> int:
        """Execute a write; returns the number of rows it touched."""
        return self._db.execute(sql, params).rowcount

    def run_many(self, sql: str, params: Iterable[Params]) -> None:
        """Execute a write once per parameter set."""
        self._db.executemany(sql, params)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commit at the end, roll back if the body raises."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def next_seq(self, table: str) -> int:
        """Return the next row number of a table; call it inside the transaction that inserts."""
        return int(self.value(NEXT_SEQ[table]))

    def load(self, key: str) -> Any:
        """Return a stored JSON value, or None."""
        text = self.value("SELECT value FROM meta WHERE key = ?", (key,))
        return None if text is None else msgspec.json.decode(text)

    def save(self, key: str, value: Any) -> None:
        """Store a JSON value under a key."""
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, msgspec.json.encode(value).decode()))

    def clear(self) -> None:
        """Remove everything."""
        self._db.executescript(CLEAR)
