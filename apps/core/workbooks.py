"""Excel files with typed columns and a frozen header; the same sheets give the same bytes. Pure."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from apps.core.spreadsheets import safe_cell

# Days of the ZIP format begin in 1980; a file carries no time of its making.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SAVED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_FORMATS = {"number": "#,##0", "percent": '0"%"', "money": "$#,##0.00", "date": "yyyy-mm-dd", "text": "@"}
_WIDEST, _NARROWEST = 60, 10


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: its header, and text, number, percent (a whole number of them), money or date."""

    label: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name (31 characters at most), its columns and its rows. Dates may be given as ISO text, money as text."""

    name: str
    columns: Sequence[SheetColumn]
    rows: Iterable[Sequence[Any]]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """The sheets as an .xlsx file. A text is never taken for a formula; a value that does not fit its column is text."""
    book = Workbook(write_only=True)
    for number, sheet in enumerate(sheets, 1):
        _fill(book.create_sheet(_name(sheet.name, number, book.sheetnames)), sheet)
    book.properties.creator = "Beacon"
    out = io.BytesIO()
    book.save(out)
    return _undated(out.getvalue())


def _fill(page: Worksheet, sheet: Sheet) -> None:
    rows = [
        [_value(column.kind, value) for column, value in zip(sheet.columns, row, strict=True)] for row in sheet.rows
    ]
    page.freeze_panes = "A2"
    for place, column in enumerate(sheet.columns, 1):
        longest = max([len(column.label), *(len(str(row[place - 1] or "")) for row in rows)])
        page.column_dimensions[get_column_letter(place)].width = min(_WIDEST, max(_NARROWEST, longest + 2))
    page.append([_cell(page, column.label, "text", is_head=True) for column in sheet.columns])
    for row in rows:
        page.append([_cell(page, value, column.kind) for column, value in zip(sheet.columns, row, strict=True)])


def _cell(page: Worksheet, value: Any, kind: str, *, is_head: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value=None if value == "" else value)
    if isinstance(value, str):
        # Excel reads a string cell as text whatever it begins with; spreadsheets that convert it find it harmless.
        cell.data_type = "s"
        cell.alignment = Alignment(wrap_text=len(value) > _WIDEST, vertical="top")
    else:
        cell.number_format = _FORMATS[kind]
    if is_head:
        cell.font = Font(bold=True)
    return cell


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and value and kind != "text":
        value = _typed(kind, value)
    return safe_cell(_clean(value)) if isinstance(value, str) else value


def _typed(kind: str, text: str) -> Any:
    """A text as the column's type, or itself where it says something else ("not shown")."""
    try:
        return date.fromisoformat(text) if kind == "date" else Decimal(text) if kind == "money" else int(text)
    except (ValueError, ArithmeticError):
        return text


def _clean(text: str) -> str:
    """Without the control characters that the format cannot hold."""
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n\r")[:32_000]


def _name(name: str, number: int, taken: Sequence[str]) -> str:
    """A sheet's name without what Excel forbids in one, once."""
    plain = "".join(" " if sign in "[]:*?/\\'" else sign for sign in name)[:31].strip() or f"Sheet {number}"
    return plain if plain.lower() not in {one.lower() for one in taken} else f"{plain[:27]} {number}"


def _undated(content: bytes) -> bytes:
    """The archive written again, every entry with the same date, and without the moment that saving noted."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in sorted(old.namelist()):
            inside = old.read(entry)
            if entry == "docProps/core.xml":
                inside = _SAVED.sub(rb"\g<1>1980-01-01T00:00:00Z", inside)
            new.writestr(zipfile.ZipInfo(entry, _EPOCH), inside, zipfile.ZIP_DEFLATED)
    return out.getvalue()
