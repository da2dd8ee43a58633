"""The transparency page: public while it is switched on, the same for everybody, kept by caches for an hour."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.access import actor_of, allow, public
from apps.accounts.actors import Role
from apps.core.markdown import rendered
from apps.core.verbs import ReasonForm, form_page
from apps.reports.transparency_services import (
    KEPT_SECONDS,
    is_on,
    public_data,
    transparency_data,
    transparency_switch,
)
from apps.reports.views import CRUMB


@public
def transparency(request: HttpRequest) -> HttpResponse:
    """Open on purpose: what residents may know. It reads no session, so that it is one page for everybody."""
    return _kept(render(request, "reports/transparency.html", _context(public_data())))


@public
def transparency_json(_request: HttpRequest) -> HttpResponse:
    """Open on purpose: the same as data."""
    return _kept(JsonResponse(public_data(), json_dumps_params={"indent": 1, "ensure_ascii": False}))


def _kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return response


def _context(data: dict[str, Any]) -> dict[str, Any]:
    terms = data["terms"]
    as_of = data["as_of"]
    phases = [
        phase | {name: date.fromisoformat(phase[name]) for name in ("planned_start", "planned_end")}
        for phase in data["phases"]
    ]
    return data | {
        "day": date.fromisoformat(as_of) if as_of else None, "phases": phases,
        "terms_text": rendered(terms["text"]) if terms else "",
        "terms_day": date.fromisoformat(terms["effective_on"]) if terms and terms["effective_on"] else None,
    }  # fmt: skip


class SwitchForm(ReasonForm):
    is_on = forms.TypedChoiceField(
        label="Who sees it", choices=[("on", "Everybody"), ("off", "Nobody")], widget=forms.RadioSelect,
        coerce=lambda value: value == "on",
    )  # fmt: skip
    field_order = ("is_on", "reason")


@allow(Role.ADMINISTRATOR, Role.PRIVACY, sensitive=True)
def transparency_switch_page(request: HttpRequest) -> HttpResponse:
    """Switch the page on or off; what it says stands below, also while nobody sees it."""
    back = reverse("reports:overview")
    return form_page(
        request, title="Transparency page", form_class=SwitchForm, submit="Save", back=back, done="Saved.",
        initial={"is_on": "on" if is_on() else "off"}, template="reports/transparency_switch.html",
        act=lambda data: transparency_switch(actor=actor_of(request), **data), crumbs=[(CRUMB[0], back)],
        intro="What residents may know of the AI assistant. Totals are of the end of the last month.",
        public_url=request.build_absolute_uri(reverse("reports:transparency")), preview=_context(transparency_data()),
    )  # fmt: skip
