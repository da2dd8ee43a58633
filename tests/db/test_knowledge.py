"""The knowledge center: what the register answers, who sees a question, what an article keeps, what a proxy file may hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core import clock
from apps.core.errors import BeaconError, IllegalTransition, Invalid, NotPermitted
from apps.knowledge import article_services as articles
from apps.knowledge import proxy_services as proxy
from apps.knowledge import question_services as questions
from apps.knowledge import selectors, services
from apps.knowledge.addresses import above, host_of
from apps.knowledge.errors import (
    ArticleThere,
    EvidenceMissing,
    FileThere,
    NothingChanged,
    PersonalColumns,
    ReopenedAlready,
    RulesMissing,
    ToolThere,
)
from apps.knowledge.mails import digest_sections
from apps.knowledge.models import ProxyDay, ProxyMonth, Tool
from apps.mail.models import Message
from tests.factories import knowledge
from tests.factories.cast import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("https://www.ChatGPT.com:443/c/1?x=2#y", "chatgpt.com"),
        ("chatgpt.com.", "chatgpt.com"),
        ("http://user@sub.chatgpt.com/", "sub.chatgpt.com"),
        ("Claude", ""),
        ("10.0.0.1", ""),
        ("http://[::1", ""),
        ("two words.com", ""),
        ("x" * 300 + ".com", ""),
        ("", ""),
    ],
)
def test_a_host_is_read_out_of_an_address(written: str, host: str) -> None:
    assert host_of(written) == host


def test_an_address_covers_its_sub_domains_and_no_more() -> None:
    assert above("a.b.org") == ["a.b.org", "b.org"]


@pytest.mark.parametrize("asked", ["https://www.chatgpt.com/c/1", "eu.chatgpt.com", "public  CHATGPT", "chat gpt"])
def test_the_register_answers_in_any_writing(world: World, asked: str) -> None:
    tool = knowledge.tool(world)
    answer = selectors.tool_answer(world.bob, asked)
    assert answer.tool == tool
    assert answer.sentence == (
        "Public ChatGPT on a state device: not permitted. Use the assistant instead: ask for a seat in Beacon."
    )


@pytest.mark.parametrize("asked", ["notchatgpt.com", "Foobar", "<script>", "a" * 3000, "שלום 👩🏽‍💻", "com"])
def test_an_unknown_tool_is_not_permitted(world: World, asked: str) -> None:
    knowledge.tool(world)
    answer = selectors.tool_answer(world.bob, asked)
    assert answer.tool is None
    assert "is not in the register: treat it as not permitted, and ask your contact." in answer.sentence


def test_a_typing_error_finds_the_tool_beside_it(world: World) -> None:
    tool = knowledge.tool(world, "Gemini", aliases=[], domains=["gemini.google.com"])
    assert selectors.tool_answer(world.bob, "Gemni").similar == [tool]
    assert selectors.tool_answer(world.bob, "google.com").tool is None


def test_the_longest_address_decides(world: World) -> None:
    knowledge.tool(world)
    approved = knowledge.tool(world, "The assistant", aliases=[], domains=["state.chatgpt.com"], status="approved")
    assert selectors.tool_answer(world.bob, "https://x.state.chatgpt.com").tool == approved


def test_no_name_or_address_stands_twice(world: World) -> None:
    knowledge.tool(world)
    for values in (
        {"aliases": ["PUBLIC chatgpt"], "domains": []},
        {"aliases": [], "domains": ["http://www.chatgpt.com"]},
    ):
        with pytest.raises(ToolThere):
            knowledge.tool(world, "Another", **values)
    with pytest.raises(Invalid):
        knowledge.tool(world, "Another", aliases=[], domains=["no address"])
    with pytest.raises(RulesMissing):
        knowledge.tool(world, "Another", aliases=[], domains=[], status="rules")
    assert Tool.objects.count() == 1


def test_only_the_offices_edit(world: World) -> None:
    tool = knowledge.tool(world)
    for actor in (world.bob, world.alice, world.lee, world.audrey):
        with pytest.raises(NotPermitted):
            services.tool_edit(actor=actor, tool=tool, answer="x")
        with pytest.raises(NotPermitted):
            proxy.proxy_import(actor=actor, file_name="x.csv", content=b"x")


def test_a_question_goes_its_way(world: World) -> None:
    question = knowledge.asked(world)
    assert question.due_at > clock.now() + timedelta(days=1)
    for actor in (world.bob, world.charlie, world.erin):  # the asker, another agency, an office that has not got it
        with pytest.raises(NotPermitted):
            questions.question_answer(actor=actor, question=question, text="x")
    handed = questions.question_hand_over(actor=world.alice, question=question, office="privacy", note="Please look")
    assert handed.due_at == question.due_at
    with pytest.raises(NotPermitted):
        questions.question_answer(actor=world.alice, question=question, text="x")
    questions.question_answer(actor=world.paula, question=question, text="Yes")
    assert Message.objects.filter(kind="knowledge_answered").count() == 1
    with pytest.raises(IllegalTransition):
        questions.question_answer(actor=world.paula, question=question, text="Again")
    with pytest.raises(NotPermitted):
        questions.question_reopen(actor=world.alice, question=question, text="x")
    questions.question_reopen(actor=world.bob, question=question, text="And a draft?")
    assert [one.pk for one in selectors.questions_waiting_for(world.paula)] == [question.pk]
    questions.question_answer(actor=world.paula, question=question, text="Not yet")
    with pytest.raises(ReopenedAlready):
        questions.question_reopen(actor=world.bob, question=question, text="And now?")
    assert not selectors.questions_visible_to(world.erin).exists()


def test_an_overdue_question_stands_in_the_digest_of_its_contacts_alone(world: World) -> None:
    knowledge.asked(world)
    late = clock.now() + timedelta(days=10)
    (section,) = digest_sections(frozenset({world.a.pk}), late)
    assert section.lines == ["Agency of Apples: 1 overdue."]
    assert digest_sections(frozenset({world.b.pk}), late) == []
    assert digest_sections(frozenset({world.a.pk}), clock.now()) == []
    with clock.shifted(timedelta(days=10)):
        assert selectors.question_counts(world.alice) == {"all": 1, "late": 1}


def test_an_office_that_never_saw_a_question_makes_no_article_of_it(world: World) -> None:
    question = knowledge.answered(world)
    with pytest.raises(NotPermitted):
        articles.article_from_question(actor=world.erin, question=question)


def test_an_answer_becomes_a_draft_without_the_asker(world: World) -> None:
    question = knowledge.answered(world)
    article = articles.article_from_question(actor=world.alice, question=question)
    assert (article.state, article.body) == ("draft", "Yes, a colleague, once it is public.")
    assert "Bob" not in article.title + article.body
    with pytest.raises(ArticleThere):
        articles.article_from_question(actor=world.alice, question=question)


def test_readers_see_what_was_published_and_editors_go_on(world: World) -> None:
    article = knowledge.published(world)
    articles.article_edit(actor=world.erin, article=article, body="Newer words")
    seen = selectors.articles_visible_to(world.bob).get()
    assert seen.current is not None
    assert seen.current.body.startswith("# Sign in")
    assert list(selectors.articles_matching(selectors.articles_visible_to(world.bob), "newer")) == []
    again = articles.article_publish(actor=world.erin, article=article)
    assert again.current is not None
    assert again.current.number == 2
    with pytest.raises(NothingChanged):
        articles.article_publish(actor=world.erin, article=article)
    assert list(selectors.articles_matching(selectors.articles_visible_to(world.bob), "newer")) == [article]
    with pytest.raises(BeaconError):
        articles.article_confirm(actor=world.erin, article=article, review_on=clock.today())
    articles.article_retire(actor=world.erin, article=article, reason="Old")
    assert not selectors.articles_visible_to(world.bob).exists()


def test_audiences(world: World) -> None:
    knowledge.published(world, audience="contacts", title="For contacts")
    knowledge.published(world, audience="privacy", title="For privacy")
    titles = {
        name: {one.title for one in selectors.articles_visible_to(world.actor(name))}
        for name in ("bob", "alice", "paula", "lee")
    }
    assert titles == {
        "bob": set(), "alice": {"For contacts"}, "paula": {"For contacts", "For privacy"}, "lee": set(),
    }  # fmt: skip


def test_nothing_is_met_without_evidence(world: World) -> None:
    with pytest.raises(EvidenceMissing):
        knowledge.obligation(world, evidence="")
    counts = dict(selectors.obligation_counts())
    assert len(counts) == 5


def test_news_reaches_whom_it_concerns(world: World) -> None:
    for title, agency, phase in (("all", None, None), ("a", world.a, None), ("b", world.b, None), ("two", None, 2)):
        knowledge.announced(world, title=title, agency=agency, phase=phase)
    knowledge.announced(world, title="later", from_on=knowledge.later(1))

    def shown(*, opted_out: bool) -> set[str]:
        return {one.title for one in selectors.announcements_for(world.a.pk, [1], opted_out=opted_out)}

    assert shown(opted_out=False) == {"all", "a"}
    assert shown(opted_out=True) == {"all"}


HEADER = "tool_or_domain,agency_code,day,count"


def _bring(world: World, *lines: str, header: str = HEADER) -> None:
    proxy.proxy_import(actor=world.erin, file_name="p.csv", content="\n".join([header, *lines]).encode())


@pytest.mark.parametrize("column", ["user", "Full Name", "e-mail", "client_ip", "Device ID", "employee_id", "hostname"])
def test_a_file_about_persons_is_refused_whole(world: World, column: str) -> None:
    with pytest.raises(PersonalColumns):
        _bring(world, "chatgpt.com,AAA,2026-01-05,4,x", header=f"{HEADER},{column}")
    assert not ProxyDay.objects.exists()


@pytest.mark.parametrize(
    "line",
    ["bob@mass.example,AAA,2026-01-05,4", "10.0.0.7,AAA,2026-01-05,4", "x,ZZZ,2026-01-05,4", "x,AAA,2026-13-05,4",
     "x,AAA,2026-01-05,-1", "x,AAA,2026-01-05,many", ",AAA,2026-01-05,1", "x,AAA,2999-01-05,1"],
)  # fmt: skip
def test_a_wrong_line_refuses_the_whole_file(world: World, line: str) -> None:
    with pytest.raises(BeaconError):
        _bring(world, "chatgpt.com,AAA,2026-01-05,4", line)
    assert not ProxyDay.objects.exists()


def test_twice_is_once(world: World) -> None:
    tool = knowledge.tool(world)
    lines = (
        "https://chatgpt.com/c,AAA,2026-01-05,4",
        "www.chatgpt.com,AAA,2026-01-05,1",
        "odd.example,AAA,2026-01-06,7",
    )
    _bring(world, *lines)
    with pytest.raises(FileThere):
        _bring(world, *lines)
    _bring(world, "chatgpt.com,AAA,2026-01-05,9", "chatgpt.com,BBB,2026-01-05,2")
    rows = set(ProxyMonth.objects.values_list("agency__code", "label", "tool", "requests"))
    assert rows == {
        ("AAA", "chatgpt.com", tool.pk, 9), ("AAA", "odd.example", None, 7), ("BBB", "chatgpt.com", tool.pk, 2),
    }  # fmt: skip
    assert {row.agency.code for row in selectors.proxy_months_visible_to(world.charlie)} == {"BBB"}
