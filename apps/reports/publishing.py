"""Which figures may be shown, so that nothing about fewer than ten people can be worked out from them. Pure.

Figures are counts of people by agency (the leaves), added up by several groupings at once (all, secretariat, phase,
workspace), for measures that are parts of each other (approved is a part of asked). Hiding small cells is not enough:
a total less its shown parts gives the hidden one away, and so does one measure less another.

The rule that makes it hold: hidden agencies that the same shown totals contain form a cell, because no combination of
what is shown can tell them apart. Every shown agency and every such cell must be safe, in itself and in what is left
of the measure it is a part of. Where one is not, a further agency is hidden (the smallest in the same totals), and
where there is none, a total. What is hidden of a measure stays hidden for its parts. Then whatever can be computed is
a sum of safe numbers. Everybody gets the same pattern whatever they ask for, so two reports tell no more than one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.core.floor import PRIVACY_FLOOR

Leaf = Hashable
Node = tuple[str, Hashable]
ALL: Node = ("all", None)


@dataclass(frozen=True, slots=True)
class Measure:
    """A count of people; `part_of` names the measure whose people these are some of ("" for none)."""

    name: str
    part_of: str = ""


@dataclass(slots=True)
class Shown:
    """What is shown of one measure. Nodes are totals, named by grouping and member."""

    leaves: dict[Leaf, int] = field(default_factory=dict)
    nodes: dict[Node, int] = field(default_factory=dict)


Counts = Mapping[Any, Mapping[str, int]]
Groupings = Mapping[str, Mapping[Any, Hashable]]


def is_safe(count: int) -> bool:
    """Nobody, or enough people."""
    return count == 0 or abs(count) >= PRIVACY_FLOOR


def publish(counts: Counts, groupings: Groupings, measures: Sequence[Measure]) -> dict[str, Shown]:
    """What may be shown of every measure.

    `counts` has the measures of each leaf; `groupings` says by name of which node each leaf is a part (leaves may be
    missing), the first being given up last. Measures come after those they are a part of.
    """
    found: dict[str, Shown] = {}
    patterns: dict[str, _Pattern] = {"": _Pattern.of(counts, groupings)}
    for measure in measures:
        pattern = patterns[measure.part_of].copy()
        pattern.close(_Sizes(counts, measure))
        patterns[measure.name] = pattern
        found[measure.name] = pattern.shown(counts, measure.name)
    return found


class _Sizes:
    """How large a cell is for one measure, and what it leaves of the measure it is a part of."""

    def __init__(self, counts: Counts, measure: Measure) -> None:
        self.counts, self.measure = counts, measure

    def of(self, leaf: Leaf) -> tuple[int, int]:
        mine = self.counts[leaf].get(self.measure.name, 0)
        whole = self.counts[leaf].get(self.measure.part_of, 0) if self.measure.part_of else mine
        return mine, whole - mine

    def is_safe(self, leaves: Sequence[Leaf]) -> bool:
        pairs = [self.of(leaf) for leaf in leaves]
        return is_safe(sum(mine for mine, _ in pairs)) and is_safe(sum(rest for _, rest in pairs))


@dataclass(slots=True)
class _Pattern:
    """Which leaves are hidden and which nodes are shown; nodes in the order in which they are given up."""

    members: dict[Node, frozenset[Leaf]]
    order: list[Node]
    hidden: set[Leaf]
    nodes: set[Node]

    @classmethod
    def of(cls, counts: Counts, groupings: Groupings) -> _Pattern:
        members: dict[Node, set[Leaf]] = {ALL: set(counts)}
        for name, node_of in groupings.items():
            for leaf in counts:
                if leaf in node_of:
                    members.setdefault((name, node_of[leaf]), set()).add(leaf)
        rank = {name: place for place, name in enumerate(groupings, 1)} | {"all": 0}
        order = sorted(members, key=lambda node: (-rank[node[0]], str(node[1])))
        frozen = {node: frozenset(leaves) for node, leaves in members.items()}
        return cls(frozen, order, set(), set(members))

    def copy(self) -> _Pattern:
        return _Pattern(self.members, self.order, set(self.hidden), set(self.nodes))

    def shown(self, counts: Counts, name: str) -> Shown:
        value = {leaf: row.get(name, 0) for leaf, row in counts.items()}
        return Shown(
            {leaf: value[leaf] for leaf in counts if leaf not in self.hidden},
            {node: sum(value[leaf] for leaf in self.members[node]) for node in self.nodes},
        )

    def close(self, sizes: _Sizes) -> None:
        """Hide until every shown leaf and every cell of hidden ones is safe. Each turn hides one thing, so it ends."""
        self.hidden |= {leaf for leaf in self.members[ALL] if not sizes.is_safe([leaf])}
        while (unsafe := self._unsafe_cell(sizes)) is not None:
            shown = [leaf for leaf in self.members[ALL] - self.hidden if self._totals_of(leaf) == unsafe]
            useful = [leaf for leaf in shown if any(sizes.of(leaf))]
            if useful:
                self.hidden.add(min(useful, key=lambda leaf: (sum(map(abs, sizes.of(leaf))), str(leaf))))
            else:
                self.nodes.discard(next(node for node in self.order if node in unsafe))

    def _unsafe_cell(self, sizes: _Sizes) -> frozenset[Node] | None:
        """The totals that hold a cell of hidden leaves which they would give away; the first in a fixed order."""
        cells: dict[frozenset[Node], list[Leaf]] = defaultdict(list)
        for leaf in self.hidden:
            cells[self._totals_of(leaf)].append(leaf)
        unsafe = [totals for totals, leaves in cells.items() if totals and not sizes.is_safe(leaves)]
        return min(unsafe, key=lambda totals: sorted(map(str, totals)), default=None)

    def _totals_of(self, leaf: Leaf) -> frozenset[Node]:
        return frozenset(node for node in self.nodes if leaf in self.members[node])
