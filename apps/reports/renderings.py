"""A report's forms, each made from its data alone: the same data give the same bytes."""

from __future__ import annotations

import csv
import io
from typing import Any

from apps.core import charts
from apps.core.pdf import pdf
from apps.core.spreadsheets import safe_cell
from apps.core.workbooks import Sheet, SheetColumn, workbook
from apps.reports.definitions import DEFINITIONS, Definition
from apps.reports.document import Data, tables_of, to_json, words

NOT_SHOWN = "not shown"
NUMBERS = {"count", "percent", "money", "days"}
FORMS = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def rendered(data: Data, form: str) -> bytes:
    """The report in one of `FORMS`. Raises `NoPrinter` for a PDF where Pango is missing."""
    return {"pdf": pdf_of, "csv": csv_of, "xlsx": xlsx_of, "json": to_json}[form](data)


def name_of(data: Data, form: str) -> str:
    """The file's name: what it is about, and the day."""
    scope = data["scope"].replace(":", "-").lower()
    return f"beacon-{data['kind']}-{scope}-{data['as_of']}.{form}"


# ---- tables as text ----------------------------------------------------------------------------------------


def csv_of(data: Data) -> bytes:
    """Every figure on a line of its own: section, table, row, column, value. For programs more than for eyes."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["report", "scope", "as_of", "section", "table", "row", "column", "value", "unit"])
    head = [data["kind"], data["scope"], data["as_of"]]
    for section in data["sections"]:
        for stat in section["stats"]:
            writer.writerow(_safe([*head, section["key"], "", "", stat["label"], _cell(stat["value"]), stat["kind"]]))
        for table in section["tables"]:
            for row in table["rows"]:
                for column, value in zip(table["columns"][1:], row[1:], strict=True):
                    named = [*head, section["key"], table["key"], row[0], column["key"], _cell(value), column["kind"]]
                    writer.writerow(_safe(named))
    return out.getvalue().encode()


def table_csv(data: Data, key: str) -> bytes | None:
    """One table as it stands on the page; None where there is no such table."""
    table = next((one for one in tables_of(data) if one["key"] == key), None)
    if table is None:
        return None
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_safe([column["label"] for column in table["columns"]]))
    writer.writerows(_safe([_cell(value) for value in row]) for row in table["rows"])
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    return NOT_SHOWN if value is None else value


def _safe(row: list[Any]) -> list[Any]:
    return [safe_cell(cell) for cell in row]


# ---- workbook ----------------------------------------------------------------------------------------------

_TYPES = {"count": "number", "days": "number", "percent": "percent", "money": "money", "date": "date", "text": "text"}


def xlsx_of(data: Data) -> bytes:
    """One sheet with what the report is about and its figures, then one for each table."""
    about = [
        ("Report", data["title"]), ("About", data["scope_label"]), ("As of the end of", data["as_of"]),
        ("In one line", data["opinion"]), *(("Note", note) for note in data["notes"]),
    ]  # fmt: skip
    figures = [
        (stat["label"], words(stat["value"], stat["kind"])) for section in data["sections"] for stat in section["stats"]
    ]
    columns = (SheetColumn("What", "text"), SheetColumn("Says", "text"))
    sheets = [Sheet("Report", columns, [*about, *figures])]
    for table in tables_of(data):
        kinds = tuple(SheetColumn(column["label"], _TYPES[column["kind"]]) for column in table["columns"])
        sheets.append(Sheet(table["title"][:31], kinds, [[_cell(value) for value in row] for row in table["rows"]]))
    return workbook(sheets)


# ---- paper -------------------------------------------------------------------------------------------------


def pdf_of(data: Data) -> bytes:
    """The report on paper, tagged (PDF/UA-1), with its charts as drawings and their tables below them."""
    context = {"title": data["title"], "report": shown(data, drawn=True), "definitions": defined_in(data)}
    return pdf("reports/paper.html", context)


def defined_in(data: Data) -> dict[str, Definition]:
    """The definitions of the figures that a report has, in the order of definitions.py."""
    used = {stat["define"] for section in data["sections"] for stat in section["stats"]}
    used |= {column["define"] for table in tables_of(data) for column in table["columns"]}
    used |= {row[0] for table in tables_of(data) if table["key"] == "funnel" for row in table["rows"]}
    return {key: one for key, one in DEFINITIONS.items() if key in used or one.title in used}


def shown(data: Data, *, drawn: bool = False) -> Data:
    """The report for a template: values as words, cells with their column. `drawn` puts charts in as pictures."""
    sections = []
    for section in data["sections"]:
        stats = [stat | {"words": words(stat["value"], stat["kind"])} for stat in section["stats"]]
        tables = [_shown_table(table, drawn=drawn) for table in section["tables"]]
        sections.append(section | {"stats": stats, "tables": tables})
    return data | {"sections": sections, "as_of_words": words(data["as_of"], "date")}


def _shown_table(table: Data, *, drawn: bool) -> Data:
    rows = [
        [
            {"words": words(value, column["kind"]), "label": column["label"], "is_number": column["kind"] in NUMBERS}
            for column, value in zip(table["columns"], row, strict=True)
        ]
        for row in table["rows"]
    ]
    picture = charts.data_uri(chart_of(table)) if drawn and table["chart"] and rows else ""
    heads = [column | {"is_number": column["kind"] in NUMBERS} for column in table["columns"]]
    return table | {"cells": rows, "picture": picture, "columns": heads}


def chart_of(table: Data) -> str:
    """The table's chart as SVG."""
    chart = table["chart"]
    places = {column["key"]: place for place, column in enumerate(table["columns"])}
    labels = {column["key"]: column["label"] for column in table["columns"]}
    names = [words(row[0], table["columns"][0]["kind"]) for row in table["rows"]]

    def values(key: str) -> list[int | None]:
        return [row[places[key]] if isinstance(row[places[key]], int) else None for row in table["rows"]]

    if chart["kind"] == "bars":
        key = chart["columns"][0]
        return charts.bars(charts.BarData(labels=names, values=values(key), unit=labels[key]))
    series = {labels[key]: values(key) for key in chart["columns"]}
    target = (labels[chart["target"]], values(chart["target"])) if chart["target"] else None
    return charts.lines(charts.LineData(labels=names, series=series, target=target))
