"""Lifecycles: one table of transitions, read by services, buttons, the diagram in the docs and the database trigger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.core.errors import IllegalTransition


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The states of one kind of record and the steps between them.

    `transitions` maps a state to the states that may follow it; a state that maps to nothing is final.
    """

    name: str
    initial: frozenset[str]
    transitions: Mapping[str, frozenset[str]]

    @property
    def states(self) -> frozenset[str]:
        return frozenset(self.transitions) | self.initial | frozenset().union(*self.transitions.values())

    @property
    def open_states(self) -> frozenset[str]:
        """The states from which something can still happen."""
        return frozenset(state for state in self.states if self.transitions.get(state))

    def allows(self, old: str, new: str) -> bool:
        return new in self.transitions.get(old, frozenset())

    def check(self, old: str, new: str) -> None:
        """Raise `IllegalTransition` unless `old → new` is in the table."""
        if not self.allows(old, new):
            raise IllegalTransition(
                f"The {self.name} is {old.replace('_', ' ')} and cannot become {new.replace('_', ' ')}."
            )

    def pairs(self) -> list[tuple[str, str]]:
        """Every allowed step, sorted, as the trigger and the diagram want them."""
        return sorted((old, new) for old, after in self.transitions.items() for new in after)


def lifecycle(name: str, initial: str | tuple[str, ...], **steps: str) -> Lifecycle:
    """Build a `Lifecycle`: `lifecycle("seat", "held", held="granted released", …)`."""
    starts = (initial,) if isinstance(initial, str) else initial
    return Lifecycle(name, frozenset(starts), {old: frozenset(new.split()) for old, new in steps.items()})
