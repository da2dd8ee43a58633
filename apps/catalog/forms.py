"""The pages of the guided submission, and the forms of those who review and report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse_lazy

from apps.agencies.models import Agency
from apps.catalog import inventory
from apps.catalog.models import ANSWERS_FLOOR, Review, UseCase
from apps.catalog.screening import DATA_CLASSES, OFFICES, TIERS
from apps.core.task_types import TASK_TYPES
from apps.core.verbs import ReasonForm

LONG = 10_000
# A look at similar cases while somebody writes; without scripts they stand there after saving.
_LIVE: dict[str, Any] = {
    "hx-get": reverse_lazy("catalog:similar"), "hx-trigger": "input changed delay:700ms", "hx-target": "#similar",
    "hx-include": "closest form", "hx-sync": "closest form:replace",
}  # fmt: skip


def text(label: str, help_text: str = "", *, rows: int = 4, required: bool = True, **attrs: Any) -> forms.CharField:
    """A long text, as long as anybody may want to write."""
    return forms.CharField(
        label=label, help_text=help_text, max_length=LONG, required=required,
        widget=forms.Textarea(attrs={"rows": rows, **attrs}),
    )  # fmt: skip


def yes_no(label: str, help_text: str = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, help_text=help_text, choices=[("no", "No"), ("yes", "Yes")], widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
    )  # fmt: skip


class ProblemForm(forms.Form):
    title = forms.CharField(
        label="Title", max_length=150, help_text="What it does, in a few words.", widget=forms.TextInput(attrs=_LIVE)
    )
    problem = text("What problem does it solve?", "No names and no case files: this is published.", **_LIVE)


class UseForm(forms.Form):
    task_type = forms.ChoiceField(label="Type of task", choices=[("", "Choose one"), *TASK_TYPES.items()])
    how = text("How is the assistant used?", "Step by step: what goes in, what comes out, what happens then.")
    outputs = text("What does it write?", "For example: a draft letter, a summary, a table.", rows=2)
    topic_area = forms.ChoiceField(
        label="Topic area",
        choices=[("", "Choose one"), *((area, area) for area in inventory.column("topic_area").allowed)],
    )
    common_task = forms.ChoiceField(
        label="Is it one of these common tasks?", required=False,
        choices=[("", "None of these"), *inventory.common_tasks().items()],
        help_text="The list comes from the federal inventory of AI use cases.",
    )  # fmt: skip


class DataForm(forms.Form):
    data_class = forms.ChoiceField(
        label="What kind of data goes in?", choices=list(DATA_CLASSES.items()), widget=forms.RadioSelect,
        help_text="Choose the most sensitive kind.",
    )  # fmt: skip
    data_notes = text("Which data are these?", "Kinds and sources, no examples of real records.", required=False)


class CheckForm(forms.Form):
    checker = forms.CharField(
        label="Who checks what the assistant writes?", max_length=150, help_text="A role, not a name."
    )
    check_how = text("How do they check it?", "Against which source, and before what happens with it.")


class MeasureForm(forms.Form):
    benefits = text("What gets better, and for whom?", rows=3)
    measure = text("What do you measure?", "For example: days until an answer, pages read, mistakes found.", rows=2)
    baseline = text("How is it today?", rows=2, required=False)
    target = text("What do you aim for?", rows=2, required=False)


class PromptForm(forms.Form):
    example_prompt = text("An example prompt", "Made up, without personal data. Others will start from it.", rows=8)


class ScreeningForm(forms.Form):
    decides = yes_no(
        "Does the assistant decide who is eligible, or who gets a service?",
        "A person who follows its answer without a look of their own counts as yes.",
    )
    to_residents = yes_no(
        "Does what it writes reach residents without a person reading it first?", "Chat, mail, letters, web pages."
    )
    principal_basis = yes_no(
        "Would its answer be a principal basis for a decision about a person?",
        "Benefits, employment, licenses, law enforcement, health or safety.",
    )


class SendForm(forms.Form):
    show_author = forms.BooleanField(
        label="Show my name on the published page", required=False,
        help_text="Otherwise only your agency is shown. Leaders never see a name.",
    )  # fmt: skip


STEPS: dict[str, tuple[str, type[forms.Form]]] = {
    "problem": ("Problem", ProblemForm),
    "use": ("Use", UseForm),
    "data": ("Data", DataForm),
    "check": ("Check", CheckForm),
    "measure": ("Measure", MeasureForm),
    "prompt": ("Example", PromptForm),
    "screening": ("Screening", ScreeningForm),
    "send": ("Check and send", SendForm),
}


class ReviewForm(forms.Form):
    """The offices offered are those that the reader speaks for and that have not spoken yet."""

    office = forms.ChoiceField(label="For which office?", choices=list(OFFICES.items()), widget=forms.RadioSelect)
    decision = forms.ChoiceField(label="Decision", choices=Review.Decision.choices, widget=forms.RadioSelect)
    text = text("Conditions, changes or reason", "Needed unless you accept. The author reads it.", required=False)


class LoweringForm(forms.Form):
    to_tier = forms.ChoiceField(label="Lower tier", choices=[(code, TIERS[code]) for code in ("elevated", "routine")])
    justification = text(
        "Why is it not as risky as the answers say?", "It goes into the inventory and the audit trail."
    )


class DecideForm(ReasonForm):
    confirm = forms.TypedChoiceField(
        label="Decision", choices=[("yes", "Confirm the lower tier"), ("no", "Leave the tier as it is")],
        widget=forms.RadioSelect, coerce=lambda value: value == "yes",
    )  # fmt: skip
    field_order = ("confirm", "reason")


class ResultForm(forms.Form):
    result = text("What came of it?", "In words: what got better, what did not.")
    minutes_saved = forms.IntegerField(
        label="Minutes saved per person, on days used", required=False, min_value=0, max_value=480,
        help_text="As people say themselves. It is always shown as self-reported.",
    )  # fmt: skip
    answers = forms.IntegerField(
        label="How many people answered?", required=False, min_value=0, max_value=100_000,
        help_text=f"At least {ANSWERS_FLOOR}, so that the figure points to nobody.",
    )  # fmt: skip
    method = forms.CharField(label="How did you ask?", required=False, max_length=300)


class AdoptForm(forms.Form):
    agency = forms.ModelChoiceField(label="Agency", queryset=Agency.objects.none())
    since_on = forms.DateField(label="Used since", required=False, widget=forms.DateInput(format="%Y-%m-%d"))

    def __init__(self, *args: Any, agencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = agencies  # type: ignore[attr-defined]  # a ModelChoiceField


class StageForm(forms.Form):
    stage = forms.ChoiceField(label="Stage", choices=UseCase.Stage.choices[:3], widget=forms.RadioSelect)


class PracticesForm(forms.Form):
    """The nine questions on high-impact uses, made from the published form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in inventory.practices():
            if column.type == "list":
                self.fields[column.name] = forms.MultipleChoiceField(
                    label=column.header, required=False, choices=[(one, one) for one in column.allowed],
                    widget=forms.CheckboxSelectMultiple,
                )  # fmt: skip
            elif column.allowed:
                choices = [("", "Not answered yet"), *((one, one) for one in column.allowed)]
                self.fields[column.name] = forms.ChoiceField(label=column.header, required=False, choices=choices)
            else:
                self.fields[column.name] = text(column.header, required=False)
