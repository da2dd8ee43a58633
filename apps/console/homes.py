"""What each person's home page answers, gathered in a few queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from apps.accounts.actors import Actor, Role
from apps.accounts.selectors import break_glass_lately, roles_to_confirm, roles_to_review
from apps.agencies.models import Agency, RosterRun
from apps.agencies.selectors import contacts_for
from apps.catalog.selectors import due_cases, waiting_for
from apps.core import clock
from apps.core.floor import PRIVACY_FLOOR
from apps.incidents.selectors import incidents_visible_to, unacknowledged
from apps.knowledge.selectors import announcements_for, articles_due, obligation_counts, question_counts
from apps.licenses.eligibility import Facts, Requirement, Status, next_step, requirements
from apps.licenses.models import OptOut, ReclaimWatch, Seat, SeatRequest
from apps.licenses.selectors import contract_in_force, facts_for, lacking_in, requests_visible_to, returnable
from apps.reports.adoption import at_a_glance
from apps.reports.document import data_of
from apps.reports.figures import is_known, latest_day
from apps.reports.renderings import shown
from apps.reports.scopes import landscape_on, scopes_for
from apps.rollout.gates import gates_of
from apps.rollout.models import Phase, PhaseAgency
from apps.vendors.models import SyncRun, Workspace
from apps.vendors.selectors import counts_of, vendor_word_for

_STATUS = {Status.DONE: "Done", Status.NOW: "To do", Status.WAITING: "Waiting", Status.BLOCKED: "Not yet"}


@dataclass(frozen=True, slots=True)
class Task:
    """One line of an employee's task list."""

    title: str
    state: str
    status: str
    text: str
    owner: str = ""
    href: str = ""
    action: str = ""


_ACTIONS = {
    "terms": ("terms:current", "Read and accept"),
    "training": ("training:overview", "See the training"),
    "approval": ("licenses:ask", "Ask for a seat"),
}


def employee_home(actor: Actor) -> dict[str, Any]:
    """The task list: requirement by requirement, one next step, and the vendor's invitation at the end."""
    if actor.employee_id is None:
        return {"is_employee": False}
    facts = facts_for(actor.employee_id)
    seat = Seat.objects.filter(employee=actor.employee_id).exclude(state="released").first()
    word = vendor_word_for(actor.employee_id, facts.workspace)
    step = next_step(facts)
    agency = Agency.objects.get(pk=facts.agency_id)
    opted_out = OptOut.objects.filter(employee=actor.employee_id, ended_at=None).exists()
    phases = PhaseAgency.objects.filter(agency=agency, is_current=True).values_list("phase__number", flat=True)
    shown = [r for r in requirements(facts) if r.code not in {"employment", "placement"} or not r.is_met]
    return {
        "is_employee": True,
        "facts": facts,
        "tasks": [_task(requirement, step) for requirement in shown] + [_invitation(facts, word)],
        "step": step,
        "seat": seat,
        "word": word,
        "agency": agency,
        "contacts": [contact.employee for contact in contacts_for(agency)[:4]],
        "request_now": SeatRequest.objects.filter(employee=actor.employee_id, is_current=True).first(),
        "opted_out": opted_out,
        "announcements": announcements_for(agency.pk, list(phases), opted_out=opted_out),
        "returnable": returnable(actor.employee_id),
        "watch": ReclaimWatch.objects.filter(seat=seat, release_on__isnull=False).first() if seat else None,
        "declined": SeatRequest.objects.filter(employee=actor.employee_id, state="declined", is_current=True).first(),
    }


# One step stands out, the next one; what may be done ahead of it is offered quietly.
_SHOWN = {Status.DONE: "done", Status.NOW: "optional", Status.WAITING: "waiting", Status.BLOCKED: "waiting"}


def _task(requirement: Requirement, step: Requirement | None) -> Task:
    name, action = _ACTIONS.get(requirement.code, ("", ""))
    active = requirement.status is Status.NOW and name
    state = "now" if active and requirement == step else _SHOWN[requirement.status]
    return Task(
        requirement.title, state, _STATUS[requirement.status], requirement.text,
        requirement.owner, reverse(name) if active else "", action if active else "",
    )  # fmt: skip


def _invitation(facts: Facts, word: str) -> Task:
    title = "Accept the invitation"
    if facts.seat_state != "granted":
        return Task(title, "waiting", "Not yet", "The vendor invites you by e-mail once your seat is granted.")
    texts = {
        "active": ("done", "Done", "Your account is active."),
        "suspended": ("waiting", "Waiting", "Your account is being switched on again."),
        "invited": ("now", "To do", "Look for the vendor's e-mail and accept it."),
        "expired": ("waiting", "Waiting", "The invitation expired. Beacon sends another."),
        "nothing": ("waiting", "Waiting", "Your invitation is on its way."),
    }
    state, status, text = texts[word]
    owner = {"now": "You", "waiting": "The vendor"}.get(state, "")
    return Task(title, state, status, text, owner)


def contact_home(actor: Actor) -> dict[str, Any]:
    """Who waits for me: requests with their ages, what people still lack, attestations."""
    agencies = Agency.objects.filter(pk__in=actor.agency_ids)
    places = list(
        PhaseAgency.objects.filter(agency__in=actor.agency_ids, is_current=True).select_related("phase", "agency")
    )
    queue = requests_visible_to(actor).filter(state="submitted", employee__agency__in=actor.agency_ids)
    late = clock.now() - timedelta(days=3)
    counts = queue.aggregate(all=Count("pk"), late=Count("pk", filter=Q(submitted_at__lt=late)))
    declined = OptOut.objects.filter(employee__agency__in=actor.agency_ids, ended_at=None).count()
    return {
        "agencies": agencies,
        "places": places,
        "queue": queue.exclude(employee=actor.employee_id or 0).order_by("submitted_at")[:8],
        "counts": counts,
        "lacking": lacking_in(actor.agency_ids),
        "to_attest": [place for place in places if place.attested_at is None],
        "use_cases": waiting_for(actor).count(),
        "questions": question_counts(actor),
        "seats_free": sum(place.seats_free for place in places),
        "opted_out": declined if declined >= PRIVACY_FLOOR else None,
    }


def administrator_home(actor: Actor) -> dict[str, Any]:
    """Is the roll-out healthy: phases with blocking gates, seats, sync, drift, what is held."""
    phases = []
    for phase in Phase.objects.exclude(state__in=["closed", "rolled_back"]):
        blocking = [] if phase.state in {"open", "paused"} else [g for g in gates_of(phase) if not g.lets_through]
        phases.append((phase, blocking))
    workspaces = [(workspace, counts_of(workspace)) for workspace in Workspace.objects.filter(is_active=True)]
    return {
        "phases": phases,
        "contract": contract_in_force(clock.today()),
        "seats": dict(Seat.objects.exclude(state="released").values_list("state").annotate(Count("pk"))),
        "workspaces": workspaces,
        "held_rosters": RosterRun.objects.filter(state="held"),
        "held_runs": SyncRun.objects.filter(state="held").select_related("workspace"),
        "waiting": SeatRequest.objects.filter(state="submitted").count(),
        "late": SeatRequest.objects.filter(
            state="submitted", submitted_at__lt=clock.now() - timedelta(days=10)
        ).count(),
        "use_cases": waiting_for(actor).count(),
        "use_cases_due": due_cases().count(),
        "questions": question_counts(actor),
        "articles_due": articles_due().count(),
        "is_administrator": actor.has(Role.ADMINISTRATOR),
        "roles_to_confirm": roles_to_confirm().count(),
        "roles_to_review": roles_to_review().count(),
        "break_glass": break_glass_lately(),
        "shows_incidents": actor.has(Role.PRIVACY),
        "incidents": unacknowledged(incidents_visible_to(actor))[:8],
    }


def leader_home(actor: Actor) -> dict[str, Any]:
    """Is it worth it and is it safe: the adoption report at a glance, the vendor's picture, what the vendor owes."""
    context: dict[str, Any] = {
        "workspaces": Workspace.objects.filter(is_active=True), "floor": PRIVACY_FLOOR,
        "obligations": obligation_counts(),
    }  # fmt: skip
    day = latest_day()
    scopes = scopes_for(actor, landscape_on(day))
    if not scopes or not is_known(day):
        return context
    report = data_of(at_a_glance(day, scopes[0]))
    return context | {
        "report": shown(report),
        "kind": "adoption",
        "query": f"scope={report['scope']}&day={report['as_of']}",
    }
