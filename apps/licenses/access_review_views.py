"""Pages of access reviews: campaigns, their holders, and answering about one or hundreds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.models import Agency
from apps.audit.words import history
from apps.core import clock
from apps.core.listing import Column, Empty, Listing, chosen, ids_of, listing_page
from apps.core.verbs import EmptyForm, form_page, saying
from apps.licenses import access_review_services
from apps.licenses.models import AccessReview, ReviewItem
from apps.licenses.selectors import review_items_visible_to, reviews_visible_to, why_not_answer

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT)
_LIST = ("Access reviews", "licenses:reviews")
_DECISION_TAGS = {"": "info", "confirmed": "good", "released": "neutral"}
_HINTS = {True: "No use in 30 days", False: "", None: "Not known"}


class ReviewFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=AccessReview.State.choices, label="State")
    kind = django_filters.ChoiceFilter(choices=AccessReview.Kind.choices, label="About")

    class Meta:
        model = AccessReview
        fields: list[str] = []


COLUMNS = [
    Column("name", "Review", lambda r: r.name, sort="name", url=lambda r: reverse("licenses:review", args=[r.pk])),
    Column("kind", "About", lambda r: r.get_kind_display(), sort="kind"),
    Column("agency", "Agency", lambda r: r.agency.name if r.agency else "All", sort="agency__name"),
    Column(
        "state", "State", lambda r: r.get_state_display(), sort="state",
        tag=lambda r: "info" if r.state == "open" else "neutral",
    ),
    Column("due", "Until", lambda r: r.due_on, sort="due_on", kind="date"),
    Column("waiting", "No answer yet", lambda r: r.waiting, sort="waiting", kind="number"),
]  # fmt: skip


@allow(*READERS)
def review_list(request: HttpRequest) -> HttpResponse:
    """See access reviews."""
    actor = actor_of(request)
    mine = Q() if actor.sees_everyone else Q(items__agency__in=actor.agency_ids)
    reviews = reviews_visible_to(actor).annotate(
        waiting=Count("items", filter=Q(items__decision="") & ~Q(items__seat__state="released") & mine)
    )
    listing = Listing(
        request, reviews, COLUMNS, "Access reviews", "access-reviews",
        Empty("No access review yet", "EOTSS opens one; 180 days after the last is usual, 90 for privileged roles."),
        ReviewFilter, default_sort="-due",
    )  # fmt: skip
    verbs = [("Open a review", reverse("licenses:review-new"))] if actor.has(Role.ADMINISTRATOR) else []
    return listing_page(
        listing, title="Access reviews", verbs=verbs,
        intro="Contacts say of each holder whether the seat is still right. Silence takes nobody's seat.",
    )  # fmt: skip


class ReviewForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120, help_text="For example: Spring 2027")
    kind = forms.ChoiceField(label="About", choices=AccessReview.Kind.choices, widget=forms.RadioSelect)
    agency = forms.ModelChoiceField(
        label="Agency", queryset=Agency.objects.all(), required=False, help_text="Empty: holders of all agencies."
    )
    due_on = forms.DateField(label="Answers until", widget=forms.DateInput(attrs={"type": "date"}))


@allow(Role.ADMINISTRATOR)
def review_new(request: HttpRequest) -> HttpResponse:
    """Open an access review."""
    return form_page(
        request, title="Open an access review", form_class=ReviewForm, submit="Open the review",
        act=lambda data: access_review_services.review_open(actor=actor_of(request), **data),
        done="The review is open. Contacts hear of it with tomorrow's digest.", back=reverse("licenses:reviews"),
        to=lambda review: reverse("licenses:review", args=[review.pk]), crumbs=[(_LIST[0], reverse(_LIST[1]))],
        initial={"kind": "members", "due_on": (clock.today() + timedelta(days=21)).isoformat()},
        consequences=[
            "Who holds a seat now is written down; later changes do not change the list.",
            "At the end holders without an answer keep their seat. Privileged roles without an answer end.",
        ],
    )  # fmt: skip


class ItemFilter(django_filters.FilterSet):
    decision = django_filters.ChoiceFilter(
        choices=[("waiting", "No answer yet"), ("confirmed", "Confirmed"), ("released", "Released")],
        label="Answer", method="by_decision",
    )  # fmt: skip
    looks_unused = django_filters.BooleanFilter(
        label="Hint", widget=forms.Select(choices=[("", "Any"), ("true", "No use in 30 days"), ("false", "In use")])
    )
    agency = django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), label="Agency")

    class Meta:
        model = ReviewItem
        fields: list[str] = []

    def by_decision(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(decision="" if value == "waiting" else value)


ITEM_COLUMNS = [
    Column("whom", "Who", lambda i: i.whom, sort="employee__last_name,employee__first_name,assignment__user__name"),
    Column("what", "Holds", lambda i: i.what),
    Column("agency", "Agency", lambda i: i.agency.name if i.agency else "", sort="agency__name"),
    Column("hint", "Hint", lambda i: _HINTS[i.looks_unused] if i.seat_id else "", sort="looks_unused"),
    Column(
        "decision", "Answer", lambda i: i.get_decision_display(), sort="decision",
        tag=lambda i: _DECISION_TAGS[i.decision],
    ),
    Column("by", "By", lambda i: i.decided_by, sort="decided_by"),
]  # fmt: skip


def _items(request: HttpRequest, review: AccessReview) -> Listing:
    return Listing(
        request, review_items_visible_to(actor_of(request)).filter(review=review), ITEM_COLUMNS, "Holders", "review",
        Empty("Nobody of yours is in this review"), ItemFilter, default_sort="whom", checks="bulk",
        check_label=lambda item: f"Select {item.whom}", names_people=True,
    )  # fmt: skip


@allow(*READERS)
def review_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See an access review, and answer."""
    actor = actor_of(request)
    review = get_object_or_404(reviews_visible_to(actor), pk=pk)
    listing = _items(request, review)
    context = {
        "title": review.name, "review": review, "is_open": review.state == "open",
        "answers": review.state == "open" and actor.has(Role.CONTACT, Role.ADMINISTRATOR),
        "page_ids": ",".join(str(item.pk) for item in listing.page.object_list),
        "may_close": review.state == "open" and actor.has(Role.ADMINISTRATOR),
        "history": history(review) if actor.sees_everyone else [],
        "crumbs": [(_LIST[0], reverse(_LIST[1])), (review.name, "")],
    }  # fmt: skip
    return listing_page(listing, "licenses/review.html", **context)


@allow(Role.CONTACT, Role.ADMINISTRATOR)
@require_POST
def answer_check(request: HttpRequest, pk: int) -> HttpResponse:
    """The page before it happens: who, and what it means for them."""
    actor = actor_of(request)
    review = get_object_or_404(reviews_visible_to(actor), pk=pk)
    picked = chosen(request, lambda asked: _items(asked, review), decision="")
    items = list(review_items_visible_to(actor).filter(review=review, pk__in=picked).order_by("pk"))
    ready = [item for item in items if why_not_answer(actor, item) is None]
    refused = [(item, why_not_answer(actor, item)) for item in items if why_not_answer(actor, item)]
    context = {
        "review": review, "ready": ready, "refused": refused, "ids": ",".join(str(item.pk) for item in ready),
        "release": request.POST.get("verb") == "released", "back": reverse("licenses:review", args=[pk]),
    }  # fmt: skip
    return render(request, "licenses/review_check.html", context)


@allow(Role.CONTACT, Role.ADMINISTRATOR)
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer about the frozen selection."""
    actor = actor_of(request)
    review = get_object_or_404(reviews_visible_to(actor), pk=pk)
    ids = ids_of(request.POST.get("ids", "").split(","))
    visible = review_items_visible_to(actor).filter(review=review, pk__in=ids).values_list("pk", flat=True)
    decision = request.POST.get("decision", "")
    words = {"confirmed": "Your answer is recorded.", "released": "The seats are released."}
    with saying(request, words.get(decision, "")):
        access_review_services.items_answer(
            actor=actor, review=review, item_ids=visible, decision=decision, note=request.POST.get("note", "")
        )
    return redirect("licenses:review", pk=pk)


@allow(Role.ADMINISTRATOR, sensitive=True)
def review_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an access review."""
    review = get_object_or_404(reviews_visible_to(actor_of(request)), pk=pk)
    back = reverse("licenses:review", args=[pk])
    return form_page(
        request, title="Close the review", form_class=EmptyForm, submit="Close it", back=back,
        act=lambda _: access_review_services.review_close(actor=actor_of(request), review=review),
        done="The review is closed.", crumbs=[(_LIST[0], reverse(_LIST[1])), (review.name, back)],
        consequences=[
            "Holders without an answer keep their seat.",
            "Privileged roles without an answer end at once, but never the last administrator's.",
        ],
    )  # fmt: skip
