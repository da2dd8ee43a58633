"""The shape of a gate's answer. Here because apps that are strangers to each other give it (settings.PHASE_GATES)."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.errors import Reason


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether a gate passes, in words; where it does not, how to mend it and who owes that."""

    code: str
    title: str
    passed: bool
    detail: str
    how_to_fix: str = ""
    owner: str = ""

    def reason(self) -> Reason:
        return Reason(self.code, f"{self.title}: {self.detail}", self.how_to_fix, self.owner)
