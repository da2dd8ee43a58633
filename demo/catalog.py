"""Use cases of the demo: invented, plausible, in every state. No real person, no copied text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.accounts.actors import Actor
from apps.agencies.models import Agency
from apps.catalog import review_services as reviews
from apps.catalog import services as cases
from apps.catalog.models import UseCase

if TYPE_CHECKING:
    from demo.story import Story


@dataclass(frozen=True, slots=True)
class Idea:
    """One use case as its author tells it, the state that the story brings it to, and the agency it comes from."""

    end: str
    agency: str
    title: str
    problem: str
    how: str
    task: str
    topic: str = "Administrative Functions"
    data: str = "internal"
    principal: bool = False
    common: str = ""


IDEAS = (
    Idea("scaled", "TSS", "Plain-language answers to help-desk tickets",
         "Answers to routine tickets are long and full of terms that callers do not know.",
         "The agent pastes the technical answer and asks for plain words. The agent reads and sends it.", "drafting",
         "Information Technology", common="writing"),
    Idea("published", "TSS", "Summaries of vendor release notes",
         "Every month two hundred pages of release notes arrive, and few concern us.",
         "The notes go in; a list of changes that touch our systems comes out. An engineer checks each against the note.",
         "summaries", "Information Technology", "public", common="summaries"),
    Idea("published", "DOR", "First drafts of taxpayer guidance",
         "New guidance takes three weeks from the rule to the first readable draft.",
         "The examiner gives the rule and an outline; the draft goes to counsel like every other.", "drafting",
         data="public", common="drafts"),
    Idea("conditions", "DUA", "Translated drafts of notices for claimants",
         "Notices wait for a translator although most sentences are the same each time.",
         "The assistant translates the template. A certified translator corrects it before it is used.", "translation",
         "Service Delivery", "public"),
    Idea("conditions", "TSS", "Interview notes sorted by theme",
         "Notes of forty interviews with agency staff must become one report.",
         "Notes without names go in, themes with quotations come out. Two analysts compare with the notes.", "summaries",
         data="confidential"),
    Idea("lowered", "DOR", "Outlines of hearing memoranda",
         "Hearing officers begin every memorandum with the same twelve headings.",
         "The assistant sets up the headings and the list of exhibits. The officer writes the memorandum.", "drafting",
         "Government Benefits Processing", principal=True),
    Idea("high", "DUA", "Comparing job descriptions with salary grades",
         "Classification takes weeks, and similar jobs end in different grades.",
         "The assistant lists where a description meets each criterion. A classifier decides and writes why.", "research",
         "Human Resources", "personal", principal=True),
    Idea("suspended", "TSS", "Minutes of project meetings from notes",
         "Minutes come late, and action items get lost.",
         "The note taker pastes notes and asks for decisions and actions. Everybody in the meeting reads them.", "summaries",
         common="transcripts"),
    Idea("retired", "TSS", "Checklists for the office move",
         "Each unit wrote its own list for the move and forgot something else.",
         "The move plan goes in, a list per unit comes out. The facilities manager signs it.", "drafting"),
    Idea("refused", "DOR", "Ideas for jokes in the staff newsletter", "The newsletter is dull.",
         "The editor asks for three jokes and takes the least bad one.", "other", data="public"),
    Idea("changes", "TSS", "Formulas for the fleet spreadsheet",
         "Nobody dares to change the sheet that a colleague left behind.",
         "An analyst describes the wanted result and tests the formula on last year's figures.", "spreadsheets",
         "Transportation"),
    Idea("in_review", "TSS", "Research on other states' record schedules",
         "Comparing record schedules takes days of reading.",
         "Public schedules go in; a table comes out. The records officer looks up every line.", "research", data="public"),
    Idea("submitted", "TSS", "Drafts of training questions", "Good test questions take longer than the course itself.",
         "The trainer gives the text of a unit and asks for ten questions, then tries them on two colleagues.", "drafting"),
    Idea("draft", "TSS", "Sorting ideas from the suggestion box", "Four hundred suggestions, and no order.", "", ""),
)  # fmt: skip


def tell(story: Story) -> None:
    """Live each idea to its state, through the services that people use."""
    erin, paula, victor = (story.actor(key) for key in ("erin", "paula", "victor"))
    for place, idea in enumerate(IDEAS):
        author = story.as_employee(story.staff(idea.agency, 60)[20 + place])
        case = cases.case_begin(actor=author, title=idea.title, problem=idea.problem)
        if idea.end == "draft":
            continue
        case = cases.case_write(actor=author, case=case, texts=_texts(idea))
        case = cases.case_submit(actor=author, case=case)
        _decide(idea, case, erin, paula, victor)
        _live_on(idea, author, UseCase.objects.get(pk=case.pk), erin, paula)


def _texts(idea: Idea) -> dict[str, Any]:
    return {
        "how": idea.how, "outputs": "A draft that a person goes on with.", "task_type": idea.task, "topic_area": idea.topic,
        "common_task": idea.common, "data_class": idea.data, "checker": "The person who asked",
        "check_how": "Line by line against the source, before anybody else reads it.",
        "benefits": "People spend the time on the parts that need them.", "measure": "Hours from the start to a usable text",
        "baseline": "About two days", "target": "The same day",
        "example_prompt": "You help a state employee. Rewrite the text below in plain words, keep every fact, and list "
        "what you are not sure of.", "decides": False, "to_residents": False, "principal_basis": idea.principal,
    }  # fmt: skip


def _decide(idea: Idea, case: UseCase, erin: Actor, paula: Actor, victor: Actor) -> None:
    if idea.end == "submitted":
        return
    if idea.end in {"changes", "refused"}:
        text = "Say on which figures you test." if idea.end == "changes" else "This helps no program of the agency."
        decision = "changes" if idea.end == "changes" else "refuse"
        reviews.case_review(actor=erin, case=case, office="eotss", decision=decision, text=text)
        return
    lowering = None
    if idea.end == "lowered":
        lowering = reviews.lowering_request(
            actor=paula,
            case=case,
            to_tier="routine",
            justification="Only headings are set up; the officer writes and decides.",
        )
        reviews.lowering_decide(
            actor=victor, lowering=lowering, confirm=True, reason="Agreed after a look at ten outlines"
        )
        case.refresh_from_db(fields=["tier"])
    if idea.end == "in_review":
        reviews.case_review(actor=erin, case=case, office="eotss", decision="accept")
        return
    _accept(idea, case, erin, paula)


def _accept(idea: Idea, case: UseCase, erin: Actor, paula: Actor) -> None:
    from apps.agencies.selectors import contacts_for
    from apps.catalog.screening import offices_for

    first = contacts_for(case.agency).exclude(employee=case.author_id).first()
    if first is None:
        raise RuntimeError(f"{case.agency} has no contact, and the story needs one.")
    contact = Actor(
        key=f"employee-{first.employee_id}", name=str(first.employee), employee_id=first.employee_id,
        agency_ids=frozenset({case.agency_id}),
    )  # fmt: skip
    reviews.case_review(actor=contact, case=case, office="contact", decision="accept")
    if "privacy" in offices_for(case.tier, case.data_class):
        reviews.case_review(actor=paula, case=case, office="privacy", decision="accept")
    with_conditions = idea.end == "conditions"
    reviews.case_review(
        actor=erin, case=case, office="eotss", decision="conditions" if with_conditions else "accept",
        text="Keep the source text beside every draft for a year." if with_conditions else "",
    )  # fmt: skip


def _live_on(idea: Idea, author: Actor, case: UseCase, erin: Actor, paula: Actor) -> None:
    """What became of a published case."""
    if idea.end in {"scaled", "published", "high"}:
        cases.case_set_stage(actor=author, case=case, stage="pilot" if idea.end == "high" else "deployed")
    if idea.end == "scaled":
        for code in ("DOR", "DUA", "DIA"):
            reviews.case_adopt(actor=erin, case=case, agency=Agency.objects.get(code=code))
        cases.case_report(
            actor=author, case=case, result="Callers ask back less often.", minutes_saved=25, answers=34,
            method="Survey of the help desk after eight weeks",
        )  # fmt: skip
    if idea.end == "suspended":
        cases.case_suspend(actor=paula, case=case, reason="An action item that nobody had agreed to was sent out")
    if idea.end == "retired":
        cases.case_retire(actor=author, case=case, reason="The move is over")
