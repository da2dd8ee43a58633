"""Pages that span the apps: home, search, one agency, one person."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.agencies.selectors import (
    agencies_visible_to,
    contacts_for,
    employees_matching,
    employees_visible_to,
    headcounts,
)
from apps.audit.words import history
from apps.console import homes
from apps.console.explain import explained
from apps.core.floor import PRIVACY_FLOOR
from apps.licenses.eligibility import next_step
from apps.licenses.models import Seat
from apps.licenses.selectors import (
    facts_for,
    holds_visible_to,
    lacking_in,
    periods_visible_to,
    requests_visible_to,
    waiting_list,
)  # fmt: skip
from apps.rollout.selectors import place_of
from apps.terms.selectors import acceptances_visible_to
from apps.training.selectors import completions_visible_to
from apps.vendors.models import Attempt, Operation
from apps.vendors.selectors import drifts_visible_to, operations_visible_to, vendor_words_for

_SEARCH_LIMIT = 50


@allow()
def home(request: HttpRequest) -> HttpResponse:
    """What this person has to do next: one section for each of their roles, the most pressing first."""
    actor = actor_of(request)
    context = {"sections": [], "mine": homes.employee_home(actor)}
    if actor.has(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR):
        context |= {"sections": [*context["sections"], "administrator"], "office": homes.administrator_home(actor)}
    if actor.has(Role.CONTACT):
        context |= {"sections": [*context["sections"], "contact"], "desk": homes.contact_home(actor)}
    if actor.has(Role.LEADER):
        context |= {"sections": [*context["sections"], "leader"], "view": homes.leader_home(actor)}
    return render(request, "console/home.html", context)


@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT)
def search(request: HttpRequest) -> HttpResponse:
    """People by name, e-mail or employee id; agencies by name or code; a request or incident by its number."""
    actor, query = actor_of(request), request.GET.get("q", "").replace("\x00", "").strip()[:100]
    if query.lower().startswith("request ") and query[8:].isdecimal():
        return redirect("licenses:request", pk=int(query[8:]))
    if query.lower().startswith("incident ") and query[9:].isdecimal() and len(query) < 25:
        return redirect("incidents:incident", pk=int(query[9:]))
    people = list(employees_matching(actor, query)[: _SEARCH_LIMIT + 1]) if query else []
    agencies = agencies_visible_to(actor)
    matching = agencies.filter(Q(name__icontains=query) | Q(code__iexact=query))
    found = list(matching[:10]) if query else []
    context = {
        "query": query, "people": people[:_SEARCH_LIMIT], "has_more": len(people) > _SEARCH_LIMIT, "agencies": found,
    }  # fmt: skip
    return render(request, "console/search.html", context)


@allow()
def agency(request: HttpRequest, code: str) -> HttpResponse:
    """One agency: its place, contacts, and for those who serve or oversee it, seats and what people lack."""
    actor = actor_of(request)
    found = get_object_or_404(agencies_visible_to(actor), code=code)
    serves = actor.sees_everyone or found.pk in actor.agency_ids
    people = headcounts().get(found.pk, 0)
    shows_people = serves or (actor.has(Role.LEADER) and people >= PRIVACY_FLOOR)
    context = {
        "agency": found,
        "place": place_of(found.pk),
        "contacts": contacts_for(found) if actor.sees_names else [],
        "sees_names": actor.sees_names,
        "serves": serves,
        "people": people if shows_people else None,
        "lacking": lacking_in([found.pk]) if serves else None,
        "waiting": waiting_list(found.pk).select_related("employee")[:20] if serves else [],
        "may_edit": actor.has(Role.ADMINISTRATOR),
        "history": history(found) if actor.sees_everyone else [],
        "below": found.agencies.all(),
        "crumbs": [("Agencies", reverse("agencies:agencies")), (found.name, "")],
    }
    return render(request, "console/agency.html", context)


@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Explain this person: requirement by requirement, each operation, and what the vendor last answered."""
    actor = actor_of(request)
    employee: Employee = get_object_or_404(employees_visible_to(actor), pk=pk)
    facts = facts_for(pk)
    accounts = vendor_words_for(pk)
    seat = Seat.objects.filter(employee=pk).exclude(state="released").select_related("phase").first()
    sees_vendor = actor.sees_everyone
    context = {
        "employee": employee, "facts": facts, "explained": explained(employee, facts), "step": next_step(facts),
        "seat": seat, "requests": requests_visible_to(actor).filter(employee=pk).order_by("-pk")[:10],
        "acceptances": acceptances_visible_to(actor).filter(employee=pk).order_by("-accepted_at"),
        "completions": completions_visible_to(actor).filter(employee=pk).order_by("-completed_on"),
        "operations": _operations(actor, pk) if sees_vendor else [], "accounts": accounts,
        "drifts": drifts_visible_to(actor).filter(employee=pk, state="open"),
        "holds": holds_visible_to(actor).filter(employee=pk, ended_at=None),
        "may_stop": actor.has(Role.ADMINISTRATOR, Role.PRIVACY), "sees_vendor": sees_vendor,
        "history": history(employee),
        "periods": periods_visible_to(actor).filter(employee=pk),
        "may_waive": actor.has(Role.ADMINISTRATOR, Role.PRIVACY),
        "crumbs": [("People", reverse("agencies:people")), (str(employee), "")],
    }  # fmt: skip
    return render(request, "console/person.html", context)


def _operations(actor: Actor, employee_id: int) -> list[tuple[Operation, list[Attempt]]]:
    """The latest operations of a person, each with what the vendor answered to its tries."""
    operations = list(operations_visible_to(actor).filter(employee=employee_id)[:20])
    tries: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(operation__in=operations).order_by("-pk")[:100]:
        tries[attempt.operation_id].append(attempt)
    return [(operation, tries[operation.pk][:3]) for operation in operations]
