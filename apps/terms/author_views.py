"""Pages of the privacy office: draft, translate, preview, publish or schedule, take back."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.core import clock
from apps.core.markdown import rendered
from apps.core.verbs import ReasonForm, form_page
from apps.terms import services
from apps.terms.models import BINDING, LANGUAGES, TermsVersion
from apps.terms.selectors import texts_of, version_in_force
from apps.terms.views import TERMS_LIST, version_or_404, version_url

# The preview follows the text while it is written; without scripts, saving shows it.
_LIVE = {
    "rows": 20, "maxlength": services.MOST_CHARACTERS, "hx-post": reverse_lazy("terms:preview"),
    "hx-trigger": "input changed delay:500ms", "hx-target": "#preview", "hx-swap": "innerHTML",
}  # fmt: skip


class TextForm(forms.Form):
    title = forms.CharField(label="Title", max_length=200)
    body = forms.CharField(
        label="Text", widget=forms.Textarea(attrs=_LIVE), max_length=services.MOST_CHARACTERS,
        help_text="Markdown: # for a heading, - for a list, ** around what must stand out.",
    )  # fmt: skip


class DraftForm(TextForm):
    summary_of_changes = forms.CharField(
        label="What changes", widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=2000,
        help_text="Two sentences for people who accepted the last version.",
    )  # fmt: skip
    requires_reacceptance = forms.BooleanField(
        label="Everyone accepts again", required=False, help_text="Holders have the grace period to do so."
    )
    grace_days = forms.IntegerField(
        label="Days of grace", min_value=0, max_value=90, initial=14,
        help_text="For as long, the last acceptance suffices. Then access is paused until the person accepts.",
    )  # fmt: skip


def _crumbs(version: TermsVersion | None = None) -> list[tuple[str, str]]:
    crumbs = [(TERMS_LIST[0], reverse(TERMS_LIST[1]))]
    return [*crumbs, (str(version), version_url(version))] if version else crumbs


@allow(Role.PRIVACY)
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The text as readers will see it: a fragment."""
    body = request.POST.get("body", "")[: services.MOST_CHARACTERS]
    return render(request, "terms/_preview.html", {"body": rendered(body)})


@allow(Role.PRIVACY)
def version_draft(request: HttpRequest) -> HttpResponse:
    """Draft a version of the terms."""
    latest = version_in_force()
    initial = {"title": latest.title, "body": latest.body} if latest else {}
    return form_page(
        request, title="Draft a version", form_class=DraftForm, submit="Save the draft", initial=initial,
        act=lambda data: services.terms_draft(actor=actor_of(request), **data), template="terms/write.html",
        done=lambda version: f"{version} is saved as a draft.", back=reverse("terms:versions"), to=version_url,
        crumbs=_crumbs(), preview=rendered(request.POST.get("body") or initial.get("body", "")),
    )  # fmt: skip


@allow(Role.PRIVACY)
def version_edit(request: HttpRequest, number: int, language: str = BINDING) -> HttpResponse:
    """Change a draft of the terms."""
    version = version_or_404(request, number, language)
    names = list(DraftForm.base_fields if version.is_binding else TextForm.base_fields)
    return form_page(
        request, title=f"Edit {version}", form_class=DraftForm if version.is_binding else TextForm, submit="Save",
        initial={name: getattr(version, name) for name in names}, back=version_url(version), done="Saved.",
        act=lambda data: services.terms_revise(actor=actor_of(request), version=version, **data),
        crumbs=_crumbs(version), template="terms/write.html", preview=rendered(request.POST.get("body") or version.body),
    )  # fmt: skip


class TranslateForm(TextForm):
    language = forms.ChoiceField(label="Language")
    field_order = ("language", "title", "body")


@allow(Role.PRIVACY)
def version_translate(request: HttpRequest, number: int) -> HttpResponse:
    """Write the terms in another language."""
    version = version_or_404(request, number)
    there = set(texts_of(version).values_list("language", flat=True))

    class Form(TranslateForm):
        language = forms.ChoiceField(
            label="Language", choices=[(code, name) for code, name in LANGUAGES.items() if code not in there]
        )

    return form_page(
        request, title=f"Translate {version}", form_class=Form, submit="Save the draft", back=version_url(version),
        initial={"title": version.title, "body": version.body}, done=lambda text: f"{text} is saved as a draft.",
        act=lambda data: services.terms_translate(actor=actor_of(request), version=version, **data), to=version_url,
        crumbs=_crumbs(version), template="terms/write.html", preview=rendered(request.POST.get("body") or version.body),
        intro="The English text binds. The translation says the same, and whoever accepts it accepts the version.",
    )  # fmt: skip


class PublishForm(ReasonForm):
    """When, why, and the version's name typed: nobody publishes by one click."""

    on = forms.DateField(
        label="In force from", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Today, or a later day: until then it is announced on the terms page, and people may accept ahead.",
    )  # fmt: skip
    typed = forms.CharField(label="Type the version's name to confirm", max_length=80)
    field_order = ("on", "reason", "typed")


class JoinForm(ReasonForm):
    typed = forms.CharField(label="Type the version's name to confirm", max_length=80)


@allow(Role.PRIVACY, sensitive=True)
def version_publish(request: HttpRequest, number: int, language: str = BINDING) -> HttpResponse:
    """Publish the terms."""
    version = version_or_404(request, number, language)
    form_class: type[forms.Form] = PublishForm if version.is_binding else JoinForm
    return form_page(
        request, title=f"Publish {version}", form_class=form_class, submit="Publish", back=version_url(version),
        act=lambda data: services.terms_publish(actor=actor_of(request), version=version, **data),
        done=_published, consequences=_consequences(version), crumbs=_crumbs(version),
        initial={"on": clock.today().isoformat()}, intro=f"To confirm, type: {version}",
    )  # fmt: skip


def _published(version: TermsVersion) -> str:
    if version.state == TermsVersion.State.SCHEDULED:
        return f"{version} is announced. It comes into force on {version.effective_on:%B %-d, %Y}."
    return f"{version} is in force."


def _consequences(version: TermsVersion) -> list[str]:
    lines = ["The text is frozen: nobody can change it afterwards."]
    if not version.is_binding:
        return [*lines, "It stands beside the English text from now on."]
    others = [text.language_label for text in texts_of(version).filter(state="draft").exclude(language=BINDING)]
    if others:
        lines.append(f"Its translations are published with it: {', '.join(others)}.")
    if version.requires_reacceptance:
        lines.append(
            f"Everyone accepts again within {version.grace_days} days of its first day. Who has not done so by then "
            "keeps the seat, and access is paused until they accept."
        )
    else:
        lines.append("Acceptances of the version before it stay good.")
    return lines


@allow(Role.PRIVACY)
def version_unschedule(request: HttpRequest, number: int) -> HttpResponse:
    """Take back terms that are not in force yet."""
    version = version_or_404(request, number)
    return form_page(
        request, title=f"Take {version} back", form_class=ReasonForm, submit="Take it back", back=version_url(version),
        act=lambda data: services.terms_unschedule(actor=actor_of(request), version=version, reason=data["reason"]),
        done=f"{version} is a draft again.", crumbs=_crumbs(version),
        consequences=["It is no longer announced. Once somebody has accepted it ahead, it cannot be taken back."],
    )  # fmt: skip
