"""Reporting: with one's name from any page, or as nobody under /report/, and the page of a code."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.accounts.access import actor_of, allow, public
from apps.agencies.models import Agency
from apps.core import clock
from apps.core.errors import BeaconError
from apps.core.uploads import MAX_BYTES
from apps.core.verbs import form_page
from apps.incidents import report_services
from apps.incidents.anonymity import checked_and_cleaned, coarse
from apps.incidents.budget import spend
from apps.incidents.models import Incident
from apps.incidents.report_services import Report
from apps.incidents.selectors import code_hashes, incident_by_code, own_part
from apps.incidents.taxonomy import CATEGORIES
from apps.incidents.timeline import MOST


class ReportForm(forms.Form):
    """Three things must be said; the rest helps."""

    text = forms.CharField(label="What happened?", widget=forms.Textarea(attrs={"rows": 6}), max_length=MOST)
    category = forms.ChoiceField(
        label="What kind of problem is it?", choices=list(CATEGORIES.items()), widget=forms.RadioSelect
    )
    occurred_on = forms.DateField(
        label="When did it happen?", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    agency = forms.ModelChoiceField(
        label="At which agency?", queryset=Agency.objects.filter(is_active=True), required=False,
        help_text="Leave it out where you do not know, or do not want to say.",
    )  # fmt: skip
    is_near_miss = forms.BooleanField(label="It nearly happened, and was noticed in time", required=False)


class AnonymousForm(ReportForm):
    file = forms.FileField(
        label="A picture or a text file", required=False,
        help_text="PNG, JPG, TXT or CSV, up to 10 MB. Notes inside a picture are removed; what it shows is not.",
    )  # fmt: skip


class CodeForm(forms.Form):
    code = forms.CharField(label="Your code", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    text = forms.CharField(
        label="Your answer, or something to add", widget=forms.Textarea(attrs={"rows": 5}), max_length=MOST,
        required=False,
    )  # fmt: skip


@allow()
def report(request: HttpRequest) -> HttpResponse:
    """Report with one's name."""
    actor = actor_of(request)
    return form_page(
        request, title="Report a problem", form_class=ReportForm, submit="Send the report", template="incidents/report.html",
        back=reverse("console:home"), initial={"occurred_on": clock.today(), "agency": actor.agency_id},
        act=lambda data: report_services.incident_report(actor=actor, report=Report(**data)),
        done=lambda made: f"{made} is with the privacy office.",
        to=lambda made: reverse("incidents:incident", args=[made.pk]),
    )  # fmt: skip


# Exempt from the token of cross-site forgery: the token lives in the session, and this page must neither have nor make
# one. It acts for nobody: a stranger's page that posts here gains what the stranger could do by hand.
@csrf_exempt
@public
@never_cache
def public_report(request: HttpRequest) -> HttpResponse:
    """Report as nobody. The code is shown on the answer itself, once; nothing is kept in a session."""
    form = AnonymousForm(request.POST or None, request.FILES or None, initial={"occurred_on": clock.today()})
    if request.method == "POST" and form.is_valid():
        try:
            spend("reports", settings.INCIDENT_REPORTS_PER_HOUR)
            _, code = report_services.incident_report_anonymously(report=_anonymous(form.cleaned_data))
        except BeaconError as refusal:
            form.add_error(None, str(refusal))
        else:
            return render(request, "incidents/code_shown.html", {"code": code}, status=201)
    return render(request, "incidents/public_report.html", {"form": form})


def _anonymous(data: dict[str, Any]) -> Report:
    file = data.pop("file")
    if file is None:
        return Report(**data)
    # One byte more than is taken is read: a file of 100 MB is refused without being held in memory.
    return Report(**data, files=[checked_and_cleaned(file.name, file.read(MAX_BYTES + 1), 1)])


@csrf_exempt
@public
@never_cache
def public_code(request: HttpRequest) -> HttpResponse:
    """What became of an anonymous report, and what its reporter is asked. The code comes in a body, never in an address."""
    form = CodeForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        code, text = form.cleaned_data["code"], form.cleaned_data["text"]
        try:
            incident = _incident_of(code)
            spend(f"code:{code_hashes(code)[0][:32]}", settings.INCIDENT_TRIES_PER_CODE)
            if text.strip():
                report_services.incident_answer_by_code(code=code, text=text)
                context["is_answered"] = True
            context |= _status(incident)
            context["form"] = CodeForm(initial={"code": code})
        except BeaconError as refusal:
            form.add_error(None, str(refusal))
    return render(request, "incidents/public_code.html", context)


def _incident_of(code: str) -> Incident:
    """The incident behind a code. Only codes of nothing draw from the common budget: whoever guesses locks nobody out."""
    try:
        return incident_by_code(code)
    except BeaconError:
        spend("codes", settings.INCIDENT_CODES_PER_HOUR)
        raise


def _status(incident: Incident) -> dict[str, Any]:
    """What the reporter reads. Who asks is named as an office; times are those of the hour."""
    said = [(entry.title, timezone.localtime(coarse(entry.at)), entry.text) for entry in own_part(incident)]
    return {"incident": incident, "said": said, "may_add": not incident.is_over}
