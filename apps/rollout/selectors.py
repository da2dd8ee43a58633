"""Reading phases. Everyone who is signed in may know which agency's turn is when."""

from __future__ import annotations

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from apps.accounts.actors import Actor, Role
from apps.rollout.models import GateWaiver, Phase, PhaseAgency


def phases_visible_to(actor: Actor) -> QuerySet[Phase]:
    """All phases; drafts only for those who plan or review them."""
    phases = Phase.objects.annotate(agency_count=Count("places"))
    return phases if actor.sees_everyone else phases.exclude(state=Phase.State.DRAFT)


def places_visible_to(actor: Actor) -> QuerySet[PhaseAgency]:
    """Which agency has which place in a phase that is in sight."""
    return PhaseAgency.objects.filter(phase__in=phases_visible_to(actor).values("pk")).select_related("phase", "agency")


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
