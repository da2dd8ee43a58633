"""What the interface tells of phases and of the places in them: plans to everybody, figures and names as on the pages."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.accounts.access import actor_of
from apps.rollout.models import Phase, PhaseAgency
from apps.rollout.selectors import figures_of_place, used_in_phase


class PhaseOut(serializers.ModelSerializer[Phase]):
    seats_used = serializers.SerializerMethodField(help_text="Null where the figure is not shown")
    privacy_signed_by = serializers.SerializerMethodField(help_text="Empty for leaders, who read no names")

    class Meta:
        model = Phase
        fields = [
            "number", "name", "goal", "state", "planned_start", "planned_end", "seat_cap", "seats_used", "required_courses",
            "training_before_access", "privacy_signed_by", "privacy_signed_at", "opened_at",
        ]  # fmt: skip

    def get_seats_used(self, phase: Phase) -> int | None:
        return used_in_phase(actor_of(self.context["request"]), phase)

    def get_privacy_signed_by(self, phase: Phase) -> str:
        return phase.privacy_signed_by if actor_of(self.context["request"]).sees_names else ""


class PlaceOut(serializers.ModelSerializer[PhaseAgency]):
    phase: Any = serializers.SlugRelatedField(slug_field="number", read_only=True)
    agency: Any = serializers.SlugRelatedField(slug_field="code", read_only=True)
    allocation = serializers.SerializerMethodField(help_text="Null where it is not shown")
    seats_used = serializers.SerializerMethodField(help_text="Null where the figure is not shown")
    attestation = serializers.SerializerMethodField(help_text="For the agency's contacts, EOTSS and those who review")

    class Meta:
        model = PhaseAgency
        fields = ["id", "phase", "agency", "allocation", "seats_used", "is_current", "attested_at", "attestation"]

    def get_allocation(self, place: PhaseAgency) -> int | None:
        return figures_of_place(actor_of(self.context["request"]), place)[0]

    def get_seats_used(self, place: PhaseAgency) -> int | None:
        return figures_of_place(actor_of(self.context["request"]), place)[1]

    def get_attestation(self, place: PhaseAgency) -> str:
        actor = actor_of(self.context["request"])
        return place.attestation if actor.sees_everyone or place.agency_id in actor.agency_ids else ""
