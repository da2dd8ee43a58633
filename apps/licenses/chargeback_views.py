"""The charge-back statement: a month to choose, its lines, and the same as a file."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.access import actor_of, allow
from apps.core.downloads import csv_download, download
from apps.licenses.chargeback import month_end
from apps.licenses.chargeback_forms import HEADER, KINDS, XLSX, money, month_name, rows_of, xlsx_of
from apps.licenses.chargeback_selectors import READERS, Statement, month_named, months_known, statement_for


class MonthForm(forms.Form):
    """Which finished month."""

    month = forms.ChoiceField(label="Month", required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they come
        choices = [(month_name(month), f"{month:%B %Y}") for month in months_known()]
        self.fields["month"] = forms.ChoiceField(label="Month", required=False, choices=choices)


@allow(*READERS)
def statement(request: HttpRequest) -> HttpResponse:
    """What each agency's seats cost in a month; `format=csv` or `xlsx` gives the same lines as a file."""
    month = month_named(request.GET.get("month", ""))
    found = statement_for(actor_of(request), month)
    if (form := request.GET.get("format", "")) in {"csv", "xlsx"}:
        return _file(found, form)
    context = {
        "form": MonthForm({"month": month_name(month)}, auto_id="filter_%s"), "statement": found, "month": month,
        "last": month_end(month), "query": f"month={month_name(month)}", "total": money(found.total),
        "lines": [(KINDS[line.kind], line, money(line.cents)) for line in found.lines],
        "contracts": [(share, money(share.cost), money(share.unassigned)) for share in found.contracts],
    }  # fmt: skip
    return render(request, "licenses/chargeback.html", context)


def _file(found: Statement, form: str) -> HttpResponse:
    name = f"beacon-charge-back-{month_name(found.month)}.{form}"
    if form == "xlsx":
        return download(xlsx_of(found), name, XLSX)
    return csv_download(name, HEADER, rows_of(found))
