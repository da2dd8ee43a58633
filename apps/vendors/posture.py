"""Posture: whether a workspace is as it should be, asked of the vendor with each sync and held against the record.

A check whose expected value is not on record is not made. What the vendor does not answer stays as it was and grows old:
after 24 hours it counts as not known, and no phase opens on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core import clock
from apps.licenses.ports import Listing, Misconfigured, ProviderError, SeatProvider
from apps.vendors.models import Drift, PostureCheck, VendorAccount, Workspace

FRESH = timedelta(hours=24)
KEY_WARNING = timedelta(days=30)
LEAVER_LIMIT = timedelta(hours=24)
_LOG_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its title, what is expected (empty: not checked), and how the answer is found in our own record."""

    code: str
    title: str
    expected: Callable[[Workspace], str]
    observed: Callable[[Workspace], str] | None = None


def ask(workspace: Workspace, provider: SeatProvider) -> dict[str, str]:
    """What the vendor says to the checks that only it can answer, by code. Refusals are left out. No transaction."""
    answers: dict[str, str] = {}
    questions: dict[str, Callable[[], str]] = {}
    if workspace.expected_retention:
        questions["data_retention"] = provider.retention
    if workspace.expects_audit_log:
        questions["audit_log"] = lambda: _audit_log(provider)
    for code, question in questions.items():
        try:
            answer = question()
        except Misconfigured as error:
            answers[code] = f"refused (HTTP {error.status})"
        except ProviderError:
            continue
        else:
            answers[code] = answer
    return {code: answer for code, answer in answers.items() if answer}


def _audit_log(provider: SeatProvider) -> str:
    """The vendor keeps a log if it has a line of the last 30 days; our own calls leave some."""
    listing = Listing()
    first = next(iter(provider.events(clock.now() - _LOG_WINDOW, listing)), None)
    if first is not None:
        return "on"
    return "off" if listing.complete else ""


def _owners(workspace: Workspace) -> str:
    approved = {email.lower() for email in [*workspace.approved_owners, *workspace.protected_emails]}
    owners = VendorAccount.objects.filter(workspace=workspace, gone_at=None, role="owner", is_service=False)
    strangers = sorted({str(owner) for owner in owners if owner.email_key not in approved})
    return ", ".join(strangers[:10]) or "none"


def _scim(workspace: Workspace) -> str:
    return "on" if VendorAccount.objects.filter(workspace=workspace, gone_at=None, is_scim=True).exists() else "off"


def _leavers(workspace: Workspace) -> str:
    late = Drift.objects.filter(
        workspace=workspace, kind="leaver", state="open", first_seen_at__lt=clock.now() - LEAVER_LIMIT
    ).count()
    return f"{late:,}" if late else "none"


def _key(workspace: Workspace) -> str:
    if workspace.key_expires_on is None:
        return ""
    if workspace.key_expires_on > clock.today() + KEY_WARNING:
        return "more than 30 days"
    return f"ends on {workspace.key_expires_on:%B %-d, %Y}"


CHECKS = (
    Check("data_retention", "Data retention at the vendor", lambda w: w.expected_retention),
    Check("audit_log", "Audit log at the vendor", lambda w: "on" if w.expects_audit_log else ""),
    Check("owners", "Owners who are not approved", lambda w: "none", _owners),
    Check("scim", "Accounts managed by the identity provider", lambda w: w.expected_scim, _scim),
    Check("leavers", "Leavers still active after 24 hours", lambda w: "none", _leavers),
    Check(
        "key", "Time left of the workspace's key", lambda w: "more than 30 days" if w.key_expires_on else "", _key
    ),
)  # fmt: skip
TITLES = {check.code: check.title for check in CHECKS}


def record(workspace: Workspace, answers: dict[str, str], at: datetime, *, is_complete: bool) -> None:
    """Write down what was found. `at` is the start of the observation; only a complete one says anything new about what
    our own picture of the workspace answers.
    """
    known = {check.code: check for check in PostureCheck.objects.filter(workspace=workspace)}
    for check in CHECKS:
        expected = check.expected(workspace)
        if not expected:
            if check.code in known:
                known[check.code].delete()
            continue
        observed = _seen(check, workspace, answers, is_complete)
        found = known.get(check.code) or PostureCheck(workspace=workspace, code=check.code)
        if observed:
            found.checked_at = at
        _compare(found, expected, observed or found.observed, at)


def _seen(check: Check, workspace: Workspace, answers: dict[str, str], is_complete: bool) -> str:
    """What was found this time; empty where nothing new was."""
    if check.observed is None:
        return answers.get(check.code, "")
    return check.observed(workspace) if is_complete else ""


def _compare(found: PostureCheck, expected: str, observed: str, at: datetime) -> None:
    state = "unknown" if not observed else "good" if observed == expected else "bad"
    if state != found.state or found.pk is None:
        found.since, found.alarmed_at = at, None
    found.expected, found.observed, found.state = expected, observed, PostureCheck.State(state)
    found.save()


def problems(workspace: Workspace) -> list[str]:
    """Why the workspace's posture is not clean, in sentences; empty where it is."""
    if workspace.is_halted:
        return ["Nothing can be asked of the workspace: " + workspace.halt_reason]
    checks = list(workspace.posture.all())
    if not checks:
        return ["It was never looked at."]
    found = []
    for check in checks:
        title = TITLES.get(check.code, check.code)
        if check.state == "bad":
            found.append(f"{title}: {check.observed}, expected {check.expected}.")
        elif check.checked_at is None or clock.now() - check.checked_at > FRESH:
            found.append(f"{title}: not seen within 24 hours.")
    return found
