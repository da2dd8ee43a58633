"""Pages of the terms: read and accept, versions, draft and publish."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.audit.words import history
from apps.core.errors import NotFound
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.markdown import rendered
from apps.core.verbs import ReasonForm, form_page
from apps.terms import services
from apps.terms.models import Acceptance, TermsVersion
from apps.terms.selectors import version_in_force, versions_visible_to

STATE_TAGS = {"draft": "neutral", "published": "good", "superseded": "neutral"}
_LIST = ("Terms", "terms:versions")


class AcceptForm(forms.Form):
    sha256 = forms.CharField(widget=forms.HiddenInput)
    agree = forms.BooleanField(label="I have read these terms and I agree to them.")


@allow()
def current(request: HttpRequest) -> HttpResponse:
    """The text in force, and for employees the box to accept it."""
    version, actor = version_in_force(), actor_of(request)
    if version is None:
        return render(request, "terms/none.html")
    accepted = Acceptance.objects.filter(employee=actor.employee_id or 0, version=version).first()

    def act(data: dict[str, Any]) -> Acceptance:
        return services.terms_accept(actor=actor, version=version, sha256=data["sha256"])

    return form_page(
        request, title=version.title, form_class=AcceptForm, act=act, submit="Accept the terms",
        done="Thank you. Your acceptance is recorded.", back=reverse("console:home"), template="terms/current.html",
        initial={"sha256": version.sha256}, version=version, body=rendered(version.body), accepted=accepted,
        may_accept=actor.employee_id is not None and accepted is None,
    )  # fmt: skip


COLUMNS = [
    Column("number", "Version", str, sort="number", url=lambda v: reverse("terms:version", args=[v.number])),
    Column("state", "State", lambda v: v.get_state_display(), sort="state", tag=lambda v: STATE_TAGS[v.state]),
    Column("title", "Title", lambda v: v.title),
    Column("effective", "Effective", lambda v: v.effective_on, sort="effective_on", kind="date"),
    Column("by", "Published by", lambda v: v.published_by),
]


@allow()
def version_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    listing = Listing(
        request, versions_visible_to(actor), COLUMNS, "Versions of the terms", "versions",
        Empty("No terms yet", "The privacy office drafts them."), default_sort="-number",
    )  # fmt: skip
    verbs = [("Read the terms in force", reverse("terms:current"))]
    verbs += [("Draft a version", reverse("terms:draft"))] if actor.has(Role.PRIVACY) else []
    return listing_page(listing, title="Terms", verbs=verbs)


def _version(request: HttpRequest, number: int) -> TermsVersion:
    version = versions_visible_to(actor_of(request)).filter(number=number, language="en").first()
    if version is None:
        raise NotFound()
    return version


@allow()
def version_detail(request: HttpRequest, number: int) -> HttpResponse:
    version, actor = _version(request, number), actor_of(request)
    context = {
        "version": version, "tag": STATE_TAGS[version.state], "body": rendered(version.body),
        "may_edit": actor.has(Role.PRIVACY) and version.state == "draft",
        "accepted": version.acceptances.count() if actor.sees_everyone else None,
        "history": history(version) if actor.sees_everyone else [],
        "crumbs": [(_LIST[0], reverse(_LIST[1])), (str(version), "")],
    }  # fmt: skip
    return render(request, "terms/version.html", context)


class DraftForm(forms.Form):
    title = forms.CharField(label="Title", max_length=200)
    body = forms.CharField(label="Text", widget=forms.Textarea(attrs={"rows": 20}), help_text="Markdown.")
    summary_of_changes = forms.CharField(
        label="What changes", widget=forms.Textarea(attrs={"rows": 3}), required=False,
        help_text="Two sentences for people who accepted the last version.",
    )  # fmt: skip


class NewDraftForm(DraftForm):
    requires_reacceptance = forms.BooleanField(
        label="Everyone accepts again", required=False, help_text="Holders have the grace period to do so."
    )
    grace_days = forms.IntegerField(label="Days of grace", min_value=0, max_value=90, initial=14)


@allow(Role.PRIVACY)
def version_draft(request: HttpRequest) -> HttpResponse:
    latest = version_in_force()
    initial = {"title": latest.title, "body": latest.body} if latest else {}
    return form_page(
        request, title="Draft a version", form_class=NewDraftForm, submit="Save the draft", initial=initial,
        act=lambda data: services.terms_draft(actor=actor_of(request), **data),
        done=lambda version: f"{version} is saved as a draft.", back=reverse("terms:versions"),
        to=lambda version: reverse("terms:version", args=[version.number]), crumbs=[(_LIST[0], reverse(_LIST[1]))],
    )  # fmt: skip


@allow(Role.PRIVACY)
def version_edit(request: HttpRequest, number: int) -> HttpResponse:
    version = _version(request, number)
    back = reverse("terms:version", args=[number])
    initial = {"title": version.title, "body": version.body, "summary_of_changes": version.summary_of_changes}
    return form_page(
        request, title=f"Edit {version}", form_class=DraftForm, submit="Save", initial=initial, back=back, done="Saved.",
        act=lambda data: services.terms_revise(actor=actor_of(request), version=version, **data),
        crumbs=[(_LIST[0], reverse(_LIST[1])), (str(version), back)],
    )  # fmt: skip


@allow(Role.PRIVACY)
def version_publish(request: HttpRequest, number: int) -> HttpResponse:
    version = _version(request, number)
    back = reverse("terms:version", args=[number])
    consequences = ["The text is frozen: nobody can change it afterwards.", "It is in force from today."]
    if version.requires_reacceptance:
        consequences.append(f"Everyone accepts again within {version.grace_days} days.")
    return form_page(
        request, title=f"Publish {version}", form_class=ReasonForm, submit="Publish", back=back,
        act=lambda data: services.terms_publish(actor=actor_of(request), version=version, reason=data["reason"]),
        done=lambda published: f"{published} is in force.", consequences=consequences,
        crumbs=[(_LIST[0], reverse(_LIST[1])), (str(version), back)],
    )  # fmt: skip
