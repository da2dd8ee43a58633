"""Where the library's server reads and writes: the directory, through the services that the HR file goes through too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scim2_models import (
    ConflictException,
    ForbiddenException,
    InvalidValueException,
    NotFoundException,
    NotImplementedException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    SearchRequest,
    UniquenessException,
)  # fmt: skip
from scim2_server.storage import ScimStorage, SearchPage

from apps.accounts.actors import Actor
from apps.agencies import errors, feed_services
from apps.agencies.models import Employee
from apps.agencies.selectors import employees_offered
from apps.core.errors import BeaconError
from apps.scim import groups, paging
from apps.scim.filters import translated_filter
from apps.scim.mapping import WORDS, as_uuid, facts_of, managers_of, resource_of, seen_at

_TAKEN = (errors.EmailTaken, errors.SignInNameTaken, errors.EmployeeIdTaken)


def scim_error(refusal: BeaconError) -> SCIMException:
    """A refusal of Beacon as SCIM says it: with the right `scimType`, and the words that a client knows."""
    text = str(refusal)
    for own, theirs in WORDS.items():
        if text.startswith(own):
            text = theirs + text.removeprefix(own)
    if isinstance(refusal, _TAKEN):
        return UniquenessException(detail=text)
    if isinstance(refusal, errors.NotAsSeen):
        return PreconditionFailedException(detail=text)
    if refusal.status == 400:
        return InvalidValueException(detail=text)
    if refusal.status == 403:
        return ForbiddenException(detail=text)
    return NotFoundException(detail=text) if refusal.status == 404 else ConflictException(detail=text)


@contextmanager
def refusals() -> Iterator[None]:
    """Refusals of Beacon inside the block become SCIM errors."""
    try:
        yield
    except BeaconError as refusal:
        raise scim_error(refusal) from refusal


class DirectoryStorage(ScimStorage):
    """The directory as one actor, a token, may use it."""

    supports_cursors = True

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    # ---- reading -----------------------------------------------------------------------------------------

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """One User or Group. A group's members are added when it is sent (serving)."""
        if _is_users(resource_type):
            person = _person(resource_id)
            return resource_of(person, managers_of([person]))
        source = groups.source_of(resource_id)
        if source is None:
            raise NotFoundException(detail="There is no such group.")
        return groups.group_of(source, with_members=bool(groups.wanted_members(response_parameters)))

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """A page of Users, of Groups, or of both: the Users first."""
        users = any(_is_users(one) for one in resource_types)
        grouped = any(not _is_users(one) for one in resource_types)
        if users and grouped:
            return _everything(search_request)
        return _users(search_request, position) if users else _groups(search_request)

    # ---- writing -----------------------------------------------------------------------------------------

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """A new employee, or one who comes back."""
        with refusals():
            person = feed_services.employee_receive(actor=self.actor, facts=facts_of(resource))
        return resource_of(person, managers_of([person]))

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """The whole new state of an employee."""
        person = _person(resource.id)
        with refusals():
            person = feed_services.employee_receive(
                actor=self.actor, facts=facts_of(resource), employee=person, seen_at=seen_at(expected_version)
            )
        return resource_of(person, managers_of([person]))

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """The employee leaves and is no longer offered; the record stays in Beacon."""
        person = _person(resource_id)
        with refusals():
            feed_services.employee_withdraw(actor=self.actor, employee=person, seen_at=seen_at(expected_version))


def _is_users(resource_type: ResourceType) -> bool:
    return resource_type.name == "User"


def _person(resource_id: str | None) -> Employee:
    key = as_uuid(resource_id)
    found = employees_offered().filter(key=key).first() if key else None
    if found is None:
        raise NotFoundException(detail="There is no such user.")
    return found


def _found(search: SearchRequest[Any]) -> paging.People:
    people = employees_offered()
    if search.filter is None:
        return people
    condition, aliases = translated_filter(search.filter)
    return people.alias(**aliases).filter(condition)


def _users(search: SearchRequest[Any], position: Any) -> SearchPage:
    found = _found(search)
    if search.cursor is None:
        page = SearchPage(found.count(), [])
        people = list(paging.ordered(found, search)[paging.slice_of(search)]) if search.count != 0 else []
    else:
        people, page = paging.cursor_page(found, search, position)
    managers = managers_of(people)
    page.resources = [resource_of(person, managers) for person in people]
    return page


def _groups(search: SearchRequest[Any]) -> SearchPage:
    """Groups are few: they are ordered and cut here."""
    if search.cursor is not None:
        raise NotImplementedException(detail="Groups are paged by index.")
    found = groups.matching(search.filter)
    by_id = {one.id: one for one in found}
    placed = search.sort([groups.group_of(one) for one in found])
    kept = [by_id[str(one.id)] for one in placed[paging.slice_of(search)]]
    wanted = bool(groups.wanted_members(search))
    return SearchPage(len(found), [groups.group_of(one, with_members=wanted) for one in kept])


def _everything(search: SearchRequest[Any]) -> SearchPage:
    if search.cursor is not None or search.sort_by is not None:
        raise NotImplementedException(detail="A search over all types is paged by index and has no order.")
    cut, people = paging.slice_of(search), _found(search)
    total = people.count()
    found = list(paging.ordered(people, search)[cut]) if search.count != 0 else []
    managers = managers_of(found)
    page: list[Resource[Any]] = [resource_of(person, managers) for person in found]
    grouped = groups.matching(search.filter)
    rest = grouped[max(cut.start - total, 0) : max(cut.stop - total, 0)]
    wanted = bool(groups.wanted_members(search))
    page += [groups.group_of(one, with_members=wanted) for one in rest]
    return SearchPage(total + len(grouped), page)
