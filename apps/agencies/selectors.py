"""Reading the directory, cut to what the actor may see."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.accounts.actors import EVERYWHERE, Actor, Role
from apps.accounts.last_administrator import somebody_remains_without
from apps.agencies.models import Agency, AgencyContact, Employee, RosterRun
from apps.core import clock


def agencies_visible_to(actor: Actor) -> QuerySet[Agency]:
    """Everyone who is signed in may know which agencies there are."""
    return Agency.objects.select_related("parent")


def agencies_counted_for(actor: Actor) -> QuerySet[Agency]:
    """The agencies whose figures the actor may see together: all, or those of a leader's scope."""
    agencies = Agency.objects.select_related("parent")
    if actor.sees_everyone:
        return agencies
    scopes = actor.roles.get(Role.LEADER, frozenset())
    if EVERYWHERE in scopes:
        return agencies
    return agencies.filter(Q(code__in=scopes) | Q(parent__code__in=scopes))


def agencies_reported_to(actor: Actor) -> QuerySet[Agency]:
    """The same, and for a contact those that they serve: how far their own people are."""
    return agencies_counted_for(actor) | Agency.objects.select_related("parent").filter(pk__in=actor.agency_ids)


def employees_visible_to(actor: Actor) -> QuerySet[Employee]:
    """EOTSS, privacy office and auditors: all. Contacts: their agencies. Everybody: themselves.

    Leaders see aggregates only: no other person, anywhere.
    """
    people = Employee.objects.select_related("agency")
    if actor.sees_everyone:
        return people
    return people.filter(Q(agency__in=actor.agency_ids) | Q(pk=actor.employee_id or 0))


def employees_matching(actor: Actor, query: str) -> QuerySet[Employee]:
    """People found by name, e-mail or employee id within the actor's scope."""
    people = employees_visible_to(actor)
    for word in query.split()[:5]:
        people = people.filter(
            Q(first_name__istartswith=word)
            | Q(last_name__istartswith=word)
            | Q(email__istartswith=word)
            | Q(employee_id__iexact=word)
        )
    return people


def employees_offered() -> QuerySet[Employee]:
    """The people whom the identity provider is shown: all but those it removed.

    Whoever has left and whose address has gone to somebody else is not shown either: one name, one person.
    """
    others = Employee.objects.filter(lookup_name=OuterRef("lookup_name"), withdrawn_at=None)
    heir = others.filter(~Q(status=Employee.Status.SEPARATED) | Q(pk__gt=OuterRef("pk"))).exclude(pk=OuterRef("pk"))
    return (
        Employee.objects.filter(withdrawn_at=None)
        .exclude(Exists(heir), status=Employee.Status.SEPARATED)
        .select_related("agency")
    )


def contacts_in_force() -> QuerySet[AgencyContact]:
    """Contacts who serve now and are still employed.

    Ending a service bites at once, like every right that is taken back, and not at midnight.
    """
    today = clock.today()
    return (
        AgencyContact.objects.filter(Q(until_on=None) | Q(until_on__gt=today), from_on__lte=today)
        .exclude(employee__status=Employee.Status.SEPARATED)
        .select_related("employee", "agency")
    )


def contacts_for(agency: Agency) -> QuerySet[AgencyContact]:
    """The people who may decide for an agency: its own contacts first, then its secretariat's."""
    return (
        contacts_in_force().filter(Q(agency=agency) | Q(agency=agency.parent_id)).order_by("-agency__parent", "-kind")
    )


# Who opens lists of people; within them everybody sees their own scope.
PEOPLE_READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT)


def contacts_visible_to(actor: Actor) -> QuerySet[AgencyContact]:
    """Contacts, former ones too: every agency's for those who see everyone, else those of agencies in one's sight."""
    contacts = AgencyContact.objects.select_related("employee", "agency")
    return contacts if actor.sees_everyone else contacts.filter(agency__in=actor.agency_ids)


def roster_runs_visible_to(actor: Actor) -> QuerySet[RosterRun]:
    """Imports name people of every agency: EOTSS, privacy office and auditors only."""
    runs = RosterRun.objects.all()
    return runs if actor.has(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR) else runs.none()


def headcounts() -> dict[int, int]:
    """Employed people by agency id."""
    present = Employee.objects.exclude(status=Employee.Status.SEPARATED)
    return dict(present.values_list("agency").annotate(Count("pk")))


def leaves_nobody(employee_ids: Iterable[str]) -> list[str]:
    """Why these people's separation must wait: nobody who can sign in would be an administrator. Else empty."""
    users = Employee.objects.filter(employee_id__in=employee_ids, user__isnull=False).values_list("user_id", flat=True)
    return [] if somebody_remains_without(users) else ["Nobody would be left as administrator."]
