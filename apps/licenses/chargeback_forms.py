"""A charge-back statement as data, CSV and XLSX: the same lines as on the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from apps.core.workbooks import Sheet, SheetColumn, workbook
from apps.licenses.chargeback import Correction, Share, month_end
from apps.licenses.chargeback_selectors import Statement

HEADER = ("Kind", "Code", "Line", "Seat-days", "US dollars")
KINDS = {
    "agency": "Agency", "small": "Small agencies", "not_assigned": "Not assigned", "correction": "Correction",
    "total": "Total",
}  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def dollars(cents: int) -> str:
    """Cents as dollars, for files and JSON."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def money(cents: int) -> str:
    """Cents as dollars, for eyes."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def month_name(month: date) -> str:
    return f"{month:%Y-%m}"


def data_of(statement: Statement) -> dict[str, Any]:
    """The statement as plain data. Money is text, in US dollars."""
    return {
        "month": month_name(statement.month), "first_day": statement.month.isoformat(),
        "last_day": month_end(statement.month).isoformat(), "currency": "USD", "is_whole": statement.is_whole,
        "small_agencies_are_together": not statement.is_exact, "total": dollars(statement.total),
        "lines": [
            {
                "kind": line.kind, "agency": line.code or None, "name": line.name, "seat_days": line.seat_days,
                "amount": dollars(line.cents),
            }
            for line in statement.lines
        ],
        "contracts": [_contract(share, exact=statement.is_exact) for share in statement.contracts],
        "corrections": [_correction(one) for one in statement.corrections],
    }  # fmt: skip


def _contract(share: Share, *, exact: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": share.terms.number, "cost": dollars(share.cost), "seat_days_bought": share.bought_days,
    }  # fmt: skip
    if exact:
        found |= {
            "assigned": dollars(share.cost - share.unassigned), "not_assigned": dollars(share.unassigned),
            "seat_days_held": sum(share.seat_days.values()),
        }  # fmt: skip
    return found


def _correction(one: Correction) -> dict[str, Any]:
    return {"contract": one.number, "month": month_name(one.month), "amount": dollars(one.cents)}


def rows_of(statement: Statement) -> list[Sequence[Any]]:
    """The lines and their total, as `HEADER` says."""
    return [
        *(
            (
                KINDS[line.kind],
                line.code,
                line.name,
                "" if line.seat_days is None else line.seat_days,
                dollars(line.cents),
            )
            for line in statement.lines
        ),
        (KINDS["total"], "", f"Total of {month_name(statement.month)}", statement.seat_days, dollars(statement.total)),
    ]


def xlsx_of(statement: Statement) -> bytes:
    """The lines as a workbook; a second sheet has the contracts for those who see the whole state."""
    kinds = ("text", "text", "text", "number", "money")
    columns = [SheetColumn(label, kind) for label, kind in zip(HEADER, kinds, strict=True)]
    sheets = [Sheet(f"Charge-back {month_name(statement.month)}", columns, rows_of(statement))]
    if statement.contracts:
        head = [
            SheetColumn("Contract"),
            SheetColumn("Cost of the month", "money"),
            SheetColumn("Seat-days bought", "number"),
        ]
        rows = [(share.terms.number, dollars(share.cost), share.bought_days) for share in statement.contracts]
        sheets.append(Sheet("Contracts", head, rows))
    return workbook(sheets)
