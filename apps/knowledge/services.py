"""Writes of the offices: the register of tools, the vendor's obligations, announcements."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, given
from apps.knowledge.addresses import host_of, plain
from apps.knowledge.errors import ToolThere
from apps.knowledge.models import Announcement, Obligation, Tool

EDITORS = (Role.ADMINISTRATOR, Role.PRIVACY)


def tool_add(*, actor: Actor, **values: Any) -> Tool:
    """Put a tool into the register. `values` as in `tool_edit`."""
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        tool = _fill(Tool(), values)
        tool.save()
        audit.record(actor, "knowledge.tool.added", tool, after=_said(values))
    return tool


def tool_edit(*, actor: Actor, tool: Tool, **values: Any) -> Tool:
    """Change an entry: name, aliases and domains (lists of text), status, answer, instead, owner, review_on.

    Raises `ToolThere` where another tool has one of the names or addresses, `Invalid` for what is no web address.
    """
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        tool = Tool.objects.select_for_update().get(pk=tool.pk)
        before = {name: getattr(tool, name) for name in values}
        tool = _fill(tool, values)
        tool.save()
        audit.record(actor, "knowledge.tool.changed", tool, before=_said(before), after=_said(values))
    return tool


def _fill(tool: Tool, values: dict[str, Any]) -> Tool:
    for name, value in values.items():
        setattr(tool, name, value.strip() if isinstance(value, str) else value)
    hosts = {written: host_of(written) for written in tool.domains}
    if wrong := [written for written, host in hosts.items() if not host]:
        raise Invalid(f"This is not a web address: {wrong[0][:100]}.", how_to_fix="Write it like example.com.")
    tool.domains = sorted(set(hosts.values()))
    tool.names = sorted({plain(name) for name in (tool.name, *tool.aliases)})
    others = Tool.objects.exclude(pk=tool.pk).filter(Q(names__overlap=tool.names) | Q(domains__overlap=tool.domains))
    if other := others.first():
        raise ToolThere(f"{other.name} has one of these names or addresses already.")
    tool.changed_at = clock.now()
    return tool


def obligation_add(*, actor: Actor, **values: Any) -> Obligation:
    """List something that the vendor owes. `values` are the fields of the model."""
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        obligation = Obligation(changed_at=clock.now(), **values)
        obligation.save()
        audit.record(actor, "knowledge.obligation.added", obligation, after=_said(values))
    return obligation


def obligation_edit(*, actor: Actor, obligation: Obligation, **values: Any) -> Obligation:
    """Change an obligation or what is known of it. Raises `EvidenceMissing` where it is met on nobody's word."""
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        obligation = Obligation.objects.select_for_update().get(pk=obligation.pk)
        before = {name: getattr(obligation, name) for name in values}
        for name, value in values.items():
            setattr(obligation, name, value)
        obligation.changed_at = clock.now()
        obligation.save()
        audit.record(actor, "knowledge.obligation.changed", obligation, before=_said(before), after=_said(values))
    return obligation


def announcement_add(
    *, actor: Actor, title: str, text: str, from_on: date, until_on: date, agency: Agency | None = None,
    phase: int | None = None,
) -> Announcement:  # fmt: skip
    """Announce something to an agency, a phase (its number), both at once, or everybody."""
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        made = Announcement.objects.create(
            title=title.strip(), text=text.strip(), from_on=from_on, until_on=until_on, agency=agency, phase=phase
        )
        after = {"from": from_on, "until": until_on, "agency": agency.code if agency else "", "phase": phase}
        audit.record(actor, "knowledge.announcement.added", made, after=after)
    return made


def announcement_end(*, actor: Actor, announcement: Announcement, reason: str) -> Announcement:
    """Take it off the home pages: yesterday was its last day. One that has not begun loses its days."""
    actor.require(*EDITORS)
    with transaction.atomic():
        announcement = Announcement.objects.select_for_update().get(pk=announcement.pk)
        yesterday = clock.today() - timedelta(days=1)
        if announcement.until_on <= yesterday:
            raise Invalid("It has ended already.")
        before = {"until": announcement.until_on}
        announcement.until_on = yesterday
        announcement.from_on = min(announcement.from_on, yesterday)
        announcement.save(update_fields=["until_on", "from_on"])
        audit.record(
            actor, "knowledge.announcement.ended", announcement, before=before, after={"until": yesterday},
            reason=given(reason),
        )  # fmt: skip
    return announcement


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, date) else value for name, value in values.items()}
