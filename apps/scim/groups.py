"""Groups that others may read: the people of each agency, and those who hold a seat in each workspace.

Nobody writes them: who works where is the directory's, and who holds a seat is decided in Beacon.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import quote, unquote

from django.db.models import QuerySet
from scim2_models import InvalidFilterException, Meta, ScimFilter
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, Not, Present, ValuePath

from apps.agencies.models import Agency, Employee
from apps.agencies.selectors import employees_offered
from apps.licenses.models import Seat
from apps.scim.mapping import address_of, as_uuid
from apps.scim.schemas import Group, Member


@dataclass(frozen=True, slots=True)
class Source:
    """One group: its id, its name, and whom it has."""

    id: str
    name: str
    agency: int | None = None
    workspace: str = ""

    def people(self) -> QuerySet[Employee]:
        people = employees_offered().exclude(status=Employee.Status.SEPARATED)
        if self.agency is not None:
            return people.filter(agency=self.agency)
        # A reserved seat is not one yet, and a suspended one opens nothing.
        seats = Seat.objects.filter(state=Seat.State.GRANTED, agency__workspace=self.workspace)
        return people.filter(pk__in=seats.values("employee"))


def sources() -> list[Source]:
    """All groups, in a stable order: agencies by code, then workspaces by name."""
    agencies = Agency.objects.filter(is_active=True).order_by("code")
    workspaces = (
        Agency.objects.exclude(workspace="").order_by("workspace").values_list("workspace", flat=True).distinct()
    )
    return [
        *(Source(f"agency-{quote(one.code, safe='')}", one.name, agency=one.pk) for one in agencies),
        *(Source(f"seats-{quote(name, safe='')}", f"Seat holders of {name}", workspace=name) for name in workspaces),
    ]


def source_of(group_id: str) -> Source | None:
    """The group of an id, whether its address was decoded on the way or not."""
    return next((one for one in sources() if group_id in {one.id, unquote(one.id)}), None)


def group_of(source: Source, people: list[Employee] | None) -> Group:
    """The Group that clients are shown; without `people`, its members are left out."""
    members = None
    if people is not None:
        members = [Member(value=str(one.key), ref=address_of(one.key), type="User", display=str(one)) for one in people]
    state = blake2b(repr((source.id, source.name, [m.value for m in members or []])).encode(), digest_size=8)
    meta = Meta(resource_type="Group", version=f'W/"{state.hexdigest()}"')
    return Group(id=source.id, display_name=source.name, members=members, meta=meta)


def matching(scim_filter: ScimFilter[Any] | None) -> list[Source]:
    """The groups that a filter finds. By members it finds only with `eq`: which groups a person is in."""
    if scim_filter is None:
        return sources()
    bound = ScimFilter[Group](str(scim_filter))
    asked = [key for key in _member_ids(bound.ast) if key]
    found = []
    for source in sources():
        people = list(source.people().filter(key__in=asked)) if asked else []
        if bound.match(group_of(source, people)):
            found.append(source)
    return found


def _member_ids(node: FilterNode) -> Iterator[Any]:
    """The ids that the filter looks for among members. Raises `InvalidFilterException` for other questions about them."""
    if isinstance(node, LogicalExpr):
        for term in node.terms:
            yield from _member_ids(term)
    elif isinstance(node, Not):
        yield from _member_ids(node.expr)
    elif isinstance(node, (Comparison, Present, ValuePath)) and node.attr_path.attr.lower() == "members":
        plain = isinstance(node, Comparison) and (node.attr_path.sub_attr or "value").lower() == "value"
        if not plain or not isinstance(node, Comparison) or node.op != CompareOperator.eq:
            raise InvalidFilterException(detail='Groups are searched by member only as members eq "id".')
        yield as_uuid(node.value) if isinstance(node.value, str) else None
