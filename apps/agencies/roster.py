"""The HR file: read, checked and compared with the directory. Pure: bytes and facts in, a plan out.

Every row ends as a join, a leaver, a move, a change, unchanged, or rejected with a reason; a bad row never costs a
good one. Rules and thresholds: docs/how-to/import-the-roster.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from typing import NamedTuple

from apps.core.delimited import CONTROL, is_personal, squeezed, table

COLUMNS = (
    "employee_id", "email", "first_name", "last_name", "title", "agency_code", "manager_id", "status",
    "seasonal", "start_date", "end_date",
)  # fmt: skip
REQUIRED = ("employee_id", "email", "first_name", "last_name", "agency_code", "status")
# Names that HR systems commonly use; compared without case, blanks and punctuation.
ALIASES = {
    "emplid": "employee_id", "employeenumber": "employee_id", "workemail": "email", "emailaddress": "email",
    "firstname": "first_name", "givenname": "first_name", "lastname": "last_name", "surname": "last_name",
    "jobtitle": "title", "department": "agency_code", "deptcode": "agency_code", "agency": "agency_code",
    "manager": "manager_id", "supervisorid": "manager_id", "employmentstatus": "status",
    "seasonalflag": "seasonal", "hiredate": "start_date", "terminationdate": "end_date",
}  # fmt: skip

HOLD_PEOPLE, HOLD_SHARE = 25, 0.02
HOLD_AGENCY_PEOPLE, HOLD_AGENCY_SHARE = 3, 0.10
HOLD_SHRINK = 0.05

_STATUS = {
    "active": "active", "a": "active", "leave": "leave", "on leave": "leave", "l": "leave",
    "separated": "separated", "terminated": "separated", "s": "separated", "t": "separated",
}  # fmt: skip
_TRUE, _FALSE = {"y", "yes", "true", "1", "t"}, {"n", "no", "false", "0", "f", ""}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_FORMULA = tuple("=+-@\t")
_FIRST_YEAR, _LAST_YEAR = 1930, 2100


class FileRefused(Exception):
    """The file as a whole cannot be used; the message says why."""


class Known(NamedTuple):
    """What the directory knows of a person, as far as the comparison needs it."""

    employee_id: str
    digest: str
    email: str
    agency_code: str
    status: str


class Row(NamedTuple):
    """A checked row in canonical form."""

    line: int
    employee_id: str
    email: str
    first_name: str
    last_name: str
    title: str
    agency_code: str
    manager_ref: str
    status: str
    is_seasonal: bool
    start_on: date | None
    end_on: date | None
    digest: str


class Rejected(NamedTuple):
    """A row that cannot be used: its line (the header is line 1), its employee id as far as known, the reason."""

    line: int
    employee_id: str
    reason: str


@dataclass(slots=True)
class Plan:
    """What the file would do to the directory."""

    rows: int = 0
    joins: list[Row] = field(default_factory=list)
    moves: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    leavers: list[Row] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    # Rejected rows of which nobody can say about whom they are.
    nameless: int = 0
    ignored_columns: list[str] = field(default_factory=list)

    @property
    def separations(self) -> int:
        return len(self.leavers) + len(self.absent)

    def counts(self) -> dict[str, int]:
        """rows = joins + moves + changes + unchanged + rejected + leavers_in_file; leavers adds the absent."""
        return {
            "rows": self.rows,
            "joins": len(self.joins),
            "leavers": self.separations,
            "leavers_in_file": len(self.leavers),
            "leavers_absent": len(self.absent),
            "moves": len(self.moves),
            "changes": len(self.changes),
            "unchanged": self.unchanged,
            "rejected": len(self.rejected),
        }


# ---- reading -------------------------------------------------------------------------------------------


def read(
    content: bytes, mapping: Mapping[str, str] | None = None
) -> tuple[list[int | None], list[str], Iterator[tuple[int, list[str]]]]:
    """Split the file into its header and rows.

    Returns the position of each of `COLUMNS` in a row (None where absent), the header's unknown columns, and the
    rows as (line number, cells). Raises `FileRefused`.
    """
    header, rows = table(content)
    if not header:
        raise FileRefused("The file is empty: it has not even a header.")
    positions, ignored = _columns(header, mapping or {})
    return positions, ignored, rows


def _columns(header: list[str], mapping: Mapping[str, str]) -> tuple[list[int | None], list[str]]:
    found: dict[str, int] = {}
    ignored: list[str] = []
    own = {squeezed(name): column for name, column in mapping.items()}
    known = {squeezed(column): column for column in COLUMNS} | ALIASES | own
    for position, name in enumerate(header):
        if is_personal(name):
            raise FileRefused(
                f'The column "{name}" holds personal information that Beacon must not receive. '
                "Remove the column and send the file again."
            )
        column = known.get(squeezed(name))
        if column is None or column in found:
            ignored.append(name)
        else:
            found[column] = position
    missing = [column for column in REQUIRED if column not in found]
    if missing:
        raise FileRefused(f"The file lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")
    return [found.get(column) for column in COLUMNS], [name for name in ignored if name]


# ---- checking ------------------------------------------------------------------------------------------


def digest(values: Iterable[str]) -> str:
    """Digest of a canonical row, to tell an unchanged one in passing."""
    return blake2b("\x1f".join(values).encode(), digest_size=16).hexdigest()


class BadRow(Exception):
    """A cell that cannot be used; the message is the reason that people read."""


def check(line: int, cells: list[str], agencies: Mapping[str, bool]) -> Row:
    """Turn the eleven cells of a row (in the order of `COLUMNS`, stripped) into a `Row`.

    `agencies` maps each code to whether the agency is active. Raises `BadRow`.
    """
    for name, cell in zip(COLUMNS, cells, strict=True):
        if CONTROL.search(cell):
            raise BadRow(f"{name} contains a control character.")
        if cell.startswith(_FORMULA):
            raise BadRow(f"{name} begins like a spreadsheet formula.")
    employee_id, email, first, last, title, agency, manager, status, seasonal, start, end = cells
    if not _ID.fullmatch(employee_id):
        raise BadRow("employee_id is missing." if not employee_id else "employee_id has characters it may not have.")
    code = agency.upper()
    start_on, end_on = _date("start_date", start), _date("end_date", end)
    if start_on and end_on and end_on < start_on:
        raise BadRow("end_date is before start_date.")
    values = (
        employee_id, _email(email), _name("first_name", first), _name("last_name", last), _short("title", title, 150),
        _agency(code, agencies, status), _short("manager_id", manager, 40), _one_of_status(status),
    )  # fmt: skip
    is_seasonal = _flag(seasonal)
    canonical = (
        *values, "yes" if is_seasonal else "no", start_on.isoformat() if start_on else "",
        end_on.isoformat() if end_on else "",
    )  # fmt: skip
    return Row(line, *values, is_seasonal, start_on, end_on, digest(canonical))


def _email(cell: str) -> str:
    if not cell:
        raise BadRow("email is missing.")
    if len(cell) > 254 or not _EMAIL.fullmatch(cell):
        raise BadRow("email is not an address.")
    return cell.lower()


def _name(column: str, cell: str) -> str:
    if not cell:
        raise BadRow(f"{column} is missing.")
    return _short(column, cell, 100)


def _short(column: str, cell: str, limit: int) -> str:
    if len(cell) > limit:
        raise BadRow(f"{column} is longer than {limit} characters.")
    return cell


def _agency(code: str, agencies: Mapping[str, bool], status: str) -> str:
    if not code:
        raise BadRow("agency_code is missing.")
    if code not in agencies:
        raise BadRow(f"agency_code {code[:20]} is not an agency that Beacon knows.")
    # Whoever leaves does so also where the agency was closed before.
    if not agencies[code] and _STATUS.get(status.lower()) != "separated":
        raise BadRow(f"agency_code {code} is no longer active.")
    return code


def _one_of_status(cell: str) -> str:
    status = _STATUS.get(cell.lower())
    if status is None:
        raise BadRow("status is missing." if not cell else f"status {cell[:20]!r} is not active, leave or separated.")
    return status


def _flag(cell: str) -> bool:
    lowered = cell.lower()
    if lowered not in _TRUE and lowered not in _FALSE:
        raise BadRow(f"seasonal {cell[:20]!r} is neither yes nor no.")
    return lowered in _TRUE


def _date(column: str, cell: str) -> date | None:
    """ISO (2026-11-24) or US (11/24/2026)."""
    if not cell:
        return None
    try:
        found = date.fromisoformat(cell) if "-" in cell else datetime.strptime(cell, "%m/%d/%Y").date()
    except ValueError:
        raise BadRow(f"{column} {cell[:20]!r} is not a date.") from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise BadRow(f"{column} {cell[:20]!r} is not a believable date.")
    return found


# ---- comparing -----------------------------------------------------------------------------------------


class _Comparison:
    """Walks the rows once and sorts each into the plan."""

    def __init__(self, known: Mapping[str, Known], agencies: Mapping[str, bool], taken: Mapping[str, str]) -> None:
        self.known, self.agencies, self.plan = known, agencies, Plan()
        self.seen: dict[str, int] = {}
        self.emails: dict[str, str] = {}
        # A leaver may stand on a later line than the newcomer who gets the address: settled at the end.
        self.holders = dict(taken)
        self.holders |= {person.email: key for key, person in known.items() if person.status != "separated"}
        # People on whom a bad row bears: the row must not read as if they had vanished from the file.
        self.shielded: set[str] = set()
        self.present: list[Row] = []

    def take(self, line: int, cells: list[str]) -> None:
        plan = self.plan
        plan.rows += 1
        employee_id = cells[0]
        if (first := self.seen.get(employee_id)) is not None and employee_id:
            plan.rejected.append(Rejected(line, employee_id, f"The employee already stands on line {first}."))
            return
        person = self.known.get(employee_id)
        if person and person.digest == digest(cells) and self._claims(person.email, employee_id, person.status):
            self.seen[employee_id] = line
            plan.unchanged += 1
            return
        try:
            row = check(line, cells, self.agencies)
            if not self._claims(row.email, row.employee_id, row.status):
                raise BadRow(f"email already stands on line {self.seen[self.emails[row.email]]}.")
        except BadRow as problem:
            self.reject(line, employee_id, cells[1], str(problem))
            return
        self.seen[row.employee_id] = line
        self._sort(row, person)

    def _claims(self, email: str, employee_id: str, status: str) -> bool:
        """Whether the address may be this person's; somebody who has left claims none.

        An address that the directory gives to somebody else is settled at the end, when it is known who leaves: the
        row of its holder must not suffer from another's claim.
        """
        if self.holders.get(email, employee_id) != employee_id:
            return True
        return status == "separated" or self.emails.setdefault(email, employee_id) == employee_id

    def _inherits(self, row: Row) -> bool:
        """Whether a leaver's address goes to this person: the first in the file gets it."""
        return self.emails.setdefault(row.email, row.employee_id) == row.employee_id

    def reject(self, line: int, employee_id: str, email: str, reason: str) -> None:
        self.plan.rejected.append(Rejected(line, CONTROL.sub("", employee_id)[:40], reason))
        if employee_id in self.known:
            self.shielded.add(employee_id)
        elif holder := self.holders.get(email.lower()):
            self.shielded.add(holder)
        elif not _ID.fullmatch(employee_id):
            self.plan.nameless += 1

    def _sort(self, row: Row, person: Known | None) -> None:
        if person is not None and person.digest == row.digest:
            self.plan.unchanged += 1
        elif row.status == "separated":
            if person is None or person.status == "separated":
                self.plan.unchanged += 1
            else:
                self.plan.leavers.append(row)
        else:
            self.present.append(row)

    def finish(self) -> Plan:
        plan, known = self.plan, self.known
        plan.absent = [
            key
            for key, person in known.items()
            if person.status != "separated" and key not in self.seen and key not in self.shielded
        ]
        leaving = {row.employee_id for row in plan.leavers} | set(plan.absent)
        for row in self.present:
            holder = self.holders.get(row.email, row.employee_id)
            if holder != row.employee_id and (holder not in leaving or not self._inherits(row)):
                reason = f"email belongs to employee {holder}."
                plan.rejected.append(Rejected(row.line, row.employee_id, reason))
                continue
            person = known.get(row.employee_id)
            if person is None or person.status == "separated":
                plan.joins.append(row)
            elif person.agency_code != row.agency_code:
                plan.moves.append(row)
            else:
                plan.changes.append(row)
        plan.rejected.sort()
        return plan


def plan(
    content: bytes,
    known: Mapping[str, Known],
    agencies: Mapping[str, bool],
    mapping: Mapping[str, str] | None = None,
    taken: Mapping[str, str] | None = None,
) -> Plan:
    """Compare the file with the directory.

    `known` maps employee ids to what the directory knows (people from the HR file only; those in inactive agencies
    with an empty digest, so that they are looked at again); `agencies` maps codes to whether they are active; `taken`
    maps the addresses of people from elsewhere to their employee ids. Raises `FileRefused`.
    """
    positions, ignored, rows = read(content, mapping)
    width = max(position for position in positions if position is not None) + 1
    comparison = _Comparison(known, agencies, taken or {})
    for line, cells in rows:
        if len(cells) < width:
            comparison.plan.rows += 1
            identity, email = (cells[p].strip() if p is not None and p < len(cells) else "" for p in positions[:2])
            reason = f"The row has {len(cells)} cells; the header has {width}."
            comparison.reject(line, identity, email, reason)
            continue
        comparison.take(line, ["" if p is None else cells[p].strip() for p in positions])
    result = comparison.finish()
    result.ignored_columns = ignored
    return result


# ---- holding -------------------------------------------------------------------------------------------


def hold_reasons(made: Plan, known: Mapping[str, Known], last_rows: int | None) -> list[str]:
    """Why the plan must wait for a second person; empty where it need not.

    `last_rows` is the row count of the run applied last. Thresholds: more than max(25, 2%) of all people, more than
    max(3, 10%) of one agency, an empty file, one that is 5% shorter than the last, or missing people where rejected
    rows may be theirs.
    """
    reasons: list[str] = []
    present = Counter(person.agency_code for person in known.values() if person.status != "separated")
    total = sum(present.values())
    leaving = [row.employee_id for row in made.leavers] + made.absent
    if made.rows == 0 and total:
        reasons.append("The file has no rows.")
    elif last_rows and made.rows < last_rows * (1 - HOLD_SHRINK):
        reasons.append(f"The file has {made.rows:,} rows; the last one had {last_rows:,}.")
    if made.nameless and made.absent:
        reasons.append(
            f"{len(made.absent):,} people are missing, and {made.nameless:,} rejected rows do not say whose they are."
        )
    if len(leaving) > max(HOLD_PEOPLE, HOLD_SHARE * total):
        reasons.append(f"{len(leaving):,} of {total:,} people would be separated.")
    for code, count in sorted(Counter(known[key].agency_code for key in leaving).items()):
        if count > max(HOLD_AGENCY_PEOPLE, HOLD_AGENCY_SHARE * present[code]):
            reasons.append(f"{count:,} of {present[code]:,} people in {code} would be separated.")
    return reasons
