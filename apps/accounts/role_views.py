"""Pages of roles: who holds which, the second person's word, the review every 90 days, and what provider groups give."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts import mapping_services, services
from apps.accounts.access import actor_of, allow
from apps.accounts.actors import GRANTABLE, PRIVILEGED, Actor, Role
from apps.accounts.models import RoleAssignment, RoleMapping, User
from apps.accounts.selectors import REVIEWERS, mappings_visible_to, roles_to_review, roles_visible_to, users_visible_to
from apps.audit.words import history
from apps.core import clock
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import EmptyForm, ReasonForm, form_page

_ROLES, _MAPPINGS = ("Roles", "accounts:roles"), ("Groups and roles", "accounts:mappings")


def state_of(held: RoleAssignment | RoleMapping) -> tuple[str, str]:
    """The state in words, and the kind of its tag."""
    if held.ended_at is not None:
        return "Ended", "neutral"
    if isinstance(held, RoleAssignment) and held.until_on and held.until_on < clock.today():
        return "Ran out", "neutral"
    return ("In force", "good") if held.confirmed_at else ("Waits for a second person", "warn")


class RoleFilter(django_filters.FilterSet):
    who = django_filters.CharFilter(method="by_who", label="Name or address")
    role = django_filters.ChoiceFilter(choices=[(role.value, role.label) for role in GRANTABLE], label="Role")
    state = django_filters.ChoiceFilter(
        choices=[("held", "In force"), ("waits", "Waits for a second person"), ("ended", "Ended")], method="by_state",
        label="State",
    )  # fmt: skip
    due = django_filters.ChoiceFilter(choices=[("true", "Review is due")], method="by_due", label="Review")

    class Meta:
        model = RoleAssignment
        fields: list[str] = []

    def by_who(self, rows: QuerySet[RoleAssignment], _name: str, value: str) -> QuerySet[RoleAssignment]:
        return rows.filter(Q(user__name__icontains=value) | Q(user__email__icontains=value))

    def by_state(self, rows: QuerySet[RoleAssignment], _name: str, value: str) -> QuerySet[RoleAssignment]:
        over = ~Q(ended_at=None) | Q(until_on__lt=clock.today())
        if value == "ended":
            return rows.filter(over)
        return rows.exclude(over).filter(confirmed_at__isnull=value == "waits")

    def by_due(self, rows: QuerySet[RoleAssignment], _name: str, _value: str) -> QuerySet[RoleAssignment]:
        return rows.filter(pk__in=roles_to_review().values("pk"))


COLUMNS = [
    Column("who", "Who", lambda r: str(r.user), sort="user__name", url=lambda r: reverse("accounts:role", args=[r.pk])),
    Column("role", "Role", lambda r: r.get_role_display(), sort="role"),
    Column("scope", "Over", lambda r: r.scope or "Everything", sort="scope"),
    Column("state", "State", lambda r: state_of(r)[0], tag=lambda r: state_of(r)[1]),
    Column("granted", "Granted", lambda r: r.granted_at, sort="granted_at", kind="time"),
    Column("by", "By", lambda r: r.granted_by),
    Column("until", "Until", lambda r: r.until_on, sort="until_on", kind="date"),
    Column("reviewed", "Looked at last", lambda r: r.reviewed_at or r.confirmed_at, kind="time"),
]


@allow(*REVIEWERS)
def role_list(request: HttpRequest) -> HttpResponse:
    """See who holds which role."""
    actor = actor_of(request)
    verbs = [("What each role may do", reverse("accounts:rights")), ("Sign-ins", reverse("accounts:sign-ins"))]
    if actor.has(Role.ADMINISTRATOR):
        verbs[:0] = [
            ("Grant a role", reverse("accounts:role-new")),
            ("Make somebody known", reverse("accounts:person-new")),
        ]
    listing = Listing(
        request, roles_visible_to(actor), COLUMNS, "Roles", "roles", Empty("No role matches"), RoleFilter,
        default_sort="-granted", names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, title="Roles", verbs=verbs,
        intro="Agency contacts are not here: who is a contact stands on the agency's page.",
    )  # fmt: skip


@allow(*REVIEWERS)
def role_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one role, its history, and what may be done about it now."""
    actor = actor_of(request)
    held = get_object_or_404(roles_visible_to(actor), pk=pk)
    words, tag = state_of(held)
    context = {
        "held": held, "state": words, "tag": tag, "verbs": _verbs(held, actor), "history": history(held),
        "crumbs": [(_ROLES[0], reverse(_ROLES[1])), (str(held), "")],
        "is_due": roles_to_review().filter(pk=pk).exists(),
    }  # fmt: skip
    return render(request, "accounts/role_detail.html", context)


def _verbs(held: RoleAssignment, actor: Actor) -> list[tuple[str, str]]:
    if not actor.has(Role.ADMINISTRATOR) or state_of(held)[1] == "neutral":
        return []
    verbs = []
    if held.confirmed_at is None and actor.key not in {held.granted_by_key, str(held.user.key)}:
        verbs.append(("Confirm", reverse("accounts:role-confirm", args=[held.pk])))
    if held.confirmed_at and held.role in PRIVILEGED and actor.key != str(held.user.key):
        verbs.append(("Still needed", reverse("accounts:role-review", args=[held.pk])))
    verbs.append(("End" if held.confirmed_at else "Decline", reverse("accounts:role-end", args=[held.pk])))
    verbs.append(("End all sign-ins", reverse("accounts:sessions-end", args=[held.user_id])))
    return verbs


class GrantForm(ReasonForm):
    who = forms.CharField(
        label="E-mail address or connection",
        max_length=254,
        help_text="Of somebody who has signed in here once, or was made known.",
    )
    role = forms.ChoiceField(label="Role", choices=[(role.value, role.label) for role in GRANTABLE])
    scope = forms.CharField(
        label="Secretariat", required=False, max_length=10, help_text="Its code, for a leader of one secretariat."
    )
    until_on = forms.DateField(
        label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text="Empty: until it is ended."
    )  # fmt: skip
    field_order = ("who", "role", "scope", "until_on", "reason")

    def clean_who(self) -> User:
        who = self.cleaned_data["who"].strip()
        found = User.objects.filter(Q(email__iexact=who) | Q(kind="connection", name__iexact=who)).first()
        if found is None:
            raise forms.ValidationError(
                "Nobody has signed in with this address yet. They sign in once, or are made known, and can then be given a role."
            )
        return found


@allow(Role.ADMINISTRATOR, sensitive=True)
def role_new(request: HttpRequest) -> HttpResponse:
    """Grant somebody else a role."""
    back = reverse(_ROLES[1])

    def act(data: dict[str, Any]) -> RoleAssignment:
        return services.role_grant(
            actor=actor_of(request), user=data["who"], role=Role(data["role"]), scope=data["scope"],
            until_on=data["until_on"], reason=data["reason"],
        )  # fmt: skip

    return form_page(
        request, title="Grant a role", form_class=GrantForm, act=act, back=back, submit="Grant the role",
        crumbs=[(_ROLES[0], back)], to=lambda held: reverse("accounts:role", args=[held.pk]),
        done=lambda held: "The role is in force." if held.confirmed_at else "Another administrator confirms it now.",
        consequences=[
            "An administrator or privacy officer begins when a second administrator confirms it.",
            "The person signs in anew, so that what they may do is what the role says.",
        ],
    )  # fmt: skip


class PersonForm(forms.Form):
    name = forms.CharField(label="Name", max_length=150)
    email = forms.EmailField(
        label="E-mail address", max_length=254, help_text="As the identity provider says it when they sign in."
    )


@allow(Role.ADMINISTRATOR, sensitive=True)
def person_new(request: HttpRequest) -> HttpResponse:
    """Let somebody sign in whom the HR file does not have."""
    back = reverse(_ROLES[1])
    return form_page(
        request, title="Make somebody known", form_class=PersonForm, submit="Make known", back=back,
        act=lambda data: services.user_create(actor=actor_of(request), **data), crumbs=[(_ROLES[0], back)],
        done=lambda made: f"{made.name} can sign in now, and has no role yet.",
        intro="An outside auditor, for example. Employees need none of this: they sign in because the directory has them.",
    )  # fmt: skip


def _act_on(
    request: HttpRequest, pk: int, *, title: str, submit: str, done: str, act: Any, form: type[forms.Form]
) -> HttpResponse:
    held = get_object_or_404(roles_visible_to(actor_of(request)), pk=pk)
    back = reverse("accounts:role", args=[pk])
    return form_page(
        request, title=f"{title}: {held}", form_class=form, submit=submit, back=back, done=done,
        act=lambda data: act(actor=actor_of(request), assignment=held, **data),
        crumbs=[(_ROLES[0], reverse(_ROLES[1])), (str(held), back)],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def role_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a role as the second person."""
    return _act_on(
        request, pk, title="Confirm", submit="Confirm the role", done="The role is in force.",
        act=services.role_confirm, form=EmptyForm,
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def role_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a privileged role is still needed."""
    return _act_on(
        request, pk, title="Still needed", submit="Keep the role", done="The role was looked at and stays.",
        act=services.role_review, form=ReasonForm,
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def role_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role, or decline one that waits."""
    return _act_on(
        request, pk, title="End", submit="End the role", done="The role has ended, and every sign-in of the person.",
        act=services.role_end, form=ReasonForm,
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def sessions_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End every sign-in of a person."""
    user = get_object_or_404(users_visible_to(actor_of(request)), pk=pk)
    back = reverse(_ROLES[1])
    return form_page(
        request, title=f"End all sign-ins of {user}", form_class=EmptyForm, submit="End them", back=back,
        act=lambda _: services.sessions_end(actor=actor_of(request), user=user),
        done=lambda number: f"Ended: {number}.", crumbs=[(_ROLES[0], back)],
        consequences=["They are signed out at their next click. What they may do does not change."],
    )  # fmt: skip


# -- what groups give --------------------------------------------------------------------------------------------------

MAPPING_COLUMNS = [
    Column("provider", "Identity provider", lambda m: m.provider, sort="provider"),
    Column("claim", "Kind", lambda m: m.get_claim_display(), sort="claim"),
    Column("value", "Group or app role", lambda m: m.value, sort="value"),
    Column("role", "Gives", lambda m: m.get_role_display(), sort="role"),
    Column("scope", "Over", lambda m: m.scope or "Everything"),
    Column(
        "state", "State", lambda m: state_of(m)[0], tag=lambda m: state_of(m)[1],
        url=lambda m: reverse("accounts:mapping", args=[m.pk]),
    ),
    Column("by", "By", lambda m: m.created_by),
]  # fmt: skip


@allow(*REVIEWERS)
def mapping_list(request: HttpRequest) -> HttpResponse:
    """See which groups of the identity providers give which roles."""
    actor = actor_of(request)
    listing = Listing(
        request, mappings_visible_to(actor), MAPPING_COLUMNS, "Groups and the roles they give", "mappings",
        Empty("No group gives a role", "Roles are then granted here, one by one."), default_sort="provider",
    )  # fmt: skip
    verbs = [("Add", reverse("accounts:mapping-new"))] if actor.has(Role.ADMINISTRATOR) else []
    return listing_page(
        listing, title="Groups and roles", verbs=verbs,
        intro="Who is in the group gets the role when they sign in, and loses it at their next sign-in after they left it.",
    )  # fmt: skip


@allow(*REVIEWERS)
def mapping_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one mapping, who has a role by it, and its history."""
    actor = actor_of(request)
    mapping = get_object_or_404(mappings_visible_to(actor), pk=pk)
    words, tag = state_of(mapping)
    may = actor.has(Role.ADMINISTRATOR) and tag != "neutral"
    context = {
        "mapping": mapping, "state": words, "tag": tag, "history": history(mapping), "may_end": may,
        "may_confirm": may and mapping.confirmed_at is None and actor.key != mapping.created_by_key,
        "holders": mapping.assignments.filter(ended_at=None).select_related("user"),
        "crumbs": [(_MAPPINGS[0], reverse(_MAPPINGS[1])), (str(mapping), "")],
    }  # fmt: skip
    return render(request, "accounts/mapping_detail.html", context)


class MappingForm(ReasonForm):
    provider = forms.ChoiceField(label="Identity provider")
    claim = forms.ChoiceField(label="Kind", choices=RoleMapping.Claim.choices)
    value = forms.CharField(
        label="Group or app role", max_length=200,
        help_text="As it stands in the token. Entra sends a group's object id and an app role's value.",
    )  # fmt: skip
    role = forms.ChoiceField(label="Gives the role", choices=[(role.value, role.label) for role in GRANTABLE])
    scope = forms.CharField(label="Secretariat", required=False, max_length=10, help_text="For leaders of one.")
    field_order = ("provider", "claim", "value", "role", "scope", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["provider"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(one.id, one.name) for one in settings.IDENTITY_PROVIDERS.values()]


@allow(Role.ADMINISTRATOR, sensitive=True)
def mapping_new(request: HttpRequest) -> HttpResponse:
    """Let a group of an identity provider give a role."""
    back = reverse(_MAPPINGS[1])
    return form_page(
        request, title="Let a group give a role", form_class=MappingForm, back=back, submit="Add",
        act=lambda data: mapping_services.mapping_create(
            actor=actor_of(request), **(data | {"role": Role(data["role"])})
        ),
        done=lambda made: "It counts from the next sign-ins on." if made.confirmed_at else "Another administrator confirms it now.",
        crumbs=[(_MAPPINGS[0], back)], to=lambda made: reverse("accounts:mapping", args=[made.pk]),
    )  # fmt: skip


def _act_on_mapping(
    request: HttpRequest, pk: int, *, submit: str, done: str, act: Any, form: type[forms.Form]
) -> HttpResponse:
    mapping = get_object_or_404(mappings_visible_to(actor_of(request)), pk=pk)
    back = reverse("accounts:mapping", args=[pk])
    return form_page(
        request, title=f"{submit}: {mapping}", form_class=form, submit=submit, back=back, done=done,
        act=lambda data: act(actor=actor_of(request), mapping=mapping, **data),
        crumbs=[(_MAPPINGS[0], reverse(_MAPPINGS[1])), (str(mapping), back)],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def mapping_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a mapping as the second person."""
    return _act_on_mapping(
        request, pk, submit="Confirm", done="It counts from the next sign-ins on.",
        act=mapping_services.mapping_confirm, form=EmptyForm,
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def mapping_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a mapping with every role that it gave."""
    return _act_on_mapping(
        request, pk, submit="End", done="It has ended, with every role that it gave.",
        act=mapping_services.mapping_end, form=ReasonForm,
    )  # fmt: skip
