"""Who may read which report, about what and about which day: one rule for page, file, API, command and mail."""

from __future__ import annotations

from datetime import date, timedelta

from apps.accounts.actors import Actor, Role
from apps.core.errors import Invalid
from apps.reports.adoption import adoption
from apps.reports.compliance import compliance
from apps.reports.document import Document
from apps.reports.figures import first_day, latest_day
from apps.reports.models import KINDS
from apps.reports.scopes import Scope, landscape_on, scope_named, scopes_for

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.LEADER, Role.CONTACT)
_MONTHS_BACK = 24


def month_ends() -> list[date]:
    """The days that readers of small figures choose from: the latest one and ends of months, newest first.

    Reports of two days that follow each other differ by few people, whom somebody might know; months do not.
    """
    first, latest = first_day(), latest_day()
    days, end = [latest], latest.replace(day=1) - timedelta(days=1)
    while first and end >= first and len(days) <= _MONTHS_BACK:
        days.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return days


def day_for(actor: Actor, asked: date | None) -> date:
    """The day of a report; the latest where none is asked for. Raises `Invalid` for one that cannot be had."""
    latest, first = latest_day(), first_day()
    day = asked or latest
    if day > latest:
        raise Invalid(
            "That day is not over yet.", how_to_fix="Reports are about finished days; ask for an earlier one."
        )
    if first is None or day < first:
        raise Invalid("Beacon knows nothing of that day.", how_to_fix="Ask for a later one.")
    if not actor.sees_everyone and day not in month_ends():
        raise Invalid(
            "Choose the latest day or the end of a month.", how_to_fix="Other days are for EOTSS and auditors."
        )
    return day


def is_floored(actor: Actor, kind: str) -> bool:
    """Whether small figures are hidden: in adoption from everybody, else from those who may not see every person."""
    return kind == "adoption" or not actor.sees_everyone


def scope_for(actor: Actor, name: str, day: date) -> Scope:
    """The scope of a name among those that the actor may ask for. Raises `Invalid`."""
    return scope_named(name, scopes_for(actor, landscape_on(day)))


def report_for(actor: Actor, kind: str, scope_name: str, asked: date | None, *, fresh: bool = False) -> Document:
    """A report as this person may see it. Raises `Invalid` for a day or scope that they may not ask for."""
    day = day_for(actor, asked)
    return built(kind, scope_for(actor, scope_name, day), day, floored=is_floored(actor, kind), fresh=fresh)


def built(kind: str, scope: Scope, day: date, *, floored: bool, fresh: bool) -> Document:
    """The report itself, whoever asks."""
    if kind not in KINDS:
        raise Invalid("There is no such report.")
    if kind == "adoption":
        return adoption(day, scope, fresh=fresh)
    return compliance(day, scope, is_floored=floored, fresh=fresh)


def may_read(actor: Actor, scope: str, *, floored: bool) -> bool:
    """Whether a report about a scope, floored or exact, is for this person's eyes."""
    if actor.sees_everyone:
        return True
    if not floored:
        return False
    return scope in {str(one) for one in scopes_for(actor, landscape_on(latest_day()))}
