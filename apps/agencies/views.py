"""Pages of the directory: agencies, people, contacts."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies import services
from apps.agencies.models import Agency, AgencyContact, Employee
from apps.agencies.selectors import agencies_visible_to, employees_matching, employees_visible_to
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page

STATUS_TAGS = {"active": "good", "leave": "info", "separated": "neutral"}


class AgencyFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains", label="Name")
    parent = django_filters.ModelChoiceFilter(queryset=Agency.objects.filter(parent=None), label="Secretariat")

    class Meta:
        model = Agency
        fields: list[str] = []


AGENCY_COLUMNS = [
    Column("name", "Agency", str, sort="name", url=lambda a: reverse("console:agency", args=[a.code])),
    Column("code", "Code", lambda a: a.code, sort="code"),
    Column("parent", "Secretariat", lambda a: a.parent.name if a.parent else "", sort="parent__name"),
    Column("workspace", "Workspace", lambda a: a.workspace or "Not placed", sort="workspace"),
    Column("headcount", "Planned head-count", lambda a: a.planned_headcount, sort="planned_headcount", kind="number"),
]


@allow()
def agency_list(request: HttpRequest) -> HttpResponse:
    """See agencies and secretariats."""
    listing = Listing(
        request, agencies_visible_to(actor_of(request)), AGENCY_COLUMNS, "Agencies", "agencies",
        Empty("No agencies yet", "They come from a file: manage.py load_agencies."), AgencyFilter, default_sort="name",
    )  # fmt: skip
    return listing_page(listing, title="Agencies")


class PeopleFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="by_words", label="Name, e-mail or employee id")
    agency = django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), label="Agency")
    status = django_filters.ChoiceFilter(choices=Employee.Status.choices, label="Status")

    class Meta:
        model = Employee
        fields: list[str] = []

    def by_words(self, queryset: QuerySet[Employee], name: str, value: str) -> QuerySet[Employee]:
        return queryset & employees_matching(actor_of(self.request), value)


PEOPLE_COLUMNS = [
    Column(
        "name", "Name", lambda e: f"{e.last_name}, {e.first_name}", sort="last_name,first_name",
        url=lambda e: reverse("console:person", args=[e.pk]),
    ),
    Column("id", "Employee id", lambda e: e.employee_id, sort="employee_id"),
    Column("agency", "Agency", lambda e: e.agency.name, sort="agency__name"),
    Column("title", "Title", lambda e: e.title),
    Column("status", "Status", lambda e: e.get_status_display(), sort="status", tag=lambda e: STATUS_TAGS[e.status]),
]  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT)
def people_list(request: HttpRequest) -> HttpResponse:
    """Find people in the directory."""
    listing = Listing(
        request, employees_visible_to(actor_of(request)), PEOPLE_COLUMNS, "People", "people",
        Empty("No people yet", "They come with the HR file."), PeopleFilter, default_sort="name", names_people=True,
    )  # fmt: skip
    return listing_page(listing, title="People")


class ContactForm(forms.Form):
    """Who becomes a contact, by HR's employee id."""

    employee_id = forms.CharField(label="Employee id", max_length=40, help_text="Find it under People.")
    kind = forms.ChoiceField(label="Kind", choices=AgencyContact.Kind.choices, widget=forms.RadioSelect)

    def clean_employee_id(self) -> str:
        employee_id = str(self.cleaned_data["employee_id"]).strip()
        if not Employee.objects.filter(employee_id__iexact=employee_id).exists():
            raise forms.ValidationError("There is no such employee. Check the id under People.")
        return employee_id


@allow(Role.ADMINISTRATOR)
def contact_add(request: HttpRequest, code: str) -> HttpResponse:
    """Name a contact of an agency."""
    agency = get_object_or_404(agencies_visible_to(actor_of(request)), code=code)

    def act(data: dict[str, Any]) -> AgencyContact:
        employee = Employee.objects.get(employee_id__iexact=data["employee_id"])
        return services.contact_add(actor=actor_of(request), employee=employee, agency=agency, kind=data["kind"])

    back = reverse("console:agency", args=[agency.code])
    return form_page(
        request, title="Name a contact", form_class=ContactForm, act=act, submit="Name as contact", back=back,
        done=lambda contact: f"{contact.employee} is a contact of {agency}.",
        crumbs=[("Agencies", reverse("agencies:agencies")), (agency.name, back)],
        intro="A contact approves staff, answers questions and attests for the agency.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
def contact_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End somebody's time as contact."""
    contact = get_object_or_404(AgencyContact.objects.select_related("employee", "agency"), pk=pk, until_on=None)
    back = reverse("console:agency", args=[contact.agency.code])
    return form_page(
        request, title=f"End the service of {contact.employee}", form_class=ReasonForm, submit="End it now", back=back,
        act=lambda data: services.contact_end(actor=actor_of(request), contact=contact, reason=data["reason"]),
        done=f"{contact.employee} is no longer a contact of {contact.agency}.",
        crumbs=[("Agencies", reverse("agencies:agencies")), (contact.agency.name, back)],
        consequences=["From now on this person no longer decides requests of the agency, nor sees its people."],
    )  # fmt: skip
