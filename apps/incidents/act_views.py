"""Acts of those who handle an incident: containment, duplicates, tasks, handlers, people concerned and files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.accounts.models import User
from apps.agencies.models import Employee
from apps.agencies.selectors import employees_visible_to
from apps.core import hooks, uploads
from apps.core.downloads import download
from apps.core.errors import Invalid
from apps.core.verbs import EmptyForm
from apps.incidents import files, services
from apps.incidents.models import Incident
from apps.incidents.pages import act_page
from apps.incidents.selectors import attachments_visible_to, incidents_visible_to, require_handler
from apps.incidents.timeline import MOST
from apps.licenses.models import Seat
from apps.licenses.selectors import seats_visible_to


def _handled(request: HttpRequest, pk: int) -> Incident:
    """The incident, for those who work on it: out of sight 404, in sight without the right 403."""
    incident = get_object_or_404(incidents_visible_to(actor_of(request)), pk=pk)
    require_handler(actor_of(request), incident)
    return incident


class ContainForm(forms.Form):
    note = forms.CharField(label="What was done", widget=forms.Textarea(attrs={"rows": 4}), max_length=MOST - 500)
    employee = forms.CharField(
        label="Suspend the seat of", max_length=40, required=False,
        help_text="The employee ID. Leave it empty where no seat is suspended.",
    )  # fmt: skip
    case = forms.IntegerField(
        label="Suspend the use case with number", min_value=1, required=False, help_text="Leave it empty where none is."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not hooks.hooks("CASE_SUSPENDERS"):
            del self.fields["case"]


@allow()
def contain(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a containment; a seat and a use case are suspended in the same act."""
    incident, actor = _handled(request, pk), actor_of(request)

    def act(data: dict[str, Any]) -> object:
        seat = _seat(request, data["employee"]) if data["employee"] else None
        return services.incident_contain(
            actor=actor, incident=incident, note=data["note"], seat=seat, case=data.get("case")
        )

    return act_page(
        request, incident, "Contain", ContainForm, act=act, done="Contained.",
        consequences=[
            "A suspended seat keeps its history; the vendor is told at once. It ends when the privacy office or EOTSS restores it.",
            "The person behind the seat is noted as concerned. If a suspension is refused, nothing at all is done.",
        ],
    )  # fmt: skip


def _seat(request: HttpRequest, employee_id: str) -> Seat:
    seats = seats_visible_to(actor_of(request)).filter(employee__employee_id__iexact=employee_id.strip())
    found = seats.exclude(state="released").first()
    if found is None:
        raise Invalid("Nobody with this employee ID has a seat.", how_to_fix="Look the person up under People.")
    return found


class MergeForm(forms.Form):
    number = forms.IntegerField(label="Number of the other incident", min_value=1, help_text="It stays; this one goes.")


@allow(Role.PRIVACY)
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Merge an incident into another."""
    incident = _handled(request, pk)

    def act(data: dict[str, Any]) -> Incident:
        into = incidents_visible_to(actor_of(request)).filter(pk=data["number"]).first()
        if into is None:
            raise Invalid("There is no incident with this number.")
        return services.incident_merge(actor=actor_of(request), incident=incident, into=into)

    return act_page(
        request, incident, "Merge", MergeForm, act=act, done="Merged.",
        consequences=["This incident is dismissed as a duplicate. Both timelines say so."],
    )  # fmt: skip


class TaskForm(forms.Form):
    what = forms.CharField(label="What is to be done", widget=forms.Textarea(attrs={"rows": 3}), max_length=MOST - 500)
    owner = forms.CharField(label="Who does it", max_length=200)
    due_on = forms.DateField(label="Until when", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))


@allow()
def task_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a task in an incident."""
    incident = _handled(request, pk)
    return act_page(
        request, incident, "Add a task", TaskForm, done="The task was added.",
        act=lambda data: services.task_add(actor=actor_of(request), incident=incident, **data),
        intro="The incident cannot be closed while a task is open.",
    )  # fmt: skip


@allow()
def task_done(request: HttpRequest, pk: int, task: int) -> HttpResponse:
    """Finish a task of an incident."""
    incident = _handled(request, pk)
    found = get_object_or_404(incident.tasks, pk=task)
    return act_page(
        request, incident, "Finish the task", EmptyForm, done="The task is done.", intro=found.what,
        act=lambda _data: services.task_finish(actor=actor_of(request), task=found),
    )  # fmt: skip


class HandlerForm(forms.Form):
    email = forms.EmailField(label="E-mail of the person", help_text="The address with which they sign in.")


@allow(Role.PRIVACY)
def handler_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Name somebody who handles an incident."""
    incident = _handled(request, pk)

    def act(data: dict[str, Any]) -> Incident:
        user = User.objects.filter(email__iexact=data["email"]).first()
        if user is None:
            raise Invalid("Nobody signs in with this address.", how_to_fix="Check it under People.")
        return services.handler_name(actor=actor_of(request), incident=incident, user=user)

    return act_page(
        request, incident, "Name a handler", HandlerForm, act=act, done="The handler was named.",
        consequences=["A handler reads everything that was written about this incident, its files and the reporter's name."],
    )  # fmt: skip


@allow(Role.PRIVACY)
def handler_end(request: HttpRequest, pk: int, user: int) -> HttpResponse:
    """End somebody's handling of an incident."""
    incident = _handled(request, pk)
    found = get_object_or_404(incident.handlers, pk=user)
    return act_page(
        request, incident, "Release the handler", EmptyForm, done="The handler was released.",
        act=lambda _data: services.handler_release(actor=actor_of(request), incident=incident, user=found),
        consequences=[f"{found} no longer reads what was written about this incident."],
    )  # fmt: skip


class PersonForm(forms.Form):
    employee = forms.CharField(label="Employee ID", max_length=40)


@allow()
def concern(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whom an incident concerns."""
    incident = _handled(request, pk)

    def act(data: dict[str, Any]) -> Incident:
        people = employees_visible_to(actor_of(request))
        found: Employee | None = people.filter(employee_id__iexact=data["employee"].strip()).first()
        if found is None:
            raise Invalid("Nobody whom you may look up has this employee ID.")
        return services.person_concern(actor=actor_of(request), incident=incident, employee=found)

    return act_page(
        request, incident, "Note a person concerned", PersonForm, act=act, done="Noted.",
        intro="Their seat is not reclaimed while the incident is open. They are not told by Beacon.",
    )  # fmt: skip


class FileForm(forms.Form):
    file = forms.FileField(label="File", help_text="PDF, PNG, JPG, TXT, CSV, DOCX or XLSX, up to 10 MB.")


@allow()
def file_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a file to an incident."""
    incident = _handled(request, pk)

    def act(data: dict[str, Any]) -> object:
        # One byte more than is taken is read: a larger file is refused without being held in memory.
        upload = uploads.checked(data["file"].name, data["file"].read(uploads.MAX_BYTES + 1))
        return services.incident_attach(actor=actor_of(request), incident=incident, upload=upload)

    return act_page(
        request, incident, "Add a file", FileForm, act=act, done="The file was added.",
        intro="The privacy office and the handlers can download it. It cannot be removed or changed afterwards.",
    )  # fmt: skip


@allow()
def file_get(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """The file as it was added, always as a download and never shown by the browser."""
    incident = _handled(request, pk)
    found = get_object_or_404(attachments_visible_to(actor_of(request)), incident=incident, pk=file)
    return download(files.read(found), found.name, found.content_type)
