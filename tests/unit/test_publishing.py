"""An attacker who combines everything that is shown learns nothing about fewer than ten people."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.reports.publishing import ALL, Measure, publish

STAGES = [Measure("asked"), Measure("enabled", "asked"), Measure("weekly", "enabled"), Measure("lacking", "enabled")]
# A few people, and around the floor: where it is easy to go wrong.
SIZES = st.one_of(st.integers(0, 4), st.integers(5, 14), st.integers(15, 60))
Vector = list[Fraction]


@st.composite
def offices(draw: st.DrawFn) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, str]]]:
    """Up to four agencies, each with people who stop at each stage, in secretariats, phases and workspaces."""
    names = "ABCD"[: draw(st.integers(1, 4))]
    counts, groupings = {}, {"secretariat": {}, "phase": {}, "workspace": {}}
    for name in names:
        only_asked, only_enabled, weekly = draw(SIZES), draw(SIZES), draw(SIZES)
        enabled = only_enabled + weekly
        counts[name] = {
            "asked": only_asked + enabled, "enabled": enabled, "weekly": weekly,
            "lacking": draw(st.integers(0, enabled)),
        }  # fmt: skip
        for grouping in groupings.values():
            if draw(st.booleans()):
                grouping[name] = draw(st.sampled_from("xy"))
    return counts, groupings


def null_space(rows: list[Vector], width: int) -> list[Vector]:
    """A basis of what is orthogonal to all rows: a combination can be computed if and only if it is orthogonal to that."""
    rows, pivots = [list(row) for row in rows], []
    for column in range(width):
        at = next((i for i in range(len(pivots), len(rows)) if rows[i][column]), None)
        if at is None:
            continue
        place = len(pivots)
        rows[place], rows[at] = rows[at], rows[place]
        rows[place] = [value / rows[place][column] for value in rows[place]]
        for i, row in enumerate(rows):
            if i != place and row[column]:
                rows[i] = [a - row[column] * b for a, b in zip(row, rows[place], strict=True)]
        pivots.append(column)
    basis = []
    for free in set(range(width)) - set(pivots):
        vector = [Fraction(int(column == free)) for column in range(width)]
        for row, pivot in zip(rows, pivots, strict=False):
            vector[pivot] = -row[free]
        basis.append(vector)
    return basis


@settings(max_examples=150, deadline=None)
@given(offices())
def test_no_combination_of_what_is_shown_tells_of_a_small_group(
    office: tuple[dict[str, dict[str, int]], dict[str, dict[str, str]]],
) -> None:
    counts, groupings = office
    chain = STAGES[:3]
    shown = publish(counts, groupings, STAGES)
    # What is unknown: of each agency those who stopped at each stage. A measure is the sum of its stage and the later.
    unknown = [(leaf, stage) for leaf in counts for stage in range(3)]
    truth = {
        (leaf, i): counts[leaf][one.name] - (counts[leaf][chain[i + 1].name] if i < 2 else 0)
        for leaf in counts
        for i, one in enumerate(chain)
    }
    rows: list[Vector] = []
    for i, one in enumerate(chain):
        sets = [{leaf} for leaf in shown[one.name].leaves]
        for node in shown[one.name].nodes:
            sets.append({x for x in counts if node == ALL or groupings[node[0]].get(x) == node[1]})
        rows += [[Fraction(int(leaf in group and stage >= i)) for leaf, stage in unknown] for group in sets]
    basis = null_space(rows, len(unknown))
    for group in product((0, 1), repeat=len(unknown)):
        if all(sum(v for v, taken in zip(vector, group, strict=True) if taken) == 0 for vector in basis):
            size = sum(truth[one] for one, taken in zip(unknown, group, strict=True) if taken)
            assert size == 0 or size >= 10, [one for one, taken in zip(unknown, group, strict=True) if taken]


@settings(max_examples=100, deadline=None)
@given(offices())
def test_what_is_shown_is_true(office: tuple[dict[str, dict[str, int]], dict[str, dict[str, str]]]) -> None:
    counts, groupings = office
    for name, shown in publish(counts, groupings, STAGES).items():
        assert all(counts[leaf][name] == value for leaf, value in shown.leaves.items())
        for (grouping, node), value in shown.nodes.items():
            parts = counts if grouping == "all" else [x for x in counts if groupings[grouping].get(x) == node]
            assert value == sum(counts[leaf][name] for leaf in parts)


def test_large_agencies_are_shown_and_a_small_one_takes_the_smallest_with_it() -> None:
    counts = {"A": {"asked": 400}, "B": {"asked": 12}, "C": {"asked": 3}, "D": {"asked": 90}}
    shown = publish(counts, {"secretariat": {"A": 1, "B": 1, "C": 1, "D": 1}}, STAGES[:1])["asked"]
    assert shown.leaves == {"A": 400, "D": 90}
    assert shown.nodes == {ALL: 505, ("secretariat", 1): 505}


def test_a_small_secretariat_goes_into_the_total() -> None:
    counts = {"A": {"asked": 400}, "C": {"asked": 3}, "E": {"asked": 8}}
    groups = {"secretariat": {"A": 1, "C": 2, "E": 2}, "phase": {"A": 1, "C": 1, "E": 2}}
    shown = publish(counts, groups, STAGES[:1])["asked"]
    assert shown.leaves == {"A": 400}
    assert ("secretariat", 2) in shown.nodes
    assert shown.nodes[ALL] == 411
    assert ("phase", 2) not in shown.nodes
