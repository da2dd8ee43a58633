"""Orders and pages of Users: by index, and by a cursor that neither skips nor repeats while the directory changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Collate
from scim2_models import InvalidCursorException, InvalidPathException, SearchRequest
from scim2_server.storage import SearchPage

from apps.agencies.models import Employee
from apps.scim.filters import COLUMNS, key_of
from apps.scim.schemas import MAX_PAGE, USER_MODEL

People = QuerySet[Employee]
_LAST_ROW = 2**31


def ordered(people: People, request: SearchRequest[Any]) -> People:
    """In the order asked for; absent values last (first where descending). Newest first where no order is asked for.

    Each row carries `sort_absent` and `sort_value`, which together with its number are its place.
    """
    if request.sort_by is None:
        return people.annotate(sort_absent=Value(0), sort_value=Value("")).order_by("-pk")
    binding = request.sort_binding(USER_MODEL)
    column = COLUMNS.get(key_of(binding)) if binding else None
    if column is None:
        raise InvalidPathException(detail=f"Beacon does not sort by {request.sort_by}.")
    made = column.make()
    people = people.annotate(sort_value=Collate(made, "C") if column.kind == "text" else made)
    absent = Case(When(sort_value="", then=Value(1)), default=Value(0)) if column.kind == "text" else Value(0)
    sign = "-" if descending(request) else ""
    return people.annotate(sort_absent=absent).order_by(f"{sign}sort_absent", f"{sign}sort_value", f"{sign}pk")


def descending(request: SearchRequest[Any]) -> bool:
    """Whether later places come first: asked for, or no order is asked for and the newest come first."""
    return request.sort_by is None or request.sort_order == SearchRequest.SortOrder.descending


def slice_of(request: SearchRequest[Any]) -> slice:
    """The rows that an index and a count mean."""
    start = min(request.start_index_0 or 0, _LAST_ROW)
    count = MAX_PAGE if request.count is None else min(request.count, MAX_PAGE)
    return slice(start, start + count)


def cursor_page(people: People, request: SearchRequest[Any], position: Any) -> tuple[list[Employee], SearchPage]:
    """The people of the page that a position names, and the positions of its neighbors."""
    total, count = people.count(), MAX_PAGE if request.count is None else min(request.count, MAX_PAGE)
    backward = False
    rows = ordered(people, request)
    if position is not None:
        backward, place = _read(position)
        rows = rows.filter(_beyond(place, smaller=descending(request) != backward))
    if backward:
        rows = rows.reverse()
    found = list(rows[: count + 1])
    more, found = len(found) > count, found[:count]
    if backward:
        found.reverse()
    page = SearchPage(total, [])
    if found and (backward or more):
        page.next = _position("next", found[-1])
    if found and (more if backward else position is not None):
        page.previous = _position("previous", found[0])
    return found, page


def _beyond(place: tuple[int, Any, int], *, smaller: bool) -> Q:
    """Rows strictly before or after a place in the order (absent, value, number)."""
    op = "lt" if smaller else "gt"
    absent, value, pk = place
    return (
        Q(**{f"sort_absent__{op}": absent})
        | Q(sort_absent=absent, **{f"sort_value__{op}": value})
        | Q(sort_absent=absent, sort_value=value, **{f"pk__{op}": pk})
    )


def _position(direction: str, person: Employee) -> dict[str, Any]:
    value: Any = person.sort_value  # type: ignore[attr-defined]  # annotated by `ordered`
    if isinstance(value, datetime):
        value = {"at": value.isoformat()}
    return {"d": direction, "a": person.sort_absent, "v": value, "i": person.pk}  # type: ignore[attr-defined]  # the same


def _read(position: Any) -> tuple[bool, tuple[int, Any, int]]:
    try:
        value = position["v"]
        value = datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
        return position["d"] == "previous", (int(position["a"]), value, int(position["i"]))
    except (KeyError, TypeError, ValueError):
        raise InvalidCursorException from None
