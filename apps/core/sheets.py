"""Tables as other systems hand them over, as delimited text or as an Excel file: bytes in, a header and rows out. Pure."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from apps.core import delimited
from apps.core.errors import Invalid
from apps.core.uploads import unpacked_names

MOST_ROWS, MOST_COLUMNS = 500_000, 200
_ARCHIVE = b"PK\x03\x04"


def table(content: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header and the rows that hold something as (line number, cells); the first line is 1.

    Excel files are read from their first sheet, what formulas computed last and never the formulas. Raises `Invalid`
    for an archive that is no workbook, or unpacks to far more than it is.
    """
    if not content.startswith(_ARCHIVE):
        return delimited.table(content)
    if "xl/workbook.xml" not in unpacked_names(content):
        raise Invalid("This is not an Excel file.", how_to_fix="Save it as .xlsx or as CSV.")
    rows = _workbook(content)
    first = next(rows, None)
    return (first[1], rows) if first else ([], iter(()))


def _workbook(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError) as broken:
        raise Invalid("The Excel file cannot be read.", how_to_fix="Save it again, or send it as CSV.") from broken
    sheet = book.worksheets[0]
    for line, values in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS, values_only=True), 1):
        cells = [_text(value) for value in values]
        if any(cell.strip() for cell in cells):
            yield line, cells


def _text(value: object) -> str:
    """A cell as it would stand in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
