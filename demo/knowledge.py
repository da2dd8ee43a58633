"""The knowledge center of the demo: invented entries in every state. No real person, no copied text."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from apps.agencies.models import Agency
from apps.core import clock
from apps.knowledge import article_services as articles
from apps.knowledge import proxy_services as proxy
from apps.knowledge import question_services as questions
from apps.knowledge import services

if TYPE_CHECKING:
    from demo.story import Story

INSTEAD = "Use the assistant instead: ask for a seat in Beacon, on your home page."
# Name, other names, web addresses, status, answer.
TOOLS = (
    ("The state's AI assistant", "ChatGPT Enterprise|the assistant", "", "approved", "It needs a seat, the terms and the training."),
    ("Public ChatGPT", "ChatGPT|Chat GPT|ChatGPT Plus", "chatgpt.com|chat.openai.com", "prohibited", ""),
    ("Gemini", "Google Gemini|Bard", "gemini.google.com", "prohibited", ""),
    ("Claude", "Claude AI", "claude.ai", "prohibited", ""),
    ("Public Copilot", "Microsoft Copilot|Bing Chat", "copilot.microsoft.com", "prohibited", ""),
    ("DeepSeek", "Deep Seek", "deepseek.com", "prohibited", ""),
    ("Perplexity", "Perplexity AI", "perplexity.ai", "prohibited", ""),
    ("Image makers on the web", "Midjourney", "midjourney.com", "prohibited", ""),
    ("The state's virtual assistant", "Virtual assistant|chatbot", "", "rules",
     "It answers residents on state websites. Its own rules hold; EOTSS explains them."),
    ("AI built into licensed software", "Built-in AI", "", "rules", "Each feature is reviewed by EOTSS before it is switched on."),
)  # fmt: skip
# Section, audience, title, text; the last ones stay drafts.
ARTICLES = (
    ("start", "everyone", "Your first day with the assistant", "Sign in with your **work account**. Begin with a text that you know well, so that you see what it gets wrong."),
    ("start", "everyone", "How to get a seat", "1. Accept the terms.\n2. Take the training.\n3. Ask for a seat. Your agency's contact decides."),
    ("use", "everyone", "Check what it writes", "It sounds sure even when it is wrong.\n\n- Compare figures with the source.\n- Open each link.\n- You sign, so you answer for it."),
    ("use", "everyone", "Prompts that work", "Say who reads it, how long it may be, and what must not change."),
    ("use", "everyone", "Summaries of long documents", "Ask for the page of each statement, and look a few of them up."),
    ("data", "everyone", "What must stay out", "Social-security numbers, health records and criminal-justice information stay out, unless your agency has it in writing."),
    ("data", "everyone", "Public records and your chats", "What you write at work may be a public record. It is kept as long as the schedule says."),
    ("training", "everyone", "When your training lapses", "You get a mail before. Without it the seat is paused and kept for a time."),
    ("help", "everyone", "You pasted something that you should not have", "Tell your agency's contact at once. Quick is better than perfect."),
    ("contacts", "contacts", "Deciding on requests", "Look at the tasks, and decide within three working days."),
    ("contacts", "contacts", "How to attest", "State that public AI tools are blocked on your agency's devices. Beacon keeps who said so and when."),
    ("data", "privacy", "Reading the vendor's evidence", "Begin with what has changed since the last review."),
    ("use", "everyone", "Meeting notes", "Still being written."),
)  # fmt: skip
OBLIGATIONS = (
    ("security", "State data trains no model", "met", "Contract, and the workspace's settings as checked each night."),
    ("security", "Audit reports every year", "part", "Last year's report is here; this year's is announced."),
    ("usability", "Works with screen readers", "part", "Tested on the main pages; two faults are with the vendor."),
    ("training", "Live classes for every phase", "met", "Schedule of phase 1, attended by all agencies in it."),
    ("licensing", "Unused seats move between agencies", "met", "Moved in Beacon without a charge."),
    ("partnership", "A yearly report on responsible AI", "not_checked", ""),
    ("partnership", "Notice before a model is retired", "not_met", "A model was retired on ten days' notice."),
)  # fmt: skip
QUESTIONS = (
    ("open", "Does the assistant work on my phone?", "I am out in the field most days."),
    ("late", "May I use it for interview questions?", "We hire two people this winter."),
    ("handed", "Is a draft budget confidential?", "It is not public yet."),
    ("answered", "Can I share a chat with a colleague?", "We work on one letter together."),
    ("article", "How do I make it shorter?", "Its answers are too long."),
)  # fmt: skip


def tell(story: Story) -> None:
    """Everything through the services that people use."""
    _offices(story)
    _questions(story)


def _offices(story: Story) -> None:
    erin, paula = story.actor("erin"), story.actor("paula")
    today = clock.today()
    for name, aliases, domains, status, answer in TOOLS:
        services.tool_add(
            actor=erin, name=name, aliases=aliases.split("|"), domains=list(filter(None, domains.split("|"))),
            status=status, answer=answer, instead=INSTEAD if status == "prohibited" else "", owner="eotss",
            review_on=today + timedelta(days=180),
        )  # fmt: skip
    for place, (section, audience, title, body) in enumerate(ARTICLES):
        article = articles.article_write(
            actor=paula, section=section, audience=audience, title=title, body=body, phase=None,
            owner="privacy" if section == "data" else "eotss", review_on=today + timedelta(days=20 + 30 * place),
        )  # fmt: skip
        if place < len(ARTICLES) - 1:
            articles.article_publish(actor=paula, article=article)
    for head, title, state, evidence in OBLIGATIONS:
        services.obligation_add(
            actor=paula, head=head, title=title, state=state, evidence=evidence, evidence_url="", owner="privacy",
            review_on=today + timedelta(days=90),
        )  # fmt: skip
    services.announcement_add(
        actor=erin, title="Open hour on Thursdays", text="Bring your questions about the assistant, at noon, online.",
        from_on=today, until_on=today + timedelta(days=60), agency=Agency.objects.get(code="TSS"),
    )  # fmt: skip
    days = [today - timedelta(days=back) for back in (3, 10, 40)]
    lines = [f"{host},{code},{day},{count}" for day in days for host, code, count in (
        ("chatgpt.com", "DOR", 412), ("gemini.google.com", "DOR", 96), ("claude.ai", "TSS", 31), ("unknown-ai.example", "DUA", 12),
    )]  # fmt: skip
    content = "\n".join(["tool_or_domain,agency_code,day,count", *lines])
    proxy.proxy_import(actor=erin, file_name="web-proxy.csv", content=content.encode())


def _questions(story: Story) -> None:
    alice, paula = story.actor("alice"), story.actor("paula")
    people = story.staff("TSS", 50)
    for place, (end, subject, text) in enumerate(QUESTIONS):
        asker = story.as_employee(people[-1 - place])
        with clock.shifted(timedelta(days=-4 if end == "late" else 0)):
            question = questions.question_ask(actor=asker, subject=subject, text=text)
        if end == "handed":
            questions.question_hand_over(
                actor=alice, question=question, office="privacy", note="Please look at this one."
            )
        if end in {"answered", "article"}:
            answer = "Yes. Say so in the first line, and check the result once more."
            question = questions.question_answer(actor=alice, question=question, text=answer)
        if end == "article":
            article = articles.article_from_question(actor=alice, question=question)
            articles.article_publish(actor=paula, article=article)
