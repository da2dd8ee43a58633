"""Invented incidents of the demo, in several states: one at the breach desk, one without a name that is asked something."""

from __future__ import annotations

from datetime import timedelta

from apps.accounts.actors import Actor
from apps.agencies.models import Agency
from apps.core import clock
from apps.incidents import breach_services as breaches
from apps.incidents import report_services as reports
from apps.incidents import services
from apps.incidents.models import Incident
from apps.incidents.report_services import Report
from apps.incidents.taxonomy import QUESTIONS

# Days before today on which each part happens.
FIRST, SECOND, THIRD = 9, 4, 1


def earlier(privacy: Actor, reporter: Actor) -> None:
    """What is over, and what went to the breach desk. Runs under the clock of `FIRST` days ago."""
    _closed(privacy, reporter)
    _breach(privacy, reporter)


def lately(privacy: Actor, reporter: Actor, contact: Actor) -> None:
    """What is being looked into, and a duplicate. Runs under the clock of `SECOND` days ago."""
    wrong = _reported(
        reporter, "A summary of a procurement rule left out the exception for small purchases. A colleague noticed.",
        "wrong_output",
    )  # fmt: skip
    services.incident_triage(actor=privacy, incident=wrong, category="wrong_output", severity=4, agency=_eotss())
    wrong = services.incident_move(actor=privacy, incident=wrong, state="investigating")
    services.task_add(
        actor=privacy, incident=wrong, what="Add the exception to the team's examples", owner="Team lead",
        due_on=clock.today() + timedelta(days=10),
    )  # fmt: skip
    again = _reported(contact, "The same summary was sent to our office.", "wrong_output")
    services.incident_merge(actor=privacy, incident=again, into=wrong)
    report = Report("Two people of one team use one account in turns.", "misuse", clock.today(), _eotss())
    nameless, _ = reports.incident_report_anonymously(report=report)
    services.incident_triage(actor=privacy, incident=nameless, category="misuse", severity=3, agency=_eotss())
    services.incident_ask(
        actor=privacy, incident=nameless, text="Is it still going on? The name of the team would help."
    )


def yesterday(contact: Actor) -> None:
    """New and not yet looked at: its clock has run out."""
    _reported(
        contact, "The answer described applicants of one town in a way that nobody should repeat.", "harmful_output"
    )


def _reported(actor: Actor, text: str, category: str) -> Incident:
    return reports.incident_report(actor=actor, report=Report(text, category, clock.today(), _eotss()))


def _eotss() -> Agency:
    return Agency.objects.get(code="TSS")


def _closed(privacy: Actor, reporter: Actor) -> None:
    outage = _reported(reporter, "No answer for an hour in the morning; letters went out a day late.", "outage")
    services.incident_triage(actor=privacy, incident=outage, category="outage", severity=5, agency=_eotss())
    services.incident_move(actor=privacy, incident=outage, state="investigating")
    services.incident_move(actor=privacy, incident=outage, state="closed", reason="The vendor explained it.")


def _breach(privacy: Actor, reporter: Actor) -> None:
    pasted = _reported(
        reporter,
        "I pasted a list of license holders with their license numbers and noticed it afterwards.",
        "data_entered",
    )
    services.incident_triage(actor=privacy, incident=pasted, category="data_entered", severity=2, agency=_eotss())
    services.incident_contain(actor=privacy, incident=pasted, note="The chat was deleted and the vendor confirmed it.")
    desk = breaches.breach_open(actor=privacy, incident=pasted)
    answers = {code: {"answer": "unknown", "note": ""} for code in QUESTIONS}
    answers["personal"] = {"answer": "yes", "note": "Names with license numbers."}
    answers["readable"] = {"answer": "yes", "note": "Plain text."}
    desk = breaches.breach_answer(actor=privacy, desk=desk, answers=answers)
    breaches.breach_describe(actor=privacy, desk=desk, content={"data": "Names and license numbers"})
    breaches.breach_notify(actor=privacy, desk=desk, recipient="soc", told_on=clock.today(), how="By telephone")
