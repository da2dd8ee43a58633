"""Which registers there are: the columns of each, and how a row becomes a call of its service."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts import mapping_services as mappings
from apps.accounts.actors import Actor, Role
from apps.accounts.models import RoleMapping
from apps.accounts.selectors import mappings_visible_to
from apps.agencies import services as agencies
from apps.agencies.models import Agency, AgencyContact, Employee
from apps.agencies.selectors import agencies_visible_to, contacts_in_force, contacts_visible_to
from apps.catalog.models import UseCase
from apps.catalog.selectors import cases_visible_to
from apps.core import clock
from apps.core.errors import Invalid
from apps.incidents.models import Incident
from apps.incidents.selectors import incidents_visible_to
from apps.knowledge import article_services as articles
from apps.knowledge import services as knowledge
from apps.knowledge.models import Announcement, Article, Obligation, Tool
from apps.knowledge.selectors import (
    announcements_visible_to,
    articles_visible_to,
    obligations_visible_to,
    tools_visible_to,
)
from apps.licenses import protection_services as protection
from apps.licenses import services as licenses
from apps.licenses.models import Contract, LegalHold
from apps.licenses.selectors import contracts_visible_to, holds_visible_to
from apps.registers.resources import Part, Register, Values
from apps.rollout import services as rollout
from apps.rollout.models import Phase, PhaseAgency
from apps.rollout.selectors import phases_visible_to, places_visible_to
from apps.training import services as training
from apps.training.models import Course
from apps.training.selectors import courses_visible_to

ADMINISTRATORS = (Role.ADMINISTRATOR,)
OFFICES = (Role.ADMINISTRATOR, Role.PRIVACY)
ENDED = "ended"


def one(records: QuerySet[Any], what: str, **named: Any) -> Any:
    """The record that a cell names. Raises `Invalid` where there is none."""
    found = records.filter(**named).first()
    if found is None:
        raise Invalid(f"There is no {what} “{next(iter(named.values()))}”.", how_to_fix="Look at how it is written.")
    return found


def _agency(code: str) -> Agency:
    return one(Agency.objects.all(), "agency", code__iexact=code)  # type: ignore[no-any-return]  # any model's


def _employee(employee_id: str) -> Employee:
    return one(Employee.objects.all(), "employee", employee_id__iexact=employee_id)  # type: ignore[no-any-return]  # any model's


def only(changed: Values, *names: str) -> None:
    """Raise `Invalid` where a row changes what no service changes."""
    if others := sorted(set(changed) - set(names)):
        raise Invalid(f"This cannot be changed: {', '.join(others)}.", how_to_fix="End the entry and add it anew.")


def _ends(changed: Values) -> None:
    only(changed, "state")
    if changed["state"].lower() != ENDED:
        raise Invalid("An entry that stands can only be ended.", how_to_fix=f"Write “{ENDED}” or leave the cell.")


# ---- directory and roll-out ----------------------------------------------------------------------------------


def _agency_values(values: Values) -> Values:
    parent = _agency(values["parent"]) if values["parent"] else None
    return {"name": values["name"], "parent": parent, "planned_headcount": values["planned_headcount"] or 0}


def _contact_add(actor: Actor, v: Values, _reason: str) -> object:
    return agencies.contact_add(
        actor=actor,
        employee=_employee(v["employee_id"]),
        agency=_agency(v["agency"]),
        kind=v["kind"],
        from_on=v["from_on"],
    )


def _contact_change(actor: Actor, record: Any, changed: Values, _whole: Values, reason: str) -> object:
    _ends(changed)
    return agencies.contact_end(actor=actor, contact=record, reason=reason)


def _contacts(actor: Actor) -> QuerySet[AgencyContact]:
    now = contacts_in_force().filter(until_on=None)
    return contacts_visible_to(actor).filter(pk__in=now.values("pk")).order_by("agency__code", "employee__employee_id")


PHASE = ("name", "goal", "planned_start", "planned_end", "seat_cap", "required_courses", "training_before_access")


def _phase_add(actor: Actor, v: Values, _reason: str) -> object:
    values = {name: v[name] for name in PHASE if v[name] is not None}
    return rollout.phase_create(actor=actor, number=v["number"], **values)


def _place_add(actor: Actor, v: Values, _reason: str) -> object:
    phase = one(Phase.objects.all(), "phase", number=v["phase"])
    return rollout.phase_agency_add(actor=actor, phase=phase, agency=_agency(v["agency"]), allocation=v["allocation"])


# ---- training and knowledge ----------------------------------------------------------------------------------


def _course_revise(actor: Actor, course: Course, whole: Values) -> object:
    others = [one(Course.objects.all(), "course", code__iexact=code) for code in whole["equivalents"] or []]
    facts = {name: whole[name] for name in ("title", "provider", "url", "valid_days", "is_active")}
    return training.course_revise(actor=actor, course=course, equivalents=others, **facts)


def _course_add(actor: Actor, v: Values, _reason: str) -> object:
    course = training.course_create(
        actor=actor, code=v["code"], title=v["title"], provider=v["provider"] or "", url=v["url"] or "",
        valid_days=v["valid_days"],
    )  # fmt: skip
    is_active = v["is_active"] is not False
    if v["equivalents"] or not is_active:
        texts = {"provider": v["provider"] or "", "url": v["url"] or ""}
        _course_revise(actor, course, v | texts | {"is_active": is_active})
    return course


def _filled(v: Values) -> Values:
    """A row's values without those that it leaves out: the model's own stand for them."""
    return {name: value for name, value in v.items() if value is not None}


def _article_add(actor: Actor, v: Values, _reason: str) -> object:
    if Article.objects.exclude(state="retired").filter(title__iexact=v["title"]).exists():
        raise Invalid("There is an article with this title.", how_to_fix="Give its id to change it.")
    return articles.article_write(actor=actor, **{name: value for name, value in _filled(v).items() if name != "id"})


def _article_find(records: QuerySet[Any], v: Values) -> QuerySet[Any]:
    if v["id"] and not records.filter(pk=v["id"]).exists():
        raise Invalid("There is no article with this id.", how_to_fix="Leave the id empty to write a new one.")
    return records.filter(pk=v["id"] or 0)


def _announcement_add(actor: Actor, v: Values, _reason: str) -> object:
    agency = _agency(v["agency"]) if v["agency"] else None
    facts = {name: v[name] for name in ("title", "text", "from_on", "until_on", "phase")}
    return knowledge.announcement_add(actor=actor, agency=agency, **facts)


def _announcement_find(records: QuerySet[Any], v: Values) -> QuerySet[Any]:
    whom = Q(agency__code__iexact=v["agency"]) if v["agency"] else Q(agency=None)
    return records.filter(whom, title__iexact=v["title"], from_on=v["from_on"], phase=v["phase"])


def _announcement_change(actor: Actor, record: Any, changed: Values, _whole: Values, reason: str) -> object:
    _ends(changed)
    return knowledge.announcement_end(actor=actor, announcement=record, reason=reason)


# ---- seats and access ----------------------------------------------------------------------------------------


def _contract_add(actor: Actor, v: Values, _reason: str) -> object:
    return licenses.contract_create(actor=actor, **v)


def _contract_change(actor: Actor, record: Any, changed: Values, _whole: Values, reason: str) -> object:
    only(changed, "seats")
    more = changed["seats"] - record.seats
    return licenses.contract_amend(
        actor=actor, contract=record, seats=more, effective_on=clock.today(), note=reason or "By file"
    )


def _hold_add(actor: Actor, v: Values, reason: str) -> object:
    return protection.hold_place(actor=actor, employee=_employee(v["employee_id"]), matter=v["matter"], reason=reason)


def _hold_change(actor: Actor, record: Any, changed: Values, _whole: Values, reason: str) -> object:
    _ends(changed)
    return protection.hold_end(actor=actor, hold=record, reason=reason)


MAPPING = ("provider", "claim", "value", "role", "scope")


def _mapping_add(actor: Actor, v: Values, reason: str) -> object:
    facts = {name: v[name] or "" for name in MAPPING if name != "role"}
    return mappings.mapping_create(actor=actor, reason=reason, role=Role(v["role"]), **facts)


def _mapping_change(actor: Actor, record: Any, changed: Values, _whole: Values, reason: str) -> object:
    _ends(changed)
    return mappings.mapping_end(actor=actor, mapping=record, reason=reason)


def _standing(_record: Any) -> str:
    return "in force"


def _name(read: str) -> Part:
    return Part("name", read=lambda record: str(getattr(record, read)), shown=True)


STATE = Part("state", read=_standing, checked=False)
EMPLOYEE = Part("employee_id", read=lambda record: record.employee.employee_id, checked=False)


def _code(name: str = "agency") -> Part:
    return Part(name, read=lambda record: getattr(record, name).code if getattr(record, name) else "", checked=False)


def texts(*names: str) -> list[Part]:
    return [Part(name) for name in names]


REGISTERS = [
    Register(
        "agencies", "Agencies", Agency, lambda actor: agencies_visible_to(actor).order_by("parent__code", "code"),
        [*texts("code", "name"), _code("parent"), Part("planned_headcount", "number"),
         Part("is_active", "yes", shown=True), Part("workspace", shown=True)],
        ["code"], lambda rows, v: rows.filter(code__iexact=v["code"]),
        lambda actor, v, reason: agencies.agency_add(actor=actor, code=v["code"], **_agency_values(v)),
        lambda actor, record, changed, whole, reason: agencies.agency_revise(
            actor=actor, agency=record, reason=reason, **_agency_values(whole)
        ),
        ADMINISTRATORS,
    ),
    Register(
        "contacts", "Agency contacts", AgencyContact, _contacts,
        [EMPLOYEE, _code(), _name("employee"), Part("kind"), Part("from_on", "day", checked=False), STATE],
        ["employee_id", "agency"],
        lambda rows, v: rows.filter(employee__employee_id__iexact=v["employee_id"], agency__code__iexact=v["agency"]),
        _contact_add, _contact_change, ADMINISTRATORS, names_people=True,
    ),
    Register(
        "phases", "Phases", Phase, phases_visible_to,
        [Part("number", "number"), *texts("name", "goal"), Part("planned_start", "day"), Part("planned_end", "day"),
         Part("seat_cap", "number"), Part("required_courses", "list"), Part("training_before_access", "yes"),
         Part("state", shown=True)],
        ["number"], lambda rows, v: rows.filter(number=v["number"]), _phase_add,
        lambda actor, record, changed, whole, reason: rollout.phase_change(
            actor=actor, phase=record, reason=reason, **changed
        ),
        ADMINISTRATORS,
    ),
    Register(
        "phase-agencies", "Agencies of phases", PhaseAgency,
        lambda actor: places_visible_to(actor).order_by("phase__number", "agency__code"),
        [Part("phase", "number", lambda place: place.phase.number, checked=False), _code(), Part("allocation", "number"),
         Part("seats_used", "number", shown=True)],
        ["phase", "agency"],
        lambda rows, v: rows.filter(phase__number=v["phase"], agency__code__iexact=v["agency"]), _place_add,
        lambda actor, record, changed, whole, reason: rollout.phase_agency_allocate(
            actor=actor, place=record, allocation=changed["allocation"], reason=reason
        ),
        ADMINISTRATORS,
    ),
    Register(
        "courses", "Courses", Course, lambda actor: courses_visible_to(actor).prefetch_related("equivalents"),
        [*texts("code", "title", "provider", "url"), Part("valid_days", "number"), Part("is_active", "yes"),
         Part("equivalents", "list", lambda course: sorted(other.code for other in course.equivalents.all()),
              checked=False)],
        ["code"], lambda rows, v: rows.filter(code__iexact=v["code"]), _course_add,
        lambda actor, record, changed, whole, reason: _course_revise(actor, record, whole), ADMINISTRATORS,
    ),
    Register(
        "tools", "AI tools", Tool, tools_visible_to,
        [Part("name"), Part("aliases", "list"), Part("domains", "list"), *texts("status", "answer", "instead", "owner"),
         Part("review_on", "day")],
        ["name"], lambda rows, v: rows.filter(name__iexact=v["name"]),
        lambda actor, v, reason: knowledge.tool_add(actor=actor, **_filled(v)),
        lambda actor, record, changed, whole, reason: knowledge.tool_edit(actor=actor, tool=record, **changed), OFFICES,
    ),
    Register(
        "obligations", "Vendor obligations", Obligation, obligations_visible_to,
        [*texts("title", "head", "state", "evidence", "evidence_url", "owner"), Part("review_on", "day")],
        ["title"], lambda rows, v: rows.filter(title__iexact=v["title"]),
        lambda actor, v, reason: knowledge.obligation_add(actor=actor, **_filled(v)),
        lambda actor, record, changed, whole, reason: knowledge.obligation_edit(
            actor=actor, obligation=record, **changed
        ),
        OFFICES,
    ),
    Register(
        "announcements", "Announcements", Announcement,
        lambda actor: announcements_visible_to(actor).filter(until_on__gte=clock.today()),
        [*texts("title", "text"), Part("from_on", "day"), Part("until_on", "day"), _code(), Part("phase", "number"), STATE],
        ["title", "from_on", "agency", "phase"], _announcement_find, _announcement_add, _announcement_change, OFFICES,
    ),
    Register(
        "articles", "Knowledge articles", Article, lambda actor: articles_visible_to(actor).exclude(state="retired"),
        [Part("id", "number", checked=False), *texts("title", "section", "audience"), Part("phase", "number"),
         *texts("body", "owner"), Part("review_on", "day"), Part("state", shown=True)],
        ["id"], _article_find, _article_add,
        lambda actor, record, changed, whole, reason: articles.article_edit(actor=actor, article=record, **changed),
        OFFICES,
    ),
    Register(
        "contracts", "Contracts", Contract, contracts_visible_to,
        [*texts("number", "vendor"), Part("from_on", "day"), Part("until_on", "day"), Part("seats", "number"),
         Part("price_per_seat_year", "money")],
        ["number"], lambda rows, v: rows.filter(number=v["number"]), _contract_add, _contract_change, ADMINISTRATORS,
    ),
    Register(
        "legal-holds", "Legal holds", LegalHold, lambda actor: holds_visible_to(actor).filter(ended_at=None),
        [EMPLOYEE, _name("employee"), Part("matter"), STATE], ["employee_id", "matter"],
        lambda rows, v: rows.filter(employee__employee_id__iexact=v["employee_id"], matter=v["matter"]),
        _hold_add, _hold_change, OFFICES, names_people=True,
    ),
    Register(
        "role-mappings", "Groups and roles", RoleMapping, lambda actor: mappings_visible_to(actor).filter(ended_at=None),
        [*texts(*MAPPING), STATE], list(MAPPING),
        lambda rows, v: rows.filter(**{name: v[name] for name in MAPPING}), _mapping_add, _mapping_change, ADMINISTRATORS,
    ),
    Register(
        "use-cases", "Use cases", UseCase, lambda actor: cases_visible_to(actor).order_by("pk"),
        [Part("id", "number", shown=True), Part("title", shown=True), _code(), *(Part(name, shown=True) for name in (
            "state", "stage", "task_type", "data_class", "tier"))],
        ["id"], why_not="A use case needs its author's own words and a review.",
    ),
    Register(
        "incidents", "Incidents", Incident, lambda actor: incidents_visible_to(actor).order_by("pk"),
        [Part("id", "number", shown=True), *(Part(name, shown=True) for name in ("state", "category")),
         Part("severity", "number", shown=True), _code(), Part("occurred_on", "day", shown=True)],
        ["id"], why_not="An incident is reported by the person who saw it, and handled step by step.",
    ),
]  # fmt: skip
BY_SLUG = {register.slug: register for register in REGISTERS}


def register_of(slug: str) -> Register:
    """The register of that name. Raises `Invalid`."""
    if slug not in BY_SLUG:
        raise Invalid("There is no such register.", how_to_fix=f"There are: {', '.join(BY_SLUG)}.")
    return BY_SLUG[slug]
