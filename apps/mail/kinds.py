"""Every kind of mail that Beacon sends, with its subject.

Nothing personal in a subject line: it stands on lock screens and in the logs of mail servers. Subjects are fixed
sentences; the only things that may be filled in are a count and an agency's code. What a mail is about stands behind
its link, where people sign in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Group(StrEnum):
    """What a person can switch off, and what not."""

    ACCESS = "access"
    SHARED = "shared"
    ASKED = "asked"
    REMINDERS = "reminders"
    DIGEST = "digest"
    DUTY = "duty"
    REPORT = "report"
    REPORTS = "reports"
    ASKED_REPORT = "asked_report"


# These can be switched off by the person; the others concern their own access or their office.
SWITCHABLE = (Group.DIGEST, Group.REMINDERS, Group.REPORTS)
WHY = {
    Group.ACCESS: "You get this message because it is about your own access to the AI assistant.",
    Group.SHARED: "You get this message because you shared a use case.",
    Group.ASKED: "You get this message because you asked a question.",
    Group.REMINDERS: "You can switch reminders off in Beacon, on the page My mail.",
    Group.DIGEST: "You get this once a day, when something waits. You can switch it off in Beacon, on the page My mail.",
    Group.DUTY: "You get this message because of your role in Beacon.",
    Group.REPORTS: "You get this message because you are among the readers of a report. You can switch these messages off in Beacon, "
    "on the page My mail.",
    Group.ASKED_REPORT: "You get this message because you asked for a report.",
    Group.REPORT: "You get this message because you reported a problem in Beacon.",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of mail. The templates are emails/<code>.txt and .html.

    `heeds_opt_out`: not sent to people who do not take part (settings.MAIL_SUPPRESSORS).
    `is_repeatable`: sent again by itself where nobody knows whether it arrived. Only where twice does no harm and not
    at all would: an alarm. Of other kinds nobody gets two; a person decides.
    `news_for`: older than this it is no longer news, and is not sent.
    """

    code: str
    group: Group
    subject: str
    heeds_opt_out: bool = True
    is_repeatable: bool = False
    news_for: timedelta = timedelta(days=7)

    @property
    def is_switchable(self) -> bool:
        return self.group in SWITCHABLE


def _alarm(code: str, subject: str) -> Kind:
    return Kind(code, Group.DUTY, subject, heeds_opt_out=False, is_repeatable=True)


_ALL = (
    _alarm("accounts_break_glass", "Beacon: a break-glass account was used"),
    Kind("accounts_review_due", Group.DUTY, "Beacon: privileged roles wait for their review", heeds_opt_out=False),
    Kind("licenses_seat_held", Group.ACCESS, "Beacon: your request was approved, and a step is left"),
    Kind("licenses_seat_granted", Group.ACCESS, "Beacon: you can use the AI assistant now"),
    Kind("licenses_seat_restored", Group.ACCESS, "Beacon: you can use the AI assistant again"),
    Kind("licenses_seat_suspended", Group.ACCESS, "Beacon: your access to the AI assistant is paused"),
    Kind("licenses_seat_released", Group.ACCESS, "Beacon: your access to the AI assistant has ended"),
    Kind("licenses_seat_unused", Group.ACCESS, "Beacon: do you want to keep your seat?"),
    Kind("licenses_request_declined", Group.ACCESS, "Beacon: there is a decision on your request"),
    Kind("licenses_request_waiting", Group.ACCESS, "Beacon: your request was approved and waits for a seat"),
    Kind("licenses_terms_due", Group.ACCESS, "Beacon: there are new terms to accept"),
    Kind("licenses_terms_reminder", Group.REMINDERS, "Beacon: the new terms still need your answer"),
    Kind("licenses_steps_reminder", Group.REMINDERS, "Beacon: a step is left before you can use the AI assistant"),
    Kind("licenses_training_due", Group.REMINDERS, "Beacon: a training course of yours is about to lapse"),
    Kind("catalog_changes_requested", Group.SHARED, "Beacon: your use case needs a change"),
    Kind("catalog_published", Group.SHARED, "Beacon: your use case is published"),
    Kind("catalog_refused", Group.SHARED, "Beacon: there is a decision on your use case"),
    Kind("catalog_suspended", Group.SHARED, "Beacon: a use case of yours is suspended"),
    Kind("knowledge_answered", Group.ASKED, "Beacon: there is an answer to your question", heeds_opt_out=False),
    Kind(
        "catalog_waiting", Group.DUTY, "Beacon: use cases wait for the privacy office: {count}", heeds_opt_out=False,
        news_for=timedelta(hours=16),
    ),
    Kind(
        "mail_digest", Group.DIGEST, "Beacon: waiting for you today: {count}", heeds_opt_out=False,
        news_for=timedelta(hours=16),
    ),
    Kind("incidents_question", Group.REPORT, "Beacon: there is a question about your report", heeds_opt_out=False),
    Kind("reports_ready", Group.ASKED_REPORT, "Beacon: a report that you asked for is ready", heeds_opt_out=False),
    Kind("reports_scheduled", Group.REPORTS, "Beacon: a report for you is ready", heeds_opt_out=False),
    Kind("reports_monthly", Group.REPORTS, "Beacon: the reports of the month are ready", heeds_opt_out=False),
    _alarm("incidents_clock_due", "Beacon: an incident wants to be acknowledged soon"),
    _alarm("incidents_clock_late", "Beacon: an incident was not acknowledged in time"),
    _alarm("vendors_halted", "Beacon: nothing is sent to a workspace"),
    _alarm("vendors_posture", "Beacon: a workspace is not as it should be"),
    _alarm("vendors_held", "Beacon: a plan waits for a second person"),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.code: kind for kind in _ALL}

_AGENCY = re.compile(r"[A-Z0-9-]{1,10}")


def subject_of(kind: Kind, *, count: int = 0, agency: str = "") -> str:
    """The subject line. Raises `ValueError` for an agency code that is none: nothing else may be filled in."""
    if agency and not _AGENCY.fullmatch(agency):
        raise ValueError("This is not an agency's code.")
    return kind.subject.format(count=f"{int(count):,}", agency=agency)
