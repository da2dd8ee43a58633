"""Which tier a use case belongs to, from its author's answers, and whose review it needs. Pure.

Sources: the Commonwealth does not let the assistant decide on eligibility or services, nor write to residents without
a person (announcement of the roll-out); a principal basis for a decision about a person is presumed high-impact (OMB
M-25-21, appendix, section 5); every proposed use is reviewed for risk before it is approved (mass.gov).
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.errors import Reason

TIERS = {"prohibited": "Not allowed", "high": "High-impact", "elevated": "Elevated", "routine": "Routine"}
DATA_CLASSES = {
    "public": "Public information",
    "internal": "Internal information",
    "personal": "Personal information",
    "confidential": "Confidential information",
    "cji": "Criminal-justice information",
    "fti": "Federal tax information",
}
# From here on a slip would hurt somebody: the privacy office looks.
PRIVATE = frozenset({"personal", "confidential", "cji", "fti"})
OFFICES = {"contact": "Agency contact", "privacy": "Privacy office", "eotss": "EOTSS"}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the author answered to the three screening questions, and the data class."""

    decides: bool
    to_residents: bool
    principal_basis: bool
    data_class: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The tier, why, what stands in the way, and the offices that must review."""

    tier: str
    reasons: tuple[str, ...]
    refusals: tuple[Reason, ...]
    offices: tuple[str, ...]


def screen(answers: Answers) -> Verdict:
    """The tier that the answers give. Refusals say what to change so that the case could be sent."""
    refusals = _refusals(answers)
    tier, reasons = _tier(answers)
    if refusals:
        return Verdict("prohibited", tuple(reason.text for reason in refusals), refusals, ())
    return Verdict(tier, reasons, (), offices_for(tier, answers.data_class))


def offices_for(tier: str, data_class: str) -> tuple[str, ...]:
    """Contact and EOTSS always; the privacy office where the tier or the data ask for it."""
    needs_privacy = tier in {"high", "elevated"} or data_class in PRIVATE
    return ("contact", "privacy", "eotss") if needs_privacy else ("contact", "eotss")


def _refusals(answers: Answers) -> tuple[Reason, ...]:
    found = []
    if answers.decides:
        found.append(
            Reason(
                "decides_eligibility", "The assistant must not decide who is eligible or who gets a service.",
                "Change the use so that a person decides and the assistant only prepares, then answer again.", "You",
            )
        )  # fmt: skip
    if answers.to_residents:
        found.append(
            Reason(
                "speaks_to_residents", "The assistant must not speak to residents without a person in between.",
                "Have a person read and send every text, then answer again.", "You",
            )
        )  # fmt: skip
    return tuple(found)


def _tier(answers: Answers) -> tuple[str, tuple[str, ...]]:
    reasons = []
    if answers.principal_basis:
        reasons.append("What the assistant writes would be a principal basis for a decision about a person.")
    if answers.data_class in PRIVATE:
        reasons.append(f"It works with {DATA_CLASSES[answers.data_class].lower()}.")
    if answers.principal_basis:
        return "high", tuple(reasons)
    return (
        ("elevated", tuple(reasons)) if reasons else ("routine", ("Neither personal data nor a decision on a person.",))
    )
