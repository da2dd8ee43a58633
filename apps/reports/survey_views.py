"""The time-saved survey: one's own page with its two questions, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor
from apps.core import clock
from apps.core.downloads import csv_download
from apps.core.errors import Invalid
from apps.core.floor import PRIVACY_FLOOR
from apps.core.verbs import form_page
from apps.reports import survey_services
from apps.reports.access import READERS
from apps.reports.figures import latest_day
from apps.reports.scopes import Place, landscape_on, scopes_for
from apps.reports.survey import HELPED, METHOD, MINUTES, PUBLISHED, last_quarter, quarter_end, quarter_name, quarter_of
from apps.reports.survey_selectors import (
    TimeSaved,
    has_answered,
    live_seat,
    quarters_known,
    time_saved,
    time_saved_by_agency,
)
from apps.reports.views import CRUMB

LABEL = "Self-reported"


class SurveyForm(forms.Form):
    """Both questions, each with steps to choose from."""

    minutes = forms.TypedChoiceField(
        label="On days when you used the assistant, about how many minutes did it save you?", coerce=int,
        choices=list(MINUTES.items()), widget=forms.RadioSelect,
    )  # fmt: skip
    helped = forms.TypedChoiceField(
        label="How much did it help you?", coerce=int, choices=list(HELPED.items()), widget=forms.RadioSelect
    )


@allow()
def survey(request: HttpRequest) -> HttpResponse:
    """One's own page: the questions, or why there are none now."""
    actor = actor_of(request)
    quarter = quarter_of(clock.today())
    answered = has_answered(actor, quarter)
    if answered or live_seat(actor) is None:
        following = quarter_end(quarter).toordinal() + 1
        context = {"answered": answered, "following": date.fromordinal(following)}
        return render(request, "reports/survey_closed.html", context)
    return form_page(
        request, title="Did the assistant save you time?", form_class=SurveyForm, submit="Send my answer",
        act=lambda data: survey_services.survey_answer(actor=actor, **data), back=reverse("reports:survey"),
        done="Thank you. Your answer is counted, and nobody can tell which one is yours.",
        template="reports/survey.html", floor=PRIVACY_FLOOR,
    )  # fmt: skip


# ---- what came of it -----------------------------------------------------------------------------------------


def _rows(actor: Actor, day: date) -> tuple[TimeSaved, list[tuple[Place, TimeSaved]]]:
    """The figures of all, and of those agencies of the reader that may be told alone."""
    landscape = landscape_on(latest_day())
    mine = {scope.id for scope in scopes_for(actor, landscape) if scope.kind == "agency"}
    found = time_saved_by_agency(day, [pk for pk in landscape.places if pk in mine])
    return time_saved(day, None), [(landscape.places[pk], one) for pk, one in found.items()]


def _day_of(request: HttpRequest) -> date:
    """The last day of the quarter that the address asks for ("2026-Q3"); of the last that is over without one."""
    asked, last = request.GET.get("quarter", ""), last_quarter(latest_day())
    if not asked:
        return quarter_end(last)
    found = next((one for one in [*quarters_known(latest_day()), last] if quarter_name(one) == asked), None)
    if found is None:
        raise Invalid(
            "There are no answers for that quarter.", how_to_fix="Write it as 2026-Q3; choose one that is over."
        )
    return quarter_end(found)


@allow(*READERS)
def results(request: HttpRequest) -> HttpResponse:
    """Median and quartiles of a quarter, with numbers of answers and of people asked; `format=csv` or `json`."""
    day = _day_of(request)
    whole, agencies = _rows(actor_of(request), day)
    quarter = quarter_name(whole.quarter)
    if request.GET.get("format") == "json":
        return JsonResponse(_data(whole, agencies))
    if request.GET.get("format") == "csv":
        return csv_download(f"beacon-time-saved-{quarter.lower()}.csv", HEADER, _lines(whole, agencies))
    known = [quarter_name(one) for one in quarters_known(latest_day())]
    context = {
        "whole": whole, "agencies": agencies, "quarter": quarter, "known": known, "query": f"quarter={quarter}",
        "method": METHOD, "elsewhere": PUBLISHED, "floor": PRIVACY_FLOOR, "label": LABEL, "day": day,
        "crumbs": [(CRUMB[0], reverse(CRUMB[1])), ("Time saved", "")],
    }  # fmt: skip
    return render(request, "reports/time_saved.html", context)


HEADER = (
    "About", "Quarter", "Lower quartile (minutes)", "Median (minutes)", "Upper quartile (minutes)",
    "Helped much or very much (percent)", "Answers", "People asked", "Label", "Method",
)  # fmt: skip


def _lines(whole: TimeSaved, agencies: Sequence[tuple[Place, TimeSaved]]) -> list[Sequence[Any]]:
    named = [("All agencies", whole), *((place.name, one) for place, one in agencies)]
    lines: list[Sequence[Any]] = [
        (
            name, quarter_name(one.quarter),
            *("not shown" if figure is None else figure for figure in _figures(one)), LABEL, one.method,
        )
        for name, one in named
    ]  # fmt: skip
    # Beside it as context, each with its own label.
    for one in PUBLISHED:
        lines.append((one.state, "", one.finding, "", "", "", one.answers or "", "", one.label, ""))
    return lines


def _figures(one: TimeSaved) -> Sequence[int | None]:
    return one.lower, one.median, one.upper, one.much, one.answers, one.asked


def _data(whole: TimeSaved, agencies: Sequence[tuple[Place, TimeSaved]]) -> dict[str, Any]:
    names = (
        "lower_quartile_minutes",
        "median_minutes",
        "upper_quartile_minutes",
        "helped_much_percent",
        "answers",
        "asked",
    )
    figures = [dict(zip(names, _figures(one), strict=True)) for one in (whole, *(each for _, each in agencies))]
    places = [{"agency": place.code, "name": place.name} for place, _ in agencies]
    return {
        "quarter": quarter_name(whole.quarter), "label": LABEL, "method": METHOD, "all_agencies": figures[0],
        "agencies": [place | figure for place, figure in zip(places, figures[1:], strict=True)],
        "elsewhere": [
            {"state": one.state, "finding": one.finding, "answers": one.answers, "label": one.label} for one in PUBLISHED
        ],
    }  # fmt: skip
