"""Reports on the screen and as files: asked for in the address, answered from the histories."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor
from apps.core.downloads import CSV, download
from apps.core.errors import Invalid
from apps.reports.access import READERS, month_ends, report_for
from apps.reports.definitions import DEFINITIONS
from apps.reports.document import Data, data_of, tables_of
from apps.reports.figures import latest_day
from apps.reports.models import KINDS
from apps.reports.renderings import FORMS, chart_of, name_of, rendered, shown, table_csv
from apps.reports.scopes import landscape_on, scopes_for

CRUMB = ("Reports", "reports:overview")


class AskForm(forms.Form):
    """What a report is about, and as of which day."""

    scope = forms.ChoiceField(label="About", required=False)
    day = forms.DateField(
        label="As of the end of", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = scopes_for(actor, landscape_on(latest_day()))
        self.fields["scope"] = forms.ChoiceField(
            label="About", required=False, choices=[(str(scope), scope.label) for scope in scopes]
        )
        if not actor.sees_everyone:
            days = [(day.isoformat(), f"{day:%B} {day.day}, {day.year}") for day in month_ends()]
            self.fields["day"] = forms.ChoiceField(label="As of the end of", required=False, choices=days)


def asked_for(request: HttpRequest) -> tuple[str, date | None]:
    """Scope and day of the address; an impossible day is refused."""
    asked = request.GET.get("day", "")
    try:
        return request.GET.get("scope", ""), date.fromisoformat(asked) if asked else None
    except ValueError:
        raise Invalid("This is not a day.", how_to_fix="Write it as 2026-11-24.") from None


def _data(request: HttpRequest, kind: str) -> Data:
    if kind not in KINDS:
        raise Http404
    scope, day = asked_for(request)
    return data_of(report_for(actor_of(request), kind, scope, day))


@allow(*READERS)
def overview(request: HttpRequest) -> HttpResponse:
    """Where reports begin: the kinds, what was kept, what comes by itself."""
    return render(request, "reports/overview.html", {"latest": latest_day()})


@allow(*READERS)
def report(request: HttpRequest, kind: str) -> HttpResponse:
    """A report on the screen."""
    actor = actor_of(request)
    data = _data(request, kind)
    query = f"scope={data['scope']}&day={data['as_of']}"
    context = {
        "report": shown(data), "form": AskForm(actor=actor, initial={"scope": data["scope"], "day": data["as_of"]}),
        "query": query, "as_of": date.fromisoformat(data["as_of"]), "kind": kind, "definitions": DEFINITIONS,
        "forms": {form: form.upper() for form in FORMS},
        "crumbs": [(CRUMB[0], reverse(CRUMB[1])), (data["title"], "")],
    }  # fmt: skip
    return render(request, "reports/report.html", context)


@allow(*READERS)
def report_file(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """The report as PDF, CSV, XLSX or JSON; with `table` only that table, as CSV."""
    if form not in FORMS:
        raise Http404
    data = _data(request, kind)
    key = request.GET.get("table", "")
    if not key:
        return download(rendered(data, form), name_of(data, form), FORMS[form])
    content = table_csv(data, key) if form == "csv" else None
    if content is None:
        raise Http404
    return download(content, name_of(data, form).replace("beacon-", f"beacon-{key}-", 1), CSV)


@allow(*READERS)
def chart(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """A table's picture, for the page that shows the table below it."""
    table = next((one for one in tables_of(_data(request, kind)) if one["key"] == key and one["chart"]), None)
    if table is None:
        raise Http404
    return HttpResponse(chart_of(table), content_type="image/svg+xml")


@allow(*READERS)
def definitions(request: HttpRequest) -> HttpResponse:
    """What each figure means and where it comes from."""
    context = {"definitions": DEFINITIONS, "crumbs": [(CRUMB[0], reverse(CRUMB[1])), ("What the figures mean", "")]}
    return render(request, "reports/definitions.html", context)
