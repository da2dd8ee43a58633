"""Forms of the knowledge center."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.agencies.models import Agency
from apps.core import clock
from apps.core.verbs import ReasonForm
from apps.knowledge.article_services import REVIEW_EVERY
from apps.knowledge.models import OFFICES, Article, Obligation, Tool

LONG = 10_000
_MOST_PHASE = 99


def text(label: str, help_text: str = "", *, rows: int = 5, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=LONG, required=required, widget=forms.Textarea(attrs={"rows": rows})
    )  # fmt: skip


def day(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(label=label, help_text=help_text, widget=forms.DateInput(format="%Y-%m-%d"))


def owner() -> forms.ChoiceField:
    return forms.ChoiceField(label="Owner", choices=list(OFFICES.items()), help_text="The office that reviews it.")


def phase(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=_MOST_PHASE, help_text="Leave empty for all phases."
    )


def next_review() -> Any:
    return clock.today() + REVIEW_EVERY


class LinesField(forms.CharField):
    """One entry a line; gives the list of them without blanks."""

    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(max_length=LONG, required=False, **kwargs)
        self.most = most

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if long := [line for line in lines if len(line) > self.most]:
            raise forms.ValidationError(f"A line is longer than {self.most} characters: {long[0][:60]}…")
        return list(dict.fromkeys(lines))


class ToolForm(forms.Form):
    name = forms.CharField(label="Name", max_length=150)
    aliases = LinesField(label="Other names", most=150, help_text="One a line.")
    domains = LinesField(
        label="Web addresses", most=253, help_text="One a line, like example.com. Each covers its sub-domains."
    )
    status = forms.ChoiceField(label="May it be used?", choices=Tool.Status.choices, widget=forms.RadioSelect)
    answer = text("Answer", "What people read after the status, in a sentence or two.", rows=3, required=False)
    instead = text("What instead", "What to use instead, and how to get it.", rows=3, required=False)
    owner = owner()
    review_on = day("Next review")


class AskForm(forms.Form):
    subject = forms.CharField(label="Subject", max_length=150)
    text = text("Your question", "Leave out names of residents and anything confidential.")


class AnswerForm(forms.Form):
    text = text(
        "Answer", "The asker gets a mail that leads here. Others may learn from it later as an article.", rows=8
    )


class HandOverForm(forms.Form):
    office = forms.ChoiceField(label="To whom?", choices=list(OFFICES.items()), widget=forms.RadioSelect)
    note = text("Note", "What you know already. The asker reads it too.", rows=3)


class ReopenForm(forms.Form):
    text = text("What is still open?")


class ArticleForm(forms.Form):
    title = forms.CharField(label="Title", max_length=150)
    body = text("Text", "Markdown: # for headings, - for lists, [words](https://…) for links.", rows=16)
    section = forms.ChoiceField(label="Section", choices=Article.Section.choices)
    audience = forms.ChoiceField(label="For whom", choices=Article.Audience.choices)
    phase = phase("About which phase?")
    owner = owner()
    review_on = day("Next review")


class ReviewedForm(forms.Form):
    review_on = day("Next review")


class ObligationForm(forms.Form):
    head = forms.ChoiceField(label="Criterion", choices=Obligation.Head.choices)
    title = forms.CharField(label="What the vendor owes", max_length=200)
    state = forms.ChoiceField(label="State", choices=Obligation.State.choices, widget=forms.RadioSelect)
    evidence = text("Evidence", "What was seen, by whom and when.", rows=4, required=False)
    evidence_url = forms.URLField(
        label="Link to the evidence", max_length=500, required=False, assume_scheme="https", help_text="https://…"
    )
    owner = owner()
    review_on = day("Next review")


class AnnouncementForm(forms.Form):
    title = forms.CharField(label="Title", max_length=150)
    text = text("Text", "A few sentences in plain words.", rows=4)
    agency = forms.ModelChoiceField(
        label="Agency", queryset=Agency.objects.filter(is_active=True), required=False, empty_label="All agencies"
    )
    phase = phase("Phase")
    from_on = day("From")
    until_on = day("Until", "Its last day.")


class EndForm(ReasonForm):
    """Why it goes."""


class ProxyForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        help_text="Four columns: tool_or_domain, agency_code, day (2026-11-24), count. At most 10 MB.",
    )
