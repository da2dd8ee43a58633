"""Files of registers: bytes in, rows by column out; and rows as CSV, Excel or JSON out again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import tablib
from import_export.formats.base_formats import CSV, JSON, XLSX

from apps.accounts.actors import Actor
from apps.core import delimited, sheets, uploads
from apps.core.errors import Invalid
from apps.core.spreadsheets import plain_cell, safe_cell
from apps.core.uploads import Upload
from apps.registers.resources import Register, RegisterResource

FORMATS = {"csv": CSV, "xlsx": XLSX, "json": JSON}
KINDS = (uploads.CSV, uploads.XLSX, uploads.JSON)
MOST_ROWS = 5_000
_MOST_CELL = 100_000
Row = tuple[int, dict[str, str]]


def checked(register: Register, file_name: str, content: bytes) -> tuple[Upload, list[Row], list[str]]:
    """The file, its rows by our column names, and the columns that the register does not have. Raises `Invalid`."""
    file = uploads.checked(file_name, content, kinds=KINDS)
    header, rows = _table(file)
    if personal := [name for name in header if delimited.is_personal(name)]:
        raise Invalid(f"Beacon does not take this column: {personal[0][:60]}.", how_to_fix="Take it out of the file.")
    ours = {delimited.squeezed(name): name for name in register.columns}
    names = [ours.get(delimited.squeezed(name), "") for name in header]
    if missing := [name for name in register.key if name not in names]:
        raise Invalid(
            f"The file has no column {', '.join(missing)}.",
            how_to_fix=f"Its columns are {', '.join(register.columns)}.",
        )
    if len(set(filter(None, names))) != len(list(filter(None, names))):
        raise Invalid("Two columns have the same name.", how_to_fix="Keep one of them.")
    ignored = [name[:100] for name, known in zip(header, names, strict=True) if name and not known]
    found = [(line, {name: cell for name, cell in zip(names, cells, strict=False) if name}) for line, cells in rows]
    if len(found) > MOST_ROWS:
        raise Invalid(f"The file has more than {MOST_ROWS:,} rows.", how_to_fix="Send it in parts.")
    if not found:
        raise Invalid("The file has no rows.", how_to_fix="Choose another file.")
    return file, found, ignored


def _table(file: Upload) -> tuple[list[str], list[tuple[int, list[str]]]]:
    if file.content_type == uploads.JSON:
        return _objects(delimited.decode(file.content))
    if file.content_type == uploads.XLSX:
        header, rows = sheets.table(file.content)
        return [plain_cell(name).strip() for name in header], [(n, [*map(plain_cell, cells)]) for n, cells in rows]
    return _delimited(delimited.decode(file.content))


def _delimited(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """As spreadsheets write it: a quoted cell may hold several lines."""
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = []
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                rows.append((reader.line_num, [*map(plain_cell, cells)]))
    except csv.Error as wrong:
        raise Invalid(
            f"Line {reader.line_num} cannot be read.", how_to_fix="Look for a quotation mark that is not closed."
        ) from wrong
    return ([name.strip() for name in rows[0][1]], rows[1:]) if rows else ([], [])


def _objects(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise Invalid("This is not JSON.", how_to_fix="Send a list of objects, as an export gives it.") from wrong
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Invalid("The file is not a list of objects.", how_to_fix="Write it as an export gives it.")
    names = list(dict.fromkeys(name for row in found for name in row))
    return names, [(number, [_said(row.get(name)) for name in names]) for number, row in enumerate(found, 1)]


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def written(register: Register, actor: Actor, form: str) -> tuple[bytes, int]:
    """What the actor sees of a register, as a file, and how many records it holds."""
    table: tablib.Dataset = RegisterResource(register, actor).export()
    return rendered(table.headers, table, form), len(table)


def rendered(header: Sequence[str], rows: Iterable[Sequence[str]], form: str) -> bytes:
    """Rows in one of the forms. In tables that open in a spreadsheet, cells are made harmless; JSON keeps them."""
    table = tablib.Dataset(headers=list(header))
    for row in rows:
        table.append([cell if form == "json" else safe_cell(cell) for cell in row])
    content: bytes | str = FORMATS[form]().export_data(table)
    return content if isinstance(content, bytes) else str(content).encode()
