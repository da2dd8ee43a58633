"""The catalog's rules: who reviews, second persons, numbers for ever, what is similar, what the inventory says."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.actors import SYSTEM
from apps.catalog import federal, inventory, review_services, services
from apps.catalog.errors import AlreadyReviewed, CaseProhibited, FewAnswers, NotWritable, SecondPersonNeeded
from apps.catalog.models import Lowering, UseCase
from apps.catalog.selectors import author_shown, cases_matching, cases_visible_to, similar_cases, waiting_for
from apps.core import clock
from apps.core.errors import IllegalTransition, Invalid, NotPermitted
from apps.mail.models import Message
from tests.factories import catalog
from tests.factories.cast import World

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> \u202eשלום 👩🏽‍💻 **[x](javascript:1)** =1+1 \\ ' \" %s {{ 7*7 }} " + "ж" * 3000


def test_a_case_goes_from_draft_to_retired(world: World) -> None:
    case = catalog.sent(world.bob)
    assert (case.state, case.tier, case.round) == ("submitted", "routine", 1)
    review_services.case_review(
        actor=world.alice, case=case, office="contact", decision="changes", text="Name the source."
    )
    case.refresh_from_db()
    assert case.state == "changes_requested"
    services.case_write(actor=world.bob, case=case, texts={"check_how": "Against the register."})
    case = services.case_submit(actor=world.bob, case=case)
    assert case.versions.count() == 2
    review_services.case_review(actor=world.alice, case=case, office="contact", decision="accept")
    review_services.case_review(actor=world.erin, case=case, office="eotss", decision="conditions", text="Keep a log.")
    case.refresh_from_db()
    assert (case.state, case.conditions) == ("conditions", "EOTSS: Keep a log.")
    adoption = review_services.case_adopt(actor=world.charlie, case=case, agency=world.b)
    review_services.adoption_report(
        actor=world.charlie, adoption=adoption, result="Works", minutes_saved=12, answers=14, method="Survey"
    )
    case = services.case_suspend(actor=SYSTEM, case=case, reason="Incident 4")
    case = services.case_resume(actor=world.paula, case=case, reason="Mended")
    assert case.state == "conditions"
    case = services.case_retire(actor=world.bob, case=case, reason="The program ended")
    assert (case.state, case.stage, case.agencies_using) == ("retired", "retired", 2)
    kinds = set(Message.objects.filter(kind__startswith="catalog_").values_list("kind", flat=True))
    assert kinds == {"catalog_changes_requested", "catalog_published", "catalog_suspended"}


@pytest.mark.parametrize("answer", ["decides", "to_residents"])
def test_what_the_assistant_must_not_do_cannot_be_sent_in(world: World, answer: str) -> None:
    case = catalog.draft(world.bob, **{answer: True})
    with pytest.raises(CaseProhibited) as refused:
        services.case_submit(actor=world.bob, case=case)
    assert all(reason.how_to_fix for reason in refused.value.reasons)
    assert UseCase.objects.get(pk=case.pk).state == "draft"


def test_an_incomplete_case_names_what_is_missing(world: World) -> None:
    case = services.case_begin(actor=world.bob, title="Idea", problem="Something")
    with pytest.raises(CaseProhibited, match=r"how the assistant is used.*the screening questions"):
        services.case_submit(actor=world.bob, case=case)


def test_tax_information_needs_the_agencys_permission(world: World) -> None:
    case = catalog.draft(world.bob, data_class="fti")
    with pytest.raises(CaseProhibited, match="may not put this"):
        services.case_submit(actor=world.bob, case=case)


def test_nobody_reviews_their_own_case_or_for_an_office_not_theirs(world: World) -> None:
    own = catalog.sent(world.alice)
    with pytest.raises(NotPermitted):
        review_services.case_review(actor=world.alice, case=own, office="contact", decision="accept")
    case = catalog.sent(world.bob)
    with pytest.raises(NotPermitted):
        review_services.case_review(actor=world.charlie, case=case, office="contact", decision="accept")
    with pytest.raises(Invalid):
        review_services.case_review(actor=world.paula, case=case, office="privacy", decision="accept")
    review_services.case_review(actor=world.erin, case=case, office="eotss", decision="accept")
    with pytest.raises(AlreadyReviewed):
        review_services.case_review(actor=world.eve, case=case, office="eotss", decision="accept")
    with pytest.raises(NotWritable):
        services.case_write(actor=world.bob, case=case, texts={"title": "Other"})


def test_refused_is_final(world: World) -> None:
    case = catalog.sent(world.bob)
    review_services.case_review(actor=world.erin, case=case, office="eotss", decision="refuse", text="Not needed.")
    with pytest.raises(IllegalTransition):
        services.case_submit(actor=world.bob, case=case)


def test_a_presumption_is_lowered_by_two_people_and_holds_for_the_same_answers(world: World) -> None:
    case = catalog.sent(world.bob, principal_basis=True)
    assert case.tier == "high"
    lowering = review_services.lowering_request(
        actor=world.paula, case=case, to_tier="routine", justification="Only the salutation is drafted."
    )
    with pytest.raises(SecondPersonNeeded):
        review_services.lowering_decide(actor=world.paula, lowering=lowering, confirm=True, reason="x")
    review_services.case_review(actor=world.alice, case=case, office="contact", decision="accept")
    review_services.case_review(actor=world.paula, case=case, office="privacy", decision="accept")
    review_services.case_review(actor=world.erin, case=case, office="eotss", decision="accept")
    case.refresh_from_db()
    assert case.state == "in_review"  # the second person has not decided
    review_services.lowering_decide(actor=world.eve, lowering=lowering, confirm=True, reason="Agreed")
    case.refresh_from_db()
    assert (case.state, case.tier) == ("published", "routine")
    row = dict(federal.individual_rows())[case]
    assert row["is_high_impact"].startswith("b)")
    assert row["HI_justification"] == "Only the salutation is drafted."
    with pytest.raises(IntegrityError), transaction.atomic():
        Lowering.objects.filter(pk=lowering.pk).update(decided_by_key=lowering.requested_by_key)


def test_numbers_are_never_used_again(world: World) -> None:
    case = catalog.draft(world.bob)
    for statement in (
        "DELETE FROM catalog_usecase",
        "TRUNCATE catalog_usecase CASCADE",
        "UPDATE catalog_usecase SET id = 999",
    ):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with pytest.raises(IntegrityError) as refused, transaction.atomic():
                cursor.execute(statement)
        assert "catalog_" in str(refused.value.__cause__.diag.constraint_name)
    services.case_withdraw(actor=world.bob, case=case)
    assert catalog.draft(world.bob).pk > case.pk


def test_time_saved_needs_ten_answers(world: World) -> None:
    case = catalog.published(world)
    with pytest.raises(FewAnswers):
        services.case_report(actor=world.bob, case=case, result="Good", minutes_saved=30, answers=9, method="Survey")
    case = services.case_report(
        actor=world.bob, case=case, result="Good", minutes_saved=30, answers=10, method="Survey"
    )
    assert case.minutes_saved == 30


def test_similar_and_search_find_by_words_and_by_spelling(world: World) -> None:
    case = catalog.published(world)
    catalog.draft(world.bob, title="Plain letters about boats")  # a draft is nobody else's business
    assert similar_cases("I want plainer letters about a permit") == [case]
    assert similar_cases("Plain leters abuot permts") == [case]
    assert similar_cases("Translating menus") == []
    assert similar_cases("' | & ! ( :* \x00 <script>" + "x" * 5000) == []
    assert list(cases_matching(cases_visible_to(world.dana), "permits clerk")) == [case]


def test_who_sees_a_draft_and_whose_name(world: World) -> None:
    case = catalog.sent(world.bob, show_author=True)
    assert not cases_visible_to(world.dana).exists()
    assert [c.pk for c in waiting_for(world.alice)] == [case.pk]
    assert not waiting_for(world.bob).exists()
    assert not waiting_for(world.paula).exists()
    shown = catalog.published(world, show_author=True)
    assert author_shown(world.dana, shown) is not None
    assert author_shown(world.lee, shown) is None


def test_the_inventory_is_the_published_form(world: World) -> None:
    assert len(inventory.columns()) == 36
    assert sum(column.reported_by == "agency" for column in inventory.columns()) == 34
    assert len(inventory.practices()) == 9
    assert len(inventory.common_tasks()) == 20
    assert [inventory.band(n) for n in (0, 1, 100, 101, 5_000, 10_000, 10_001, 50_001)] == [
        "", "1-100", "1-100", "101-1000", "1001-5000", "5001-10,000", "10,000-50,000", "50,000+",
    ]  # fmt: skip
    case = catalog.published(world, title="=cmd()", problem=HOSTILE)
    case = services.case_set_stage(actor=world.bob, case=case, stage="deployed")
    [(_, row)] = federal.individual_rows()
    assert inventory.problems(row) == []
    content = inventory.to_csv([c.name for c in inventory.columns()], [list(row.values())])
    header, line = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert header == [c.name for c in inventory.columns()] == list(row)
    assert line[header.index("use_case_name")] == "'=cmd()"
    assert "Bob" not in content.decode()


def test_a_high_impact_case_is_not_taken_by_the_short_form(world: World) -> None:
    world.holder(world.employee("A003"))
    high = catalog.published(world, principal_basis=True, common_task="drafts")
    services.case_set_stage(actor=world.bob, case=high, stage="deployed")
    assert {row[1] for row in federal.task_rows()} == {"N"}
    [(case, row)] = federal.individual_rows()
    assert case == high
    assert len(inventory.problems(row)) == 9
    low = catalog.published(world, common_task="drafts")
    services.case_set_stage(actor=world.bob, case=low, stage="pilot")
    assert [row for row in federal.task_rows() if row[1] == "Y"] == [
        (inventory.common_tasks()["drafts"], "Y", "ChatGPT Enterprise", "1-100")
    ]
    assert [case for case, _ in federal.individual_rows()] == [high]
    letter = {column.name: column.allowed[0] if column.allowed else "None found" for column in inventory.practices()}
    services.case_answer_practices(actor=world.paula, case=high, practices=letter)
    assert inventory.problems(federal.individual_rows()[0][1]) == []


def test_retired_cases_stay_listed_for_a_year(world: World) -> None:
    case = services.case_retire(actor=world.bob, case=catalog.published(world), reason="Over")
    assert federal.cases_listed().get() == case
    UseCase.objects.filter(pk=case.pk).update(retired_on=clock.today().replace(year=clock.today().year - 2))
    assert not federal.cases_listed().exists()
