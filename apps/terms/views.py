"""Pages of the terms for their readers: read and accept, versions, what changed, acceptances and receipts."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit.words import history
from apps.core.errors import NotFound
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.markdown import rendered
from apps.core.pdf import pdf, pdf_download
from apps.core.verbs import form_page
from apps.terms import services
from apps.terms.difference import difference, is_same
from apps.terms.models import BINDING, LANGUAGES, Acceptance, TermsVersion
from apps.terms.selectors import (
    acceptances_visible_to,
    last_acceptance,
    last_day_of_grace,
    texts_of,
    version_in_force,
    version_to_come,
    versions_visible_to,
)

STATE_TAGS = {"draft": "neutral", "scheduled": "info", "published": "good", "superseded": "neutral"}
TERMS_LIST = ("Terms", "terms:versions")


# ---- read and accept ---------------------------------------------------------------------------------------


class AcceptForm(forms.Form):
    sha256 = forms.CharField(widget=forms.HiddenInput)
    agree = forms.BooleanField(label="I have read these terms and I agree to them.")


@allow()
def current(request: HttpRequest) -> HttpResponse:
    """The text in force, and for employees the box to accept it."""
    version = version_in_force(_language(request))
    return _reading(request, version, "terms:current") if version else render(request, "terms/none.html")


@allow()
def to_come(request: HttpRequest) -> HttpResponse:
    """The announced text, which may be accepted ahead of its day."""
    version = version_to_come()
    if version is None:
        return redirect("terms:current")
    return _reading(request, texts_of(version).filter(language=_language(request)).first() or version, "terms:to-come")


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("language", BINDING)
    return asked if asked in LANGUAGES else BINDING


def _reading(request: HttpRequest, version: TermsVersion, name: str) -> HttpResponse:
    actor = actor_of(request)
    of_version = Acceptance.objects.filter(employee=actor.employee_id or 0, version__number=version.number)
    accepted = of_version.select_related("version").first()

    def act(data: dict[str, Any]) -> Acceptance:
        return services.terms_accept(actor=actor, version=version, sha256=data["sha256"])

    texts = list(texts_of(version).exclude(state=TermsVersion.State.DRAFT))
    return form_page(
        request, title=version.title, form_class=AcceptForm, act=act, submit="Accept the terms",
        done="Thank you. Your acceptance is recorded.", back=reverse("console:home"), template="terms/current.html",
        initial={"sha256": version.sha256}, version=version, body=rendered(version.body), accepted=accepted,
        may_accept=actor.employee_id is not None and accepted is None, texts=texts if len(texts) > 1 else [],
        here=reverse(name), next=version_to_come() if name == "terms:current" else None,
        grace_until=last_day_of_grace(version) if version.requires_reacceptance else None,
        **_since_last(actor, version, accepted),
    )  # fmt: skip


def _since_last(actor: Actor, version: TermsVersion, accepted: Acceptance | None) -> dict[str, Any]:
    """The difference to the text that the person accepted last, in its language where this version has it."""
    last = None if accepted else last_acceptance(actor.employee_id, version)
    if last is None:
        return {}
    same_language = texts_of(last.version).filter(language=version.language).first()
    return {"last": last, "parts": difference((same_language or last.version).body, version.body)}


# ---- versions ----------------------------------------------------------------------------------------------


def version_url(version: TermsVersion) -> str:
    if version.is_binding:
        return reverse("terms:version", args=[version.number])
    return reverse("terms:translation", args=[version.number, version.language])


COLUMNS = [
    Column("number", "Version", str, sort="number", url=version_url),
    Column("state", "State", lambda v: v.get_state_display(), sort="state", tag=lambda v: STATE_TAGS[v.state]),
    Column("language", "Language", lambda v: v.language_label, sort="language"),
    Column("title", "Title", lambda v: v.title),
    Column("effective", "Effective", lambda v: v.effective_on, sort="effective_on", kind="date"),
    Column("by", "Published by", lambda v: v.published_by),
]


class VersionFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=TermsVersion.State.choices, label="State")
    language = django_filters.ChoiceFilter(choices=list(LANGUAGES.items()), label="Language")

    class Meta:
        model = TermsVersion
        fields: list[str] = []


@allow()
def version_list(request: HttpRequest) -> HttpResponse:
    """See the versions of the terms."""
    actor = actor_of(request)
    columns = [column for column in COLUMNS if column.key != "by" or actor.sees_names]
    listing = Listing(
        request, versions_visible_to(actor), columns, "Versions of the terms", "versions",
        Empty("No terms yet", "The privacy office drafts them."), VersionFilter, default_sort="-number",
    )  # fmt: skip
    verbs = [("Read the terms in force", reverse("terms:current")), ("Acceptances", reverse("terms:acceptances"))]
    verbs += [("Compare versions", reverse("terms:compare"))]
    verbs += [("Draft a version", reverse("terms:draft"))] if actor.has(Role.PRIVACY) else []
    return listing_page(listing, title="Terms", verbs=verbs)


def version_or_404(request: HttpRequest, number: int, language: str = BINDING) -> TermsVersion:
    version = versions_visible_to(actor_of(request)).filter(number=number, language=language).first()
    if version is None:
        raise NotFound()
    return version


@allow()
def version_detail(request: HttpRequest, number: int, language: str = BINDING) -> HttpResponse:
    """Read a version of the terms."""
    version, actor = version_or_404(request, number, language), actor_of(request)
    author = actor.has(Role.PRIVACY)
    others = versions_visible_to(actor).filter(number=number).exclude(pk=version.pk).order_by("id")
    context = {
        "version": version, "tag": STATE_TAGS[version.state], "body": rendered(version.body), "others": others,
        "sees_names": actor.sees_names, "may_edit": author and version.state == "draft",
        "may_publish": author and version.state == "draft" and (version.is_binding or _binding_is_out(version)),
        "may_unschedule": author and version.is_binding and version.state == "scheduled",
        "may_translate": author and version.is_binding and version.state != "superseded",
        "compare_url": f"{reverse('terms:compare')}?old={number - 1}&new={number}" if number > 1 else "",
        "accepted": Acceptance.objects.filter(version__number=number).count() if actor.sees_everyone else None,
        "history": history(version) if actor.sees_everyone else [],
        "crumbs": [(TERMS_LIST[0], reverse(TERMS_LIST[1])), (str(version), "")],
    }  # fmt: skip
    return render(request, "terms/version.html", context)


def _binding_is_out(version: TermsVersion) -> bool:
    return texts_of(version).filter(language=BINDING, state__in=["published", "scheduled"]).exists()


class CompareForm(forms.Form):
    """Two versions, in one language. Only what the person may see can be chosen."""

    old = forms.TypedChoiceField(label="From version", coerce=int)
    new = forms.TypedChoiceField(label="To version", coerce=int)
    language = forms.ChoiceField(label="Language", required=False)

    def __init__(self, *args: Any, versions: QuerySet[TermsVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(versions.values_list("number", "language").order_by("number"))
        numbers = [(number, str(number)) for number in sorted({number for number, _ in rows})]
        self.fields["old"].choices = self.fields["new"].choices = numbers  # type: ignore[attr-defined]  # typed choices
        spoken = {language for _, language in rows} | {BINDING}
        self.fields["language"].choices = [  # type: ignore[attr-defined]  # as above
            (code, label) for code, label in LANGUAGES.items() if code in spoken
        ]


@allow()
def compare(request: HttpRequest) -> HttpResponse:
    """Any two versions in one, with what was added and removed in words for screen readers."""
    versions = versions_visible_to(actor_of(request))
    form = CompareForm(request.GET if "old" in request.GET else None, versions=versions)
    context: dict[str, Any] = {
        "form": form, "crumbs": [(TERMS_LIST[0], reverse(TERMS_LIST[1])), ("Compare", "")],
        "enough": versions.values("number").distinct().count() > 1,
    }  # fmt: skip
    if form.is_valid():
        asked = form.cleaned_data
        language = asked["language"] or BINDING
        texts = {v.number: v for v in versions.filter(language=language, number__in=[asked["old"], asked["new"]])}
        old, new = texts.get(asked["old"]), texts.get(asked["new"])
        context |= {"old": old, "new": new, "asked": asked}
        if old and new:
            parts = difference(old.body, new.body)
            context |= {"parts": parts, "is_same": is_same(parts), "titles": difference(old.title, new.title)}
    return render(request, "terms/compare.html", context)


# ---- acceptances and receipts ------------------------------------------------------------------------------


class AcceptanceFilter(django_filters.FilterSet):
    version = django_filters.NumberFilter(field_name="version__number", label="Version")
    agency = django_filters.ModelChoiceFilter(
        field_name="employee__agency", queryset=Agency.objects.all(), label="Agency"
    )
    language = django_filters.ChoiceFilter(choices=list(LANGUAGES.items()), label="Language")

    class Meta:
        model = Acceptance
        fields: list[str] = []


def _receipt_url(acceptance: Acceptance) -> str:
    return reverse("terms:receipt", args=[acceptance.pk])


ACCEPTANCE_COLUMNS = [
    Column("version", "Version", lambda a: str(a.version), sort="version__number", url=_receipt_url),
    Column("who", "Who", lambda a: str(a.employee), sort="employee__last_name,employee__first_name"),
    Column("agency", "Agency", lambda a: a.employee.agency.name, sort="employee__agency__name"),
    Column("at", "Accepted", lambda a: a.accepted_at, sort="accepted_at", kind="time"),
    Column("sha256", "Fingerprint", lambda a: a.sha256[:16]),
]


@allow()
def acceptance_list(request: HttpRequest) -> HttpResponse:
    """One's own acceptances; everybody's for the privacy office, EOTSS and auditors."""
    actor = actor_of(request)
    everyone = actor.sees_everyone
    listing = Listing(
        request, acceptances_visible_to(actor), ACCEPTANCE_COLUMNS, "Acceptances of the terms", "acceptances",
        Empty("No acceptance yet", "They appear as people accept the terms.", reverse("terms:current"), "Read the terms"),
        AcceptanceFilter if everyone else None, default_sort="-at", names_people=everyone,
    )  # fmt: skip
    title = "Acceptances" if everyone else "My acceptances"
    return listing_page(listing, title=title, crumbs=[(TERMS_LIST[0], reverse(TERMS_LIST[1])), (title, "")])


@allow()
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """The exact text that a person accepted, with its fingerprint, computed again now."""
    return render(request, "terms/receipt.html", _receipt(request, pk))


@allow()
def receipt_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own acceptance away as a PDF."""
    context = _receipt(request, pk)
    return pdf_download(pdf("terms/receipt_paper.html", context), f"beacon-terms-receipt-{pk}.pdf")


def _receipt(request: HttpRequest, pk: int) -> dict[str, Any]:
    acceptance = get_object_or_404(acceptances_visible_to(actor_of(request)), pk=pk)
    version = acceptance.version
    return {
        "title": f"Receipt: {version}", "acceptance": acceptance, "version": version, "body": rendered(version.body),
        "matches": version.digest() == acceptance.sha256, "language": version.language,
        "crumbs": [("Acceptances", reverse("terms:acceptances")), (f"Receipt {pk}", "")],
    }  # fmt: skip
