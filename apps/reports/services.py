"""Every write of reports: asking for one that is kept, making it, naming it, and who gets it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F

from apps.accounts.actors import SYSTEM, Actor, Role
from apps.accounts.models import User
from apps.accounts.selectors import actor_for
from apps.audit import services as audit
from apps.audit.signing import Signature, is_signed, sign
from apps.core import bell, clock
from apps.core.errors import BeaconError, Invalid, NotPermitted, given
from apps.core.pdf import NoPrinter
from apps.mail.outbox import Letter, To, mail_queue
from apps.reports.access import built, day_for, is_floored, may_read, report_for, scope_for
from apps.reports.document import Data, data_of, to_json
from apps.reports.figures import is_known, latest_day
from apps.reports.lifecycle import REPORT
from apps.reports.models import KINDS, ReportFile, SavedReport, StoredReport
from apps.reports.renderings import pdf_of
from apps.reports.scopes import EVERYTHING, Scope, landscape_on, scopes_in

_ATTEMPTS = 3
# Longer than this is worth a mail to whoever waits.
_LONG = timedelta(minutes=1)
MONTHLY_READERS = {
    "adoption": (Role.LEADER, Role.ADMINISTRATOR, Role.PRIVACY),
    "compliance": (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR),
}


def report_request(*, actor: Actor, kind: str, scope: str = "", day: date | None = None) -> StoredReport:
    """Have a report made and kept. One that is there already is the answer. Raises `Invalid` for what is not theirs."""
    if kind not in KINDS:
        raise Invalid("There is no such report.")
    on = day_for(actor, day)
    return _queue(actor, kind, scope_for(actor, scope, on), on, floored=is_floored(actor, kind))


def _queue(
    actor: Actor, kind: str, scope: Scope, day: date, *, floored: bool, saved: SavedReport | None = None
) -> StoredReport:
    from apps.reports.tasks import make_report

    with transaction.atomic():
        report, is_new = StoredReport.objects.exclude(state=StoredReport.State.FAILED).get_or_create(
            kind=kind, scope=str(scope), as_of=day, is_floored=floored,
            defaults={
                "scope_label": scope.label, "asked_by_key": actor.key, "asked_by": actor.name, "asked_at": clock.now(),
                "saved": saved,
            },
        )  # fmt: skip
        if is_new:
            audit.record(actor, "reports.report.requested", report, after=_about(report))
            bell.ring(make_report, report.pk)
    return report


def _about(report: StoredReport) -> dict[str, object]:
    return {"kind": report.kind, "scope": report.scope, "as_of": report.as_of, "is_floored": report.is_floored}


def report_make(*, actor: Actor, report: StoredReport) -> StoredReport:
    """Make a queued report: its data read afresh, signed and kept with its PDF. Whoever waited long is told."""
    if not actor.is_system:
        raise NotPermitted("Beacon makes reports by itself, once they were asked for.")
    # Counted before the work and apart from it: a report that breaks its worker is not tried for ever.
    counted = StoredReport.objects.filter(pk=report.pk, state="queued").update(attempts=F("attempts") + 1)
    with transaction.atomic():
        found = StoredReport.objects.select_for_update(skip_locked=True).filter(pk=report.pk, state="queued").first()
        if not counted or found is None:
            return StoredReport.objects.get(pk=report.pk)
        if found.attempts > _ATTEMPTS:
            return _failed(actor, found, "Beacon tried three times. EOTSS finds the reason in the worker's log.")
        try:
            with transaction.atomic():
                data = _data_again(found)
        except BeaconError as problem:
            return _failed(actor, found, str(problem))
        _keep(found, data)
        audit.record(actor, "reports.report.made", found, after=_about(found) | {"sha256": found.sha256})
        _tell(found)
    return found


def _data_again(report: StoredReport) -> Data:
    """The report's data as they come out now. Raises `Invalid` where its scope was not there on its day."""
    scope = next((one for one in scopes_in(landscape_on(report.as_of)) if str(one) == report.scope), None)
    if scope is None:
        raise Invalid("What the report is about was not there on that day.")
    return data_of(built(report.kind, scope, report.as_of, floored=report.is_floored, fresh=True))


def _keep(report: StoredReport, data: Data) -> None:
    content = to_json(data)
    signature = sign(content)
    files = [ReportFile(report=report, form=ReportFile.Form.JSON, content=content)]
    try:
        files.append(ReportFile(report=report, form=ReportFile.Form.PDF, content=pdf_of(data)))
    except NoPrinter as missing:
        report.problem = str(missing)
    ReportFile.objects.bulk_create(files)
    REPORT.check(report.state, StoredReport.State.DONE)
    report.state, report.made_at, report.opinion = StoredReport.State.DONE, clock.now(), data["opinion"]
    report.sha256 = hashlib.sha256(content).hexdigest()
    report.signature, report.key_id = signature.value, signature.key_id
    report.save()


def _failed(actor: Actor, report: StoredReport, problem: str) -> StoredReport:
    REPORT.check(report.state, StoredReport.State.FAILED)
    report.state, report.problem = StoredReport.State.FAILED, problem[:300]
    report.save(update_fields=["state", "problem"])
    audit.record(actor, "reports.report.failed", report, after={"problem": report.problem})
    return report


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the report came out the same, its hash fits what is kept, its signature fits the hash."""

    is_same: bool
    is_whole: bool
    is_signed: bool

    @property
    def is_good(self) -> bool:
        return self.is_same and self.is_whole and self.is_signed

    @property
    def words(self) -> list[str]:
        """What is wrong, one sentence each; one sentence that all is well."""
        wrong = []
        if not self.is_whole:
            wrong.append("The file that is kept is not the one that was made: its hash is another.")
        if not self.is_signed:
            wrong.append("The signature does not fit.")
        if not self.is_same:
            wrong.append(
                "Made again for the same day the report comes out otherwise: a record of that day was changed."
            )
        return wrong or ["Made again, the report is the same byte for byte. Its hash and signature fit."]


def report_check(*, actor: Actor, report: StoredReport) -> Checked:
    """Make a kept report again now and compare it with what was kept and signed. The result is audited."""
    actor.require(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
    if report.state != StoredReport.State.DONE:
        raise Invalid("The report is not made yet.", how_to_fix="Wait until it is ready.")
    kept = bytes(report.files.get(form=ReportFile.Form.JSON).content)
    with transaction.atomic():
        found = Checked(
            is_same=kept == to_json(_data_again(report)),
            is_whole=hashlib.sha256(kept).hexdigest() == report.sha256,
            is_signed=is_signed(kept, Signature(report.key_id, report.signature)),
        )
        audit.record(actor, "reports.report.checked", report, after=asdict(found))
    return found


# ---- under a name ------------------------------------------------------------------------------------------


def saved_create(
    *, actor: Actor, name: str, kind: str, scope: str = "", cadence: str = "", recipients: Iterable[User] = ()
) -> SavedReport:
    """Keep a report's questions under a name; with a cadence it is made by itself and recipients get a link.

    Raises `NotPermitted` naming a recipient who may not read it.
    """
    if actor.user_id is None:
        raise NotPermitted("Only people keep reports.")
    document = report_for(actor, kind, scope, None)
    with transaction.atomic():
        saved = SavedReport.objects.create(
            name=given(name), kind=kind, scope=document.scope, scope_label=document.scope_label,
            is_floored=is_floored(actor, kind), cadence=_cadence(cadence, floored=is_floored(actor, kind)),
            owner_id=actor.user_id,
        )  # fmt: skip
        people = _readers(saved, recipients)
        saved.recipients.set(people)
        audit.record(
            actor, "reports.saved.created", saved,
            after={"kind": kind, "scope": saved.scope, "cadence": saved.cadence, "recipients": len(people)},
        )  # fmt: skip
    return saved


def saved_change(
    *, actor: Actor, saved: SavedReport, name: str, cadence: str, recipients: Iterable[User]
) -> SavedReport:
    """Another name, cadence or other recipients. Only its owner and EOTSS do this."""
    _require_owner(actor, saved)
    with transaction.atomic():
        saved = SavedReport.objects.select_for_update().get(pk=saved.pk)
        before = _terms(saved)
        saved.name, saved.cadence = given(name), _cadence(cadence, floored=saved.is_floored)
        saved.save(update_fields=["name", "cadence"])
        saved.recipients.set(_readers(saved, recipients))
        audit.record(actor, "reports.saved.changed", saved, before=before, after=_terms(saved))
    return saved


def saved_end(*, actor: Actor, saved: SavedReport) -> SavedReport:
    """No longer made or sent; what was made stays."""
    _require_owner(actor, saved)
    with transaction.atomic():
        saved = SavedReport.objects.select_for_update().get(pk=saved.pk)
        saved.is_active = False
        saved.save(update_fields=["is_active"])
        audit.record(actor, "reports.saved.ended", saved)
    return saved


def _terms(saved: SavedReport) -> dict[str, object]:
    return {"name": saved.name, "cadence": saved.cadence, "recipients": saved.recipients.count()}


def _require_owner(actor: Actor, saved: SavedReport) -> None:
    if saved.owner_id != actor.user_id and not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted("Only its owner and EOTSS change a saved report.", how_to_fix="Keep one of your own.")


def _cadence(asked: str, *, floored: bool) -> str:
    if asked not in SavedReport.Cadence.values:
        raise Invalid("There is no such cadence.")
    if asked == SavedReport.Cadence.WEEKLY and floored:
        raise Invalid(
            "Reports without small figures come monthly at most.",
            how_to_fix="From one week to the next so few people come and go that they could be guessed.",
        )
    return asked


def _readers(saved: SavedReport, recipients: Iterable[User]) -> list[User]:
    people = list(recipients)
    for person in people:
        reader = actor_for(person)
        if reader is None or not may_read(reader, saved.scope, floored=saved.is_floored):
            raise NotPermitted(
                f"{person} may not read this report.", how_to_fix="Take them out, or choose another scope."
            )
    return people


# ---- by themselves -----------------------------------------------------------------------------------------


def reports_due(today: date | None = None) -> int:
    """Queue what is due: saved reports by their cadence, and the monthly ones about everything. Returns how many."""
    latest = latest_day() if today is None else today
    month, week = _last_month_end(latest), latest - timedelta(days=(latest.weekday() + 1) % 7)
    count = 0
    for kind in KINDS:
        floored = kind == "adoption"
        known = StoredReport.objects.filter(kind=kind, scope="all", as_of=month, is_floored=floored)
        if not known.exists() and is_known(month):
            _queue(SYSTEM, kind, EVERYTHING, month, floored=floored)
            count += 1
    for saved in SavedReport.objects.filter(is_active=True).exclude(cadence=""):
        day = month if saved.cadence == SavedReport.Cadence.MONTHLY else week
        if saved.last_for is None or saved.last_for < day:
            count += _queue_saved(saved, day)
    return count


def _queue_saved(saved: SavedReport, day: date) -> int:
    scope = next((one for one in scopes_in(landscape_on(day)) if str(one) == saved.scope), None)
    with transaction.atomic():
        updated = SavedReport.objects.filter(pk=saved.pk).exclude(last_for=day).update(last_for=day)
        if not updated or scope is None or not is_known(day):
            return 0
        report = _queue(SYSTEM, saved.kind, scope, day, floored=saved.is_floored, saved=saved)
        if report.state == StoredReport.State.DONE:
            _send(report, saved)
    return 1


def _last_month_end(day: date) -> date:
    """The last day of the last month that was over on a day."""
    following = day + timedelta(days=1)
    return day if following.day == 1 else day.replace(day=1) - timedelta(days=1)


def _tell(report: StoredReport) -> None:
    """Mail links: to recipients of what comes by itself, and to whoever waited longer than a minute."""
    for saved in SavedReport.objects.filter(
        is_active=True, kind=report.kind, scope=report.scope, is_floored=report.is_floored, last_for=report.as_of
    ):
        _send(report, saved)
    if report.asked_by_key == SYSTEM.key and report.saved_id is None:
        roles = [role.value for role in MONTHLY_READERS[report.kind]]
        holders = User.objects.filter(
            is_active=True, role_assignments__role__in=roles, role_assignments__ended_at=None
        ).distinct()
        _letters(report, holders, "reports_monthly")
    elif report.made_at and report.made_at - report.asked_at > _LONG:
        _letters(report, User.objects.filter(key=report.asked_by_key), "reports_ready")


def _send(report: StoredReport, saved: SavedReport) -> None:
    _letters(report, saved.recipients.all(), "reports_scheduled")


def _letters(report: StoredReport, people: Iterable[User], kind: str) -> int:
    """Checked again now: whoever may not read the report any more gets no mail about it."""
    letters = []
    for person in people:
        reader = actor_for(person)
        if reader is not None and may_read(reader, report.scope, floored=report.is_floored):
            letters.append(
                Letter(
                    To(person.email, person.pk, reader.employee_id), key=f"{report.pk}:{person.pk}",
                    path=f"/reports/stored/{report.pk}/", about=("reports.StoredReport", str(report.pk)),
                    context={"kind": report.get_kind_display().lower()},
                )
            )  # fmt: skip
    return mail_queue(kind, letters)
