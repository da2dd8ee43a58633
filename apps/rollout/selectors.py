"""Reading phases. Everyone who is signed in may know which agency's turn is when."""

from __future__ import annotations

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from apps.accounts.actors import Actor, Role
from apps.core.floor import floored
from apps.rollout.models import GateWaiver, Phase, PhaseAgency


def phases_visible_to(actor: Actor) -> QuerySet[Phase]:
    """All phases; drafts only for those who plan or review them."""
    phases = Phase.objects.annotate(agency_count=Count("places"))
    return phases if actor.sees_everyone else phases.exclude(state=Phase.State.DRAFT)


def places_visible_to(actor: Actor) -> QuerySet[PhaseAgency]:
    """Which agency has which place in a phase that is in sight."""
    return PhaseAgency.objects.filter(phase__in=phases_visible_to(actor).values("pk")).select_related("phase", "agency")


def used_in_phase(actor: Actor, phase: Phase) -> int | None:
    """How many seats of a phase are in use, for those who see everyone; leaders read it above the privacy floor."""
    if actor.sees_everyone:
        return phase.seats_used
    return floored(phase.seats_used) if actor.has(Role.LEADER) else None


def figures_of_place(actor: Actor, place: PhaseAgency) -> tuple[int | None, int | None]:
    """Seats allocated to an agency and those in use; None for each that the actor is not told.

    Both for those who see everyone and for the agency's own contacts. Leaders read the plan here, and what is in use
    in reports, where no small figure can be worked out from the others.
    """
    if actor.sees_everyone or place.agency_id in actor.agency_ids:
        return place.allocation, place.seats_used
    return (place.allocation, None) if actor.has(Role.LEADER) else (None, None)


def waivers_visible_to(actor: Actor) -> QuerySet[GateWaiver]:
    """Waived gates, for those who plan, review or audit phases."""
    waivers = GateWaiver.objects.select_related("phase")
    return waivers if actor.sees_everyone else waivers.none()


# An agency may be covered by a closed phase while the next one is planned: the one that gives seats rules.
# The SQL function licenses_eligibility ranks the same way.
_RANK = Case(
    When(phase__state__in=["open", "paused"], then=Value(0)),
    When(phase__state="closed", then=Value(1)),
    When(phase__state="scheduled", then=Value(2)),
    When(phase__state="draft", then=Value(3)),
    default=Value(4),
    output_field=IntegerField(),
)


def places_to_attest(actor: Actor) -> QuerySet[PhaseAgency]:
    """The agencies' places for which `actor` may say that public AI tools are blocked there."""
    places = PhaseAgency.objects.select_related("phase", "agency")
    return places if actor.has(Role.ADMINISTRATOR) else places.filter(agency_id__in=actor.agency_ids)


def place_of(agency_id: int | None) -> PhaseAgency | None:
    """The agency's place that counts now, or None where it has none."""
    places = PhaseAgency.objects.filter(agency=agency_id).select_related("phase", "agency")
    return places.order_by(_RANK, "-phase__number").first()
