"""Every noun of the interface: where it is found, who sees which of it, and what is told.

Fields are named one by one: nothing gets out because a model has gained a column (ASVS 15.3.3). Names and addresses of
people are in none but the directory's and the roles' own.
"""

from __future__ import annotations

from apps.accounts import selectors as accounts
from apps.accounts.models import ApiToken, RoleAssignment, RoleMapping, SignIn, User
from apps.agencies import selectors as agencies
from apps.agencies.models import Agency, AgencyContact, Employee, RosterRun
from apps.api.building import Noun
from apps.audit.models import AuditEvent
from apps.catalog import selectors as catalog
from apps.catalog.api import AdoptionOut, CaseOut
from apps.catalog.models import Adoption, Lowering, Review, UseCase
from apps.console.selectors import events_visible_to
from apps.incidents import selectors as incidents
from apps.incidents.api import IncidentOut
from apps.incidents.models import BreachAssessment, Incident, Task
from apps.knowledge import selectors as knowledge
from apps.knowledge.api import ArticleOut, ObligationOut, ToolOut
from apps.knowledge.models import Announcement, Article, Obligation, ProxyMonth, Question, Tool
from apps.licenses import selectors as licenses
from apps.licenses.api import RequestOut, SeatOut, StopOut
from apps.licenses.models import (
    AccessReview,
    Contract,
    EmergencyStop,
    LegalHold,
    ReclaimRun,
    ReviewItem,
    Seat,
    SeatRequest,
)
from apps.mail import selectors as mail
from apps.mail.models import Message, SuppressedAddress
from apps.reports import selectors as reports
from apps.reports.api import StoredOut
from apps.reports.models import RecordsBundle, SavedReport, StoredReport
from apps.rollout import selectors as rollout
from apps.rollout.api import PhaseOut, PlaceOut
from apps.rollout.models import GateWaiver, Phase, PhaseAgency
from apps.terms import selectors as terms
from apps.terms.api import AcceptanceOut, VersionOut
from apps.terms.models import Acceptance, TermsVersion
from apps.training import selectors as training
from apps.training.api import CompletionOut, CourseOut
from apps.training.models import Completion, CompletionImport, Course, Waiver
from apps.vendors import selectors as vendors
from apps.vendors import usage_selectors as usage
from apps.vendors.api import DriftOut, OperationOut, WorkspaceOut
from apps.vendors.models import Drift, Operation, SyncRun, UsageImport, VendorEvent, Workspace
from apps.webhooks import selectors as webhooks
from apps.webhooks.api import DeliveryOut
from apps.webhooks.models import Delivery, Subscription

_STATE = {"state": "state"}
_PERSON = {"employee": "employee__employee_id", "agency": "employee__agency__code"}


NOUNS = (
    # -- directory
    Noun(
        "agencies", Agency, agencies.agencies_visible_to,
        ("code", "name", "parent", "planned_headcount", "is_active", "workspace", "permits_cji", "permits_fti"),
        filters={"parent": "parent__code", "workspace": "workspace"},
    ),
    Noun(
        "employees", Employee, agencies.employees_visible_to,
        ("employee_id", "email", "first_name", "last_name", "title", "agency", "status", "is_seasonal", "start_on", "end_on",
         "updated_at"),
        filters={"agency": "agency__code", "status": "status", "email": "email__iexact"},
        roles=agencies.PEOPLE_READERS,
    ),
    Noun(
        "contacts", AgencyContact, agencies.contacts_visible_to, ("id", "employee", "agency", "kind", "from_on", "until_on"),
        filters={"agency": "agency__code", "kind": "kind"},
    ),
    Noun(
        "roster-runs", RosterRun, agencies.roster_runs_visible_to,
        ("id", "state", "file_name", "file_sha256", "proposed_by", "created_at", "planned_at", "applied_at", "rows", "counts",
         "ignored_columns", "hold_reasons", "released_by", "error"),
        filters=_STATE, roles=accounts.REVIEWERS,
    ),
    # -- roll-out
    Noun(
        "phases", Phase, rollout.phases_visible_to, out=PhaseOut, filters=_STATE,
    ),
    Noun(
        "phase-agencies", PhaseAgency, rollout.places_visible_to, out=PlaceOut,
        filters={"phase": "phase__number", "agency": "agency__code"},
    ),
    Noun(
        "gate-waivers", GateWaiver, rollout.waivers_visible_to,
        ("id", "phase", "gate", "reason", "requested_by", "requested_at", "confirmed_by", "confirmed_at"),
        filters={"phase": "phase__number"}, roles=accounts.REVIEWERS,
    ),
    # -- training and terms
    Noun("training/courses", Course, training.courses_visible_to, out=CourseOut, filters={"code": "code"}),
    Noun("training/completions", Completion, training.completions_visible_to, out=CompletionOut, has_list=False),
    Noun(
        "training/waivers", Waiver, training.waivers_visible_to,
        ("id", "employee", "course", "reason", "granted_by", "granted_at", "until_on", "ended_by", "ended_at"), filters=_PERSON,
    ),
    Noun(
        "training/imports", CompletionImport, training.imports_visible_to,
        ("id", "state", "file_name", "file_sha256", "imported_by", "imported_at", "rows", "added", "unchanged", "rejected",
         "applied_by", "applied_at"),
        filters=_STATE, roles=accounts.REVIEWERS,
    ),
    Noun("terms/versions", TermsVersion, terms.versions_visible_to, out=VersionOut, filters=_STATE | {"language": "language"}),
    Noun("terms/acceptances", Acceptance, terms.acceptances_visible_to, out=AcceptanceOut, has_list=False),
    # -- seats
    Noun("requests", SeatRequest, licenses.requests_visible_to, out=RequestOut, has_list=False),
    Noun("seats", Seat, licenses.seats_visible_to, out=SeatOut, filters=_STATE | _PERSON | {"phase": "phase__number"},
         roles=agencies.PEOPLE_READERS),
    Noun(
        "contracts", Contract, licenses.contracts_visible_to,
        ("number", "vendor", "from_on", "until_on", "seats", "seats_used", "price_per_seat_year"),
    ),
    Noun("stops", EmergencyStop, licenses.stops_visible_to, out=StopOut, has_list=False, roles=accounts.REVIEWERS),
    Noun(
        "legal-holds", LegalHold, licenses.holds_visible_to,
        ("id", "employee", "matter", "placed_at", "placed_by", "ended_at", "ended_by"),
        filters={"employee": "employee__employee_id", "matter": "matter"}, roles=accounts.REVIEWERS,
    ),
    Noun(
        "access-reviews", AccessReview, licenses.reviews_visible_to,
        ("id", "name", "kind", "agency", "state", "opened_by", "opened_at", "due_on", "closed_by", "closed_at"), filters=_STATE,
    ),
    Noun(
        "access-review-items", ReviewItem, licenses.review_items_visible_to,
        ("id", "review", "employee", "agency", "looks_unused", "decision", "decided_by", "decided_at", "note"),
        filters={"review": "review", "decision": "decision", "agency": "agency__code"},
    ),
    Noun(
        "reclaim-runs", ReclaimRun, licenses.reclaim_runs_visible_to,
        ("id", "contract", "at", "mode", "state", "looked", "asked", "released", "skipped", "settled_by"),
        filters=_STATE, roles=accounts.REVIEWERS,
    ),
    # -- vendor
    Noun("workspaces", Workspace, vendors.workspaces_visible_to, out=WorkspaceOut, has_list=False),
    Noun("operations", Operation, vendors.operations_visible_to, out=OperationOut,
         filters=_STATE | {"kind": "kind", "workspace": "workspace__name", "employee": "employee__employee_id"}),
    Noun("drift", Drift, vendors.drifts_visible_to, out=DriftOut, filters=_STATE | {"kind": "kind", "workspace": "workspace__name"}),
    Noun(
        "sync-runs", SyncRun, vendors.runs_visible_to,
        ("id", "workspace", "state", "started_by", "started_at", "finished_at", "members", "invites", "groups", "counts",
         "problems", "hold_reasons", "released_by"),
        filters=_STATE | {"workspace": "workspace__name"}, roles=accounts.REVIEWERS,
    ),
    Noun(
        "vendor-events", VendorEvent, vendors.events_visible_to,
        ("id", "workspace", "event_id", "type", "at", "actor_kind", "actor", "subject", "detail", "received_at"),
        filters={"type": "type", "workspace": "workspace__name"}, roles=accounts.REVIEWERS,
    ),
    Noun(
        "usage-imports", UsageImport, usage.imports_visible_to,
        ("id", "workspace", "state", "file_name", "file_sha256", "imported_by", "imported_at", "finished_at", "rows", "changed",
         "unchanged", "unknown", "first", "last", "rejected"),
        filters=_STATE, roles=accounts.REVIEWERS,
    ),
    # -- use cases, incidents, knowledge
    Noun("use-cases", UseCase, catalog.cases_visible_to, out=CaseOut, search=catalog.cases_matching,
         filters=_STATE | {"agency": "agency__code", "task_type": "task_type"}),
    Noun("use-case-reviews", Review, catalog.reviews_visible_to, ("id", "case", "round", "office", "decision", "text", "at"),
         filters={"case": "case", "office": "office"}),
    Noun(
        "tier-lowerings", Lowering, catalog.lowerings_visible_to,
        ("id", "case", "from_tier", "to_tier", "justification", "requested_by", "requested_at", "is_confirmed", "decided_by",
         "decided_at"),
        filters={"case": "case"},
    ),
    Noun("adoptions", Adoption, catalog.adoptions_visible_to, out=AdoptionOut, filters={"case": "case", "agency": "agency__code"}),
    Noun("incidents", Incident, incidents.incidents_visible_to, out=IncidentOut, has_list=False),
    Noun("incident-tasks", Task, incidents.tasks_visible_to, ("id", "incident", "owner", "due_on", "done_at"),
         filters={"incident": "incident"}),
    Noun("breach-desks", BreachAssessment, incidents.breaches_visible_to, ("id", "incident", "opened_at"),
         filters={"incident": "incident"}),
    Noun("knowledge/articles", Article, knowledge.articles_published_to, out=ArticleOut, search=knowledge.articles_matching,
         filters={"section": "section", "audience": "audience"}),
    Noun("knowledge/drafts", Article, knowledge.articles_visible_to,
         ("id", "state", "section", "audience", "title", "owner", "review_on"), filters=_STATE),
    Noun("knowledge/tools", Tool, knowledge.tools_visible_to, out=ToolOut, search=knowledge.tools_matching,
         filters={"status": "status"}),
    Noun("knowledge/questions", Question, knowledge.questions_visible_to,
         ("id", "state", "agency", "subject", "asked_at", "due_at", "office", "answered_at"),
         filters=_STATE | {"agency": "agency__code"}),
    Noun("knowledge/obligations", Obligation, knowledge.obligations_visible_to, out=ObligationOut, filters=_STATE | {"head": "head"},
         roles=knowledge.OBLIGATION_READERS),
    Noun("knowledge/announcements", Announcement, knowledge.announcements_visible_to,
         ("id", "title", "text", "agency", "phase", "from_on", "until_on")),
    Noun("knowledge/proxy-months", ProxyMonth, knowledge.proxy_months_visible_to,
         ("id", "agency", "month", "label", "tool", "requests"), filters={"agency": "agency__code"}),
    # -- reports and mail
    Noun("stored-reports", StoredReport, reports.reports_visible_to, out=StoredOut, has_list=False, has_detail=False),
    Noun("saved-reports", SavedReport, reports.saved_visible_to,
         ("id", "name", "kind", "scope", "scope_label", "is_floored", "cadence", "is_active", "last_for", "created_at")),
    Noun(
        "records-bundles", RecordsBundle, reports.bundles_visible_to,
        ("id", "about", "since", "until", "reason", "state", "asked_by", "asked_at", "made_at", "problem", "documents", "sha256"),
        filters=_STATE,
    ),
    Noun(
        "mail", Message, mail.messages_visible_to,
        ("id", "kind", "state", "attempts", "created_at", "sent_at", "last_error", "is_unclear"), filters=_STATE | {"kind": "kind"},
    ),
    Noun("mail-suppressions", SuppressedAddress, mail.suppressions_visible_to,
         ("id", "address", "reason", "since", "lifted_at", "lifted_by")),
    # -- access
    Noun("people", User, accounts.users_visible_to, ("id", "email", "name", "kind", "is_active", "created_at"),
         filters={"kind": "kind"}),
    Noun(
        "roles", RoleAssignment, accounts.roles_visible_to,
        ("id", "user", "role", "scope", "reason", "granted_by", "granted_at", "confirmed_by", "confirmed_at", "reviewed_by",
         "reviewed_at", "until_on", "ended_at"),
        filters={"user": "user__email__iexact", "role": "role"},
    ),
    Noun(
        "role-mappings", RoleMapping, accounts.mappings_visible_to,
        ("id", "provider", "claim", "value", "role", "scope", "created_by", "created_at", "confirmed_by", "confirmed_at", "ended_at"),
        filters={"provider": "provider"},
    ),
    Noun(
        "tokens", ApiToken, accounts.tokens_visible_to,
        ("id", "user", "name", "hint", "scopes", "networks", "created_by", "created_at", "expires_at", "last_used_at",
         "withdrawn_by", "withdrawn_at"),
    ),
    Noun(
        "webhooks", Subscription, webhooks.subscriptions_visible_to,
        ("id", "name", "address", "types", "agency", "state", "previous_until", "created_by", "created_at", "tested_at",
         "test_answer"),
        filters=_STATE, roles=accounts.REVIEWERS,
    ),
    Noun("webhook-deliveries", Delivery, webhooks.deliveries_visible_to, out=DeliveryOut,
         filters=_STATE | {"webhook": "subscription", "record": "record"}, roles=accounts.REVIEWERS),
    Noun("sign-ins", SignIn, accounts.sign_ins_visible_to, ("id", "at", "user", "method", "outcome", "check_failed", "address"),
         filters={"outcome": "outcome", "user": "user__email__iexact"}),
    Noun(
        "audit-events", AuditEvent, events_visible_to,
        ("id", "stream", "at", "actor_name", "role", "verb", "record_type", "record_id", "record_name", "before", "after",
         "reason", "request_id"),
        filters={"stream": "stream", "verb": "verb", "record_type": "record_type", "record_id": "record_id"},
        roles=accounts.REVIEWERS,
    ),
)  # fmt: skip
