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
from scim2_models import InvalidFilterException, Meta, ResponseParameters, ScimFilter, SearchRequest
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, Not, Present, ValuePath

from apps.agencies.models import Agency, Employee
from apps.agencies.selectors import employees_offered
from apps.licenses.models import Seat
from apps.scim.mapping import as_uuid
from apps.scim.schemas import Group, Member

_PARTS = ("value", "$ref", "type", "display")


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


def wanted_members(parameters: ResponseParameters[Any] | SearchRequest[Any] | None) -> frozenset[str]:
    """The parts of members that are asked for; none where members are not."""
    asked = {str(path).rsplit(":", 1)[-1].lower() for path in (parameters.attributes if parameters else None) or []}
    if "members" in asked:
        return frozenset(_PARTS)
    return frozenset(part for part in _PARTS if f"members.{part}".lower() in asked)


def group_of(source: Source, *, with_members: bool = False) -> Group:
    """The Group that clients are shown. Its members change its version; `member_rows` tells them."""
    keys = list(source.people().order_by("pk").values_list("key", flat=True)) if with_members else []
    state = blake2b(repr((source.id, source.name, [str(key) for key in keys])).encode(), digest_size=8)
    meta = Meta(resource_type="Group", version=f'W/"{state.hexdigest()}"')
    return Group(id=source.id, display_name=source.name, meta=meta)


def member_rows(group_id: str, base_url: str, parts: frozenset[str]) -> list[dict[str, str]]:
    """The members of a group as they are sent: made without the library's models, for which 40,000 are too many."""
    source = source_of(group_id)
    if source is None:
        return []
    rows = source.people().order_by("pk").values_list("key", "first_name", "last_name")
    made = (
        {"value": str(key), "$ref": f"{base_url.rstrip('/')}/Users/{key}", "type": "User", "display": f"{first} {last}"}
        for key, first, last in rows
    )
    return [{part: one[part] for part in _PARTS if part in parts} for one in made]


def matching(scim_filter: ScimFilter[Any] | None) -> list[Source]:
    """The groups that a filter finds. By members it finds only with `eq`: which groups a person is in."""
    if scim_filter is None:
        return sources()
    bound = ScimFilter[Group](str(scim_filter))
    asked = [key for key in _member_ids(bound.ast) if key]
    found = []
    for source in sources():
        group = group_of(source)
        here = source.people().filter(key__in=asked).values_list("key", flat=True) if asked else []
        group.members = [Member(value=str(key), ref=None, type="User") for key in here]
        if bound.match(group):
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
