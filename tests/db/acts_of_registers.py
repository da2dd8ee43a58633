"""How each service of the registers is called once, for tests/db/test_one_event_each.py: terms, training, use cases, knowledge,
incidents.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from apps.accounts.actors import SYSTEM
from apps.agencies import services as agencies
from apps.catalog import review_services as reviews
from apps.catalog import services as cases
from apps.core import clock
from apps.core.uploads import Upload
from apps.incidents import breach_services as breaches
from apps.incidents import report_services as reports
from apps.incidents import services as incidents
from apps.incidents.models import Incident, Task
from apps.knowledge import article_services as articles
from apps.knowledge import question_services as questions
from apps.knowledge import services as register
from apps.registers import services as files
from apps.terms import services as terms
from apps.training import import_services as training_imports
from apps.training import services as training
from tests.factories import catalog, knowledge
from tests.factories.cast import World

Act = Callable[[], object]
TODAY = clock.today


def with_(make: Callable[[World], object], act: Callable[[World, Any], object]) -> Callable[[World], Act]:
    def prepare(w: World) -> Act:
        thing = make(w)
        return lambda: act(w, thing)

    return prepare


def _draft(w: World) -> object:
    return terms.terms_draft(actor=w.paula, title="T", body="B")


def _planned(w: World) -> object:
    return training_imports.completions_receive(
        actor=w.erin, file_name="x.csv", content=b"employee_id,course,completed_on\nA003,AI-101,2026-01-05\n"
    )


def _file(w: World) -> Any:
    return files.import_receive(
        actor=w.erin, register="courses", file_name="c.csv", content=b"code,title\nX-1,Better\n"
    )


def _planned_file(w: World) -> Any:
    return files.import_plan(actor=SYSTEM, run=_file(w))


def _confirmed_file(w: World) -> Any:
    """Its one row says what is known: what rows change, their own services write down."""
    run = files.import_receive(
        actor=w.erin, register="courses", file_name="c.csv", content=b"code,valid_days\nAI-101,365\n"
    )
    files.import_plan(actor=SYSTEM, run=run)
    return files.import_apply(actor=w.erin, run=run, number=0, reason="x")


def _announced(w: World) -> object:
    return terms.terms_publish(actor=w.paula, version=_draft(w), on=clock.today() + timedelta(days=1), reason="x")


def _tomorrow(act: Callable[[], object]) -> object:
    with clock.shifted(timedelta(days=1)):
        return act()


def _sent(w: World) -> object:
    return catalog.sent(w.bob, principal_basis=True)


def _lowering(w: World) -> object:
    return reviews.lowering_request(actor=w.erin, case=_sent(w), to_tier="routine", justification="x")


def _suspended(w: World) -> object:
    return cases.case_suspend(actor=w.paula, case=catalog.published(w), reason="x")


def _adopted(w: World) -> object:
    return reviews.case_adopt(actor=w.charlie, case=catalog.published(w), agency=w.b)


def _problem() -> reports.Report:
    return reports.Report("It made a rule up", "wrong_output", TODAY())


def _reported(w: World) -> Incident:
    return reports.incident_report(actor=w.bob, report=_problem())


def _triaged(w: World) -> Incident:
    return incidents.incident_triage(actor=w.paula, incident=_reported(w), category="data_entered", severity=2)


def _task(w: World) -> Task:
    return incidents.task_add(actor=w.paula, incident=_triaged(w), what="Look", owner="Paula", due_on=TODAY())


def _answered(_w: World) -> Act:
    _, code = reports.incident_report_anonymously(report=_problem())
    return lambda: reports.incident_answer_by_code(code=code, text="More")


def _merged(w: World) -> Act:
    one, other = _reported(w), _reported(w)
    return lambda: incidents.incident_merge(actor=w.paula, incident=one, into=other)


def _desk(w: World) -> object:
    return breaches.breach_open(actor=w.paula, incident=_triaged(w))


def _incident(name: str, **more: Any) -> Callable[[World], Act]:
    return with_(_triaged, lambda w, i: getattr(incidents, name)(actor=w.paula, incident=i, **more))


def _breach(name: str, **more: Any) -> Callable[[World], Act]:
    return with_(_desk, lambda w, d: getattr(breaches, name)(actor=w.paula, desk=d, **more))


_ANSWERS = {code: {"answer": "no", "note": ""} for code in ("personal", "readable", "unauthorized", "risk")}
EXAMPLES: dict[str, Callable[[World], Act]] = {
    "agency_add": lambda w: lambda: agencies.agency_add(actor=w.erin, code="ccc", name="Council"),
    "agency_revise": lambda w: lambda: agencies.agency_revise(
        actor=w.erin, agency=w.a, name="Apples", parent=None, planned_headcount=3, reason="x"
    ),
    "import_receive": lambda w: lambda: _file(w),
    "import_plan": with_(_file, lambda _, run: files.import_plan(actor=SYSTEM, run=run)),
    "import_apply": with_(_planned_file, lambda w, run: files.import_apply(actor=w.erin, run=run, number=1, reason="x")),
    "import_go_on": with_(_confirmed_file, lambda _, run: files.import_go_on(actor=SYSTEM, run=run)),
    "import_discard": with_(_planned_file, lambda w, run: files.import_discard(actor=w.erin, run=run)),
    "people_taken": lambda w: lambda: files.people_taken(
        actor=w.erin, what="Seats", form="csv", rows=7, reason="x", narrowed={}
    ),
    "people_export": lambda w: lambda: files.people_export(actor=w.erin, register="contacts", form="csv", reason="x"),
    "case_begin": lambda w: lambda: cases.case_begin(actor=w.bob, title="T", problem="P"),
    "case_write": with_(lambda w: catalog.draft(w.bob), lambda w, c: cases.case_write(actor=w.bob, case=c, texts={"title": "U"})),
    "case_submit": with_(lambda w: catalog.draft(w.bob), lambda w, c: cases.case_submit(actor=w.bob, case=c)),
    "case_withdraw": with_(lambda w: catalog.draft(w.bob), lambda w, c: cases.case_withdraw(actor=w.bob, case=c)),
    "case_suspend": with_(catalog.published, lambda w, c: cases.case_suspend(actor=w.paula, case=c, reason="x")),
    "case_resume": with_(_suspended, lambda w, c: cases.case_resume(actor=w.paula, case=c, reason="x")),
    "case_reconfirm": with_(catalog.published, lambda w, c: cases.case_reconfirm(actor=w.alice, case=c, reason="x")),
    "case_retire": with_(catalog.published, lambda w, c: cases.case_retire(actor=w.bob, case=c, reason="x")),
    "case_set_stage": with_(catalog.published, lambda w, c: cases.case_set_stage(actor=w.bob, case=c, stage="pilot")),
    "case_report": with_(catalog.published, lambda w, c: cases.case_report(actor=w.bob, case=c, result="x")),
    "case_answer_practices": with_(catalog.published, lambda w, c: cases.case_answer_practices(actor=w.erin, case=c, practices={})),
    "case_review": with_(_sent, lambda w, c: reviews.case_review(actor=w.alice, case=c, office="contact", decision="accept")),
    "lowering_request": with_(_sent, lambda w, c: reviews.lowering_request(actor=w.erin, case=c, to_tier="routine", justification="x")),
    "lowering_decide": with_(_lowering, lambda w, l: reviews.lowering_decide(actor=w.eve, lowering=l, confirm=True, reason="x")),
    "case_adopt": with_(catalog.published, lambda w, c: reviews.case_adopt(actor=w.charlie, case=c, agency=w.b)),
    "adoption_report": with_(_adopted, lambda w, a: reviews.adoption_report(actor=w.charlie, adoption=a, result="x")),
    "tool_add": lambda w: lambda: knowledge.tool(w),
    "tool_edit": with_(knowledge.tool, lambda w, t: register.tool_edit(actor=w.paula, tool=t, answer="x")),
    "obligation_add": lambda w: lambda: knowledge.obligation(w),
    "obligation_edit": with_(knowledge.obligation, lambda w, o: register.obligation_edit(actor=w.erin, obligation=o, state="part")),
    "announcement_add": lambda w: lambda: knowledge.announced(w),
    "announcement_end": with_(knowledge.announced, lambda w, a: register.announcement_end(actor=w.erin, announcement=a, reason="x")),
    "question_ask": lambda w: lambda: knowledge.asked(w),
    "question_answer": with_(knowledge.asked, lambda w, q: questions.question_answer(actor=w.alice, question=q, text="x")),
    "question_hand_over": with_(
        knowledge.asked, lambda w, q: questions.question_hand_over(actor=w.alice, question=q, office="eotss", note="x")
    ),
    "question_reopen": with_(knowledge.answered, lambda w, q: questions.question_reopen(actor=w.bob, question=q, text="x")),
    "article_write": lambda w: lambda: knowledge.draft(w),
    "article_edit": with_(knowledge.published, lambda w, a: articles.article_edit(actor=w.erin, article=a, body="x")),
    "article_publish": with_(knowledge.draft, lambda w, a: articles.article_publish(actor=w.paula, article=a)),
    "article_confirm": with_(
        knowledge.published, lambda w, a: articles.article_confirm(actor=w.erin, article=a, review_on=knowledge.later())
    ),
    "article_retire": with_(knowledge.published, lambda w, a: articles.article_retire(actor=w.erin, article=a, reason="x")),
    "article_from_question": with_(knowledge.answered, lambda w, q: articles.article_from_question(actor=w.alice, question=q)),
    "proxy_import": lambda w: lambda: knowledge.counted(w),
    "terms_draft": lambda w: lambda: _draft(w),
    "terms_revise": with_(_draft, lambda w, v: terms.terms_revise(actor=w.paula, version=v, title="T", body="C", summary_of_changes="")),
    "terms_publish": with_(_draft, lambda w, v: terms.terms_publish(actor=w.paula, version=v, reason="x")),
    "terms_translate": with_(_draft, lambda w, v: terms.terms_translate(actor=w.paula, version=v, language="fr", title="T", body="C")),
    "terms_unschedule": with_(_announced, lambda w, v: terms.terms_unschedule(actor=w.paula, version=v, reason="x")),
    "terms_take_effect": with_(_announced, lambda w, v: _tomorrow(lambda: terms.terms_take_effect(actor=SYSTEM))),
    "terms_accept": lambda w: lambda: w.accept(w.employee("A003")),
    "course_create": lambda w: lambda: training.course_create(actor=w.erin, code="X", title="X"),
    "completion_record": lambda w: lambda: w.train(w.employee("A003")),
    "training_waive": lambda w: lambda: training.training_waive(
        actor=w.erin, employee=w.employee("A003"), course=w.course, until_on=TODAY(), reason="x"
    ),
    "course_revise": lambda w: lambda: training.course_revise(
        actor=w.erin, course=w.course, title="X", provider="", url="", valid_days=30, is_active=True, equivalents=[]
    ),
    "training_waiver_end": with_(
        lambda w: training.training_waive(
            actor=w.paula, employee=w.employee("A003"), course=w.course, reason="x", until_on=TODAY() + timedelta(days=9)
        ),
        lambda w, v: training.training_waiver_end(actor=w.paula, waiver=v, reason="x"),
    ),
    "completions_receive": lambda w: lambda: training_imports.completions_receive(
        actor=w.erin, file_name="x.csv", content=b"employee_id,course,completed_on\nA003,AI-101,2026-01-05\n"
    ),
    "completions_match": with_(
        lambda w: training_imports.completions_receive(
            actor=w.erin, file_name="x.csv", content=b"who,what,when\nA003,AI-101,2026-01-05\n"
        ),
        lambda w, r: training_imports.completions_match(
            actor=w.erin, run=r, columns={"employee_id": "who", "course": "what", "completed_on": "when"}, save_as="LMS"
        ),
    ),
    "completions_apply": with_(_planned, lambda w, r: training_imports.completions_apply(actor=w.erin, run=r)),
    "completions_discard": with_(_planned, lambda w, r: training_imports.completions_discard(actor=w.erin, run=r)),
    "completions_post": lambda w: lambda: training_imports.completions_post(
        actor=w.erin, rows=[{"employee_id": "A003", "course": "AI-101", "completed_on": "2026-01-05"}]
    ),
    "completions_import": lambda w: lambda: training_imports.completions_import(
        actor=w.erin, file_name="x", content=b"employee_id,course,completed_on\nA003,AI-101,2026-01-01\n"
    ),
    "incident_report": lambda w: lambda: _reported(w),
    "incident_report_anonymously": lambda _w: lambda: reports.incident_report_anonymously(report=_problem()),
    "incident_answer": with_(_reported, lambda w, i: reports.incident_answer(actor=w.bob, incident=i, text="More")),
    "incident_answer_by_code": _answered,
    "incident_triage": with_(_reported, lambda w, i: incidents.incident_triage(actor=w.paula, incident=i, category="outage", severity=4)),
    "incident_move": _incident("incident_move", state="investigating"),
    "incident_contain": _incident("incident_contain", note="Stopped"),
    "incident_merge": _merged,
    "incident_note": _incident("incident_note", text="Seen"), "incident_ask": _incident("incident_ask", text="When?"),
    "incident_attach": _incident("incident_attach", upload=Upload("a.txt", "text/plain", b"x")),
    "handler_name": with_(_triaged, lambda w, i: incidents.handler_name(actor=w.paula, incident=i, user=w.users["alice"])),
    "handler_release": with_(_triaged, lambda w, i: incidents.handler_release(actor=w.paula, incident=i, user=w.users["alice"])),
    "person_concern": with_(_triaged, lambda w, i: incidents.person_concern(actor=w.paula, incident=i, employee=w.employee("A003"))),
    "task_add": _incident("task_add", what="Look", owner="Paula", due_on=TODAY()),
    "task_finish": with_(_task, lambda w, t: incidents.task_finish(actor=w.paula, task=t)),
    "breach_open": with_(_triaged, lambda w, i: breaches.breach_open(actor=w.paula, incident=i)),
    "breach_answer": _breach("breach_answer", answers=_ANSWERS),
    "breach_describe": _breach("breach_describe", content={"nature": "A list was mailed"}),
    "breach_decide": _breach("breach_decide", decision="breach", reason="Counsel agrees"),
    "breach_notify": _breach("breach_notify", recipient="soc", told_on=TODAY(), how="By telephone"),
}  # fmt: skip
