"""Every verb of the interface: the service that does it. What it must be sent is read off the service (building.py).

A service that is missing here stands in `NO_VERB` with the reason; a test holds the two together.
"""

from __future__ import annotations

from apps.accounts import mapping_services as mappings
from apps.accounts import services as accounts
from apps.accounts import token_services as tokens
from apps.accounts.actors import Role, Scope
from apps.agencies import roster_services as roster
from apps.agencies import services as agencies
from apps.api.building import Verb
from apps.catalog import review_services as case_reviews
from apps.catalog import services as cases
from apps.incidents import breach_services as breaches
from apps.incidents import report_services as incident_reports
from apps.incidents import services as incidents
from apps.knowledge import article_services as articles
from apps.knowledge import proxy_services as proxy
from apps.knowledge import question_services as questions
from apps.knowledge import services as knowledge
from apps.knowledge.forms import ArticleForm, ObligationForm, ToolForm
from apps.licenses import access_review_services as access_reviews
from apps.licenses import protection_services as protection
from apps.licenses import reclaim_services as reclaim
from apps.licenses import services as licenses
from apps.mail import services as mail
from apps.reports import records_services as records
from apps.reports import services as reports
from apps.reports import survey_services as survey
from apps.reports import transparency_services as transparency
from apps.rollout import services as rollout
from apps.terms import services as terms
from apps.training import import_services as training_imports
from apps.training import services as training
from apps.vendors import drift
from apps.vendors import services as vendors
from apps.vendors import usage_services as usage
from apps.webhooks import services as webhooks

VERBS = (
    # -- directory
    Verb("contacts", "", agencies.contact_add),
    Verb("contacts", "end", agencies.contact_end, "contact"),
    Verb("roster-runs", "", roster.roster_receive),
    Verb("roster-runs", "confirm", roster.roster_confirm, "run"),
    Verb("roster-runs", "release", roster.roster_release, "run"),
    Verb("roster-runs", "discard", roster.roster_discard, "run"),
    # -- roll-out
    Verb("phases", "", rollout.phase_create),
    Verb("phases", "schedule", rollout.phase_schedule, "phase"),
    Verb("phases", "open", rollout.phase_open, "phase"),
    Verb("phases", "pause", rollout.phase_pause, "phase"),
    Verb("phases", "resume", rollout.phase_resume, "phase"),
    Verb("phases", "close", rollout.phase_close, "phase"),
    Verb("phases", "roll-back", rollout.phase_roll_back, "phase"),
    Verb("phases", "sign-off", rollout.phase_sign_off, "phase"),
    Verb("phases", "add-agency", rollout.phase_agency_add, "phase"),
    Verb("phases", "ask-waiver", rollout.waiver_request, "phase"),
    Verb("phase-agencies", "allocate", rollout.phase_agency_allocate, "place"),
    Verb("phase-agencies", "attest", rollout.phase_agency_attest, "place"),
    Verb("gate-waivers", "confirm", rollout.waiver_confirm, "waiver"),
    # -- training and terms
    Verb("training/courses", "", training.course_create),
    Verb("training/courses", "revise", training.course_revise, "course"),
    Verb("training/completions", "record", training.completion_record, scope=Scope.COMPLETIONS),
    Verb("training/waivers", "", training.training_waive),
    Verb("training/waivers", "end", training.training_waiver_end, "waiver"),
    Verb("training/imports", "", training_imports.completions_receive, scope=Scope.COMPLETIONS),
    Verb("training/imports", "match", training_imports.completions_match, "run"),
    Verb("training/imports", "apply", training_imports.completions_apply, "run"),
    Verb("training/imports", "discard", training_imports.completions_discard, "run"),
    Verb("terms/versions", "", terms.terms_draft),
    Verb("terms/versions", "revise", terms.terms_revise, "version"),
    Verb("terms/versions", "translate", terms.terms_translate, "version"),
    Verb("terms/versions", "publish", terms.terms_publish, "version", fixed={"typed": None}),
    Verb("terms/versions", "unschedule", terms.terms_unschedule, "version"),
    # -- seats
    Verb("requests", "withdraw", licenses.request_withdraw, "request"),
    Verb("requests", "approve", licenses.request_approve, "request", scope=Scope.DECIDE),
    Verb("requests", "decline", licenses.request_decline, "request", scope=Scope.DECIDE),
    Verb("seats", "suspend", licenses.seat_suspend, "seat"),
    Verb("seats", "restore", licenses.seat_restore, "seat"),
    Verb("seats", "revoke", licenses.seat_revoke, "seat"),
    Verb("seats", "hand-back", licenses.seat_hand_back, answer="done"),
    Verb("seats", "keep", reclaim.seat_keep, answer="done"),
    Verb("seats", "ask-back", reclaim.request_return, answer="done"),
    Verb("seats", "decline-taking-part", licenses.participation_decline, answer="done"),
    Verb("contracts", "", licenses.contract_create),
    Verb("contracts", "amend", licenses.contract_amend, "contract"),
    Verb("contracts", "set-reclaim", reclaim.reclaim_set, "contract", answer="done"),
    Verb("reclaim-runs", "confirm", reclaim.reclaim_confirm, "run"),
    Verb("reclaim-runs", "discard", reclaim.reclaim_discard, "run"),
    Verb("stops", "lift", protection.stop_lift, "stop"),
    Verb("legal-holds", "", protection.hold_place),
    Verb("legal-holds", "end", protection.hold_end, "hold"),
    Verb("access-reviews", "", access_reviews.review_open),
    Verb("access-reviews", "answer", access_reviews.items_answer, "review", answer="done"),
    Verb("access-reviews", "close", access_reviews.review_close, "review"),
    # -- vendor
    Verb("workspaces", "", vendors.workspace_create),
    Verb("workspaces", "expect", vendors.workspace_expect, "workspace"),
    Verb("workspaces", "limit", vendors.workspace_limit, "workspace"),
    Verb("workspaces", "readdress", vendors.workspace_readdress, "workspace"),
    Verb("workspaces", "record-retention", vendors.workspace_record_retention, "workspace"),
    Verb("workspaces", "place-agencies", vendors.agencies_place, "workspace", answer="done"),
    Verb("workspaces", "record-assumption", vendors.assumption_record, "workspace", answer="done"),
    Verb("workspaces", "receive-usage", usage.usage_receive, "workspace"),
    Verb("usage-imports", "apply", usage.usage_apply, "run"),
    Verb("usage-imports", "discard", usage.usage_discard, "run"),
    Verb("sync-runs", "release", vendors.run_release, "run"),
    Verb("sync-runs", "discard", vendors.run_discard, "run"),
    Verb("operations", "retry", vendors.operation_retry, "operation"),
    Verb("operations", "cancel", vendors.operation_cancel, "operation"),
    Verb("drift", "adopt", drift.drift_adopt, "drift"),
    Verb("drift", "remove", drift.drift_remove, "drift"),
    Verb("drift", "repair", drift.drift_repair, "drift"),
    Verb("drift", "ignore", drift.drift_ignore, "drift"),
    # -- use cases
    Verb("use-cases", "", cases.case_begin),
    Verb("use-cases", "write", cases.case_write, "case"),
    Verb("use-cases", "submit", cases.case_submit, "case"),
    Verb("use-cases", "withdraw", cases.case_withdraw, "case"),
    Verb("use-cases", "review", case_reviews.case_review, "case"),
    Verb("use-cases", "adopt", case_reviews.case_adopt, "case", roles=(Role.CONTACT, Role.ADMINISTRATOR)),
    Verb("use-cases", "ask-lower-tier", case_reviews.lowering_request, "case"),
    Verb("use-cases", "report", cases.case_report, "case"),
    Verb("use-cases", "set-stage", cases.case_set_stage, "case"),
    Verb("use-cases", "answer-practices", cases.case_answer_practices, "case"),
    Verb("use-cases", "reconfirm", cases.case_reconfirm, "case"),
    Verb("use-cases", "suspend", cases.case_suspend, "case"),
    Verb("use-cases", "resume", cases.case_resume, "case"),
    Verb("use-cases", "retire", cases.case_retire, "case"),
    Verb("tier-lowerings", "decide", case_reviews.lowering_decide, "lowering"),
    Verb("adoptions", "report", case_reviews.adoption_report, "adoption"),
    # -- incidents
    Verb("incidents", "triage", incidents.incident_triage, "incident"),
    Verb("incidents", "move", incidents.incident_move, "incident"),
    Verb("incidents", "contain", incidents.incident_contain, "incident", answer="done"),
    Verb("incidents", "merge", incidents.incident_merge, "incident"),
    Verb("incidents", "note", incidents.incident_note, "incident", answer="done"),
    Verb("incidents", "ask", incidents.incident_ask, "incident", answer="done"),
    Verb("incidents", "answer", incident_reports.incident_answer, "incident", answer="done"),
    Verb("incidents", "concern", incidents.person_concern, "incident", answer="done"),
    Verb("incidents", "add-task", incidents.task_add, "incident"),
    Verb("incidents", "name-handler", incidents.handler_name, "incident", answer="done"),
    Verb("incidents", "release-handler", incidents.handler_release, "incident", answer="done"),
    Verb("incidents", "open-breach-desk", breaches.breach_open, "incident"),
    Verb("incident-tasks", "finish", incidents.task_finish, "task"),
    Verb("breach-desks", "answer", breaches.breach_answer, "desk", answer="done"),
    Verb("breach-desks", "describe", breaches.breach_describe, "desk", answer="done"),
    Verb("breach-desks", "decide", breaches.breach_decide, "desk", answer="done"),
    Verb("breach-desks", "notify", breaches.breach_notify, "desk", answer="done"),
    # -- knowledge
    Verb("knowledge/drafts", "", articles.article_write, form=ArticleForm, answer="done"),
    Verb("knowledge/drafts", "edit", articles.article_edit, "article", form=ArticleForm, answer="done"),
    Verb("knowledge/drafts", "publish", articles.article_publish, "article", answer="done"),
    Verb("knowledge/drafts", "confirm", articles.article_confirm, "article", answer="done"),
    Verb("knowledge/drafts", "retire", articles.article_retire, "article", answer="done"),
    Verb("knowledge/questions", "", questions.question_ask),
    Verb("knowledge/questions", "answer", questions.question_answer, "question", answer="done"),
    Verb("knowledge/questions", "hand-over", questions.question_hand_over, "question"),
    Verb("knowledge/questions", "reopen", questions.question_reopen, "question"),
    Verb("knowledge/questions", "to-article", articles.article_from_question, "question", answer="done"),
    Verb("knowledge/tools", "", knowledge.tool_add, form=ToolForm),
    Verb("knowledge/tools", "edit", knowledge.tool_edit, "tool", form=ToolForm),
    Verb("knowledge/obligations", "", knowledge.obligation_add, form=ObligationForm),
    Verb("knowledge/obligations", "edit", knowledge.obligation_edit, "obligation", form=ObligationForm),
    Verb("knowledge/announcements", "", knowledge.announcement_add),
    Verb("knowledge/announcements", "end", knowledge.announcement_end, "announcement"),
    Verb("knowledge/proxy-months", "", proxy.proxy_import, answer="done"),
    # -- reports and mail
    Verb("stored-reports", "check", reports.report_check, "report"),
    Verb("saved-reports", "", reports.saved_create),
    Verb("saved-reports", "change", reports.saved_change, "saved"),
    Verb("saved-reports", "end", reports.saved_end, "saved"),
    Verb("records-bundles", "", records.bundle_request),
    Verb("reports", "switch-transparency", transparency.transparency_switch, answer="done"),
    Verb("reports", "answer-survey", survey.survey_answer, answer="done"),
    Verb("mail", "retry", mail.message_retry, "message"),
    Verb("mail", "prefer", mail.preference_set, answer="done"),
    Verb("mail-suppressions", "lift", mail.suppression_lift, "suppression"),
    # -- access
    Verb("people", "", accounts.user_create),
    Verb("people", "end-sign-ins", accounts.sessions_end, "user", answer="number", fixed={"but": ""}),
    Verb("roles", "", accounts.role_grant),
    Verb("roles", "confirm", accounts.role_confirm, "assignment"),
    Verb("roles", "review", accounts.role_review, "assignment"),
    Verb("roles", "end", accounts.role_end, "assignment"),
    Verb("role-mappings", "", mappings.mapping_create),
    Verb("role-mappings", "confirm", mappings.mapping_confirm, "mapping"),
    Verb("role-mappings", "end", mappings.mapping_end, "mapping"),
    Verb("tokens", "withdraw", tokens.token_withdraw, "token"),
    Verb("webhooks", "revise", webhooks.subscription_revise, "subscription"),
    Verb("webhooks", "test", webhooks.subscription_test, "subscription"),
    Verb("webhooks", "pause", webhooks.subscription_pause, "subscription"),
    Verb("webhooks", "resume", webhooks.subscription_resume, "subscription"),
    Verb("webhooks", "replay", webhooks.deliveries_replay, "subscription"),
    Verb("webhooks", "end", webhooks.subscription_end, "subscription"),
    Verb("webhook-deliveries", "replay", webhooks.delivery_replay, "delivery"),
)

# Services without a verb here, each with its reason.
_BEACON = "Beacon's own work, in the background."
_OWN_VIEW = "An app's own view does it."
NO_VERB = {
    "agency_add": "By file, with the plan that people look at (docs/import-export.md).",
    "agency_revise": "By file, with the plan that people look at (docs/import-export.md).",
    "import_receive": "A page or the command import_register: a person looks at the plan.",
    "import_apply": "A page or the command import_register: a person looks at the plan.",
    "import_discard": "A page: a person looks at the plan.",
    "people_export": "A file for a person, with a fresh sign-in.",
    "people_taken": "Beacon writes it down by itself.",
    "import_plan": _BEACON, "import_go_on": _BEACON,
    "agencies_load": "A command of the operators.",
    "employee_link_user": _BEACON,
    "roster_plan": _BEACON, "roster_apply": _BEACON, "roster_work": _BEACON, "chain_verify": _BEACON,
    "reclaim_look": _BEACON, "bounce_record": _BEACON, "bundle_make": _BEACON, "report_make": _BEACON,
    "reports_due": _BEACON, "terms_take_effect": _BEACON, "usage_fetch": _BEACON, "usage_read": _BEACON,
    "drifts_record": _BEACON,
    "employee_receive": "SCIM is the interface for it.", "employee_withdraw": "SCIM is the interface for it.", "run_hold": _BEACON,
    "request_submit": _OWN_VIEW, "requests_decide": _OWN_VIEW, "stop_start": _OWN_VIEW, "terms_accept": _OWN_VIEW,
    "completions_post": _OWN_VIEW, "report_request": _OWN_VIEW, "incident_report": _OWN_VIEW,
    "completions_import": "Receiving, matching and applying are verbs of their own.",
    "phase_change": "Its values hang on each other; the page asks for them together.",
    "people_remind": "The page counts whom it reminds.",
    "evidence_take": "A file for a person, with a fresh sign-in (docs/evidence.md).",
    "chain_verify_request": "The command verify_audit answers at once.",
    "incident_report_anonymously": "At an interface nobody is anonymous.",
    "incident_answer_by_code": "At an interface nobody is anonymous.",
    "incident_attach": "Files of incidents come in by the page, which cleans pictures.",
    "session_end": "A browser's own.",
    "connection_create": "A token cannot make its like: people do, at a browser.",
    "connection_end": "People do, at a browser.",
    "subscription_create": "Its secret is shown once, to a person at a browser.",
    "secret_rotate": "Shown once, to a person at a browser.",  # nosec B105 - a sentence  # pragma: allowlist secret
    "token_create": "A token cannot make its like: people do, at a browser.",
}  # fmt: skip
