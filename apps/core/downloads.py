"""Answers that are files: always handed out to be kept, and never shown or guessed about by a browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from apps.core.spreadsheets import safe_cell

CSV = "text/csv; charset=utf-8"
ZIP = "application/zip"


def download(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    """The content as a file of that name; what a header cannot carry is replaced in the name."""
    safe = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "")
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def local_text(moment: datetime | None) -> str:
    """A moment as files have it: the state's time, to the minute."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


def csv_of(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV; cells that a spreadsheet would take for a formula are made harmless."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe_cell(name) for name in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def csv_download(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Rows as a CSV file, handed out."""
    return download(csv_of(header, rows), name, CSV)
