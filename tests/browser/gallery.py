"""Content for the component gallery (templates/console/components.html): every component in several states.

Plain Python without database, so that the page can be routed in the demo and opened in browser tests alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.paginator import Paginator

BOSTON = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 24, 13, 5, tzinfo=BOSTON)

AGENCIES = [
    ("", "All agencies"),
    ("EOTSS", "Executive Office of Technology Services and Security"),
    ("DPH", "Department of Public Health"),
    ("DOR", "Department of Revenue"),
    ("RMV", "Registry of Motor Vehicles"),
]

# A name nobody planned for: it must wrap, not push the page sideways.
LONG_WORD = "Wollstonecraftshire-Featherstonehaughington"


class PhaseForm(forms.Form):
    """Every kind of control once."""

    name = forms.CharField(label="Name of the phase", help_text="What people will call it, for example “Phase 2”.")
    contact_email = forms.EmailField(label="Contact's e-mail", help_text="Questions of the agencies go there.")
    cap = forms.IntegerField(label="Most seats in this phase", min_value=1, required=False)
    opens_on = forms.DateField(
        label="Opens on",
        widget=forms.DateInput(format="%Y-%m-%d"),
        help_text="Nothing is sent to anyone before that day.",
    )
    agency = forms.ChoiceField(
        label="First agency",
        choices=[("", "Choose an agency"), *AGENCIES[1:]],
        widget=forms.Select(attrs={"data-combo": True}),
    )
    plan = forms.ChoiceField(label="Seat type", choices=[("std", "Standard"), ("ltd", "Limited to 90 days")])
    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea,
        max_length=280,
        help_text="The agency's contact and the auditors will see it.",
    )
    approval = forms.ChoiceField(
        label="Who approves requests?",
        widget=forms.RadioSelect,
        choices=[("contact", "The agency's contact"), ("both", "The contact, then the program office")],
        help_text="Nobody can approve a request of their own.",
    )
    courses = forms.MultipleChoiceField(
        label="Training to complete first",
        widget=forms.CheckboxSelectMultiple,
        choices=[("basics", "AI basics (40 minutes)"), ("privacy", "Protecting resident data (25 minutes)")],
    )
    staff_list = forms.FileField(label="Staff list", help_text="CSV, at most 5 MB.", required=False)
    notify = forms.BooleanField(
        label="Write to the agency's contact when the phase opens",
        help_text="One message, no reminders.",
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Add an error that belongs to no field, as a rule across fields would."""
        if self.data:
            raise forms.ValidationError("The contract has 1,240 seats left; this phase asks for 5,000.")
        return super().clean() or {}


class SeatFilter(forms.Form):
    """Filters of a list; nothing is required."""

    q = forms.CharField(label="Name or e-mail", required=False)
    agency = forms.ChoiceField(label="Agency", choices=AGENCIES, required=False)
    state = forms.ChoiceField(
        label="State", choices=[("", "Any"), ("live", "Live"), ("waiting", "Waiting")], required=False
    )


@dataclass(frozen=True)
class SeatRow:
    """One line of the sample table."""

    id: int
    name: str
    agency: str
    state: str
    kind: str
    used: int
    since: date | None


@dataclass
class Run:
    """A job as the progress component wants it."""

    done: int
    total: int | None
    is_finished: bool
    status_label: str
    message: str = ""


@dataclass(frozen=True)
class Event:
    """One entry of a timeline."""

    at: datetime
    title: str
    who: str = ""
    reason: str = ""
    detail: str = ""


@dataclass
class KeysetPage:
    """A page of a list whose length nobody counts."""

    number: int = 3
    has_next: bool = True
    has_previous: bool = True
    paginator: Any = field(default_factory=lambda: SimpleNamespace(count=None, per_page=50))


def seat_rows() -> list[SeatRow]:
    """312 made-up seats."""
    known = [
        ("Bob Ng", "Department of Public Health", "Live", "good"),
        ("Charlotte Oyelaran", "Department of Revenue", "Waiting for approval", "info"),
        ("Maria del Carmen Quiñones", "Registry of Motor Vehicles", "Training expires soon", "warn"),
        (f"Ann {LONG_WORD}", "Executive Office of Technology Services and Security", "Stopped", "bad"),
        ("Đặng Thị Hồng", "Department of Public Health", "Handed back", "neutral"),
    ]
    rows = []
    for number in range(312):
        name, agency, state, kind = known[number % len(known)]
        since = None if kind == "info" else date(2026, 9, 1) + timedelta(days=number % 80)
        rows.append(SeatRow(number + 1, name, agency, state, kind, (number * 37) % 400, since))
    return rows


def events() -> list[Event]:
    """The life of one seat, newest first."""
    return [
        Event(NOON, "Invitation accepted", who="Bob Ng"),
        Event(NOON - timedelta(hours=3), "Invitation sent to the vendor", who="Beacon", detail="Operation 48,211"),
        Event(
            NOON - timedelta(days=1, hours=2),
            "Request approved",
            who="Alice Romero, contact of the Department of Public Health",
            reason="Drafts the weekly respiratory illness summary; training completed on November 20.",
        ),
        Event(NOON - timedelta(days=3), "Seat requested", who="Bob Ng"),
    ]


def diff_parts() -> list[tuple[str, str]]:
    """A change between two versions of the terms."""
    return [
        ("same", "You must read what the assistant writes before you use it. "),
        ("removed", "Check facts where you can."),
        ("added", "Check every fact, figure and quotation against its source."),
        ("same", "\n\nYou must not enter "),
        ("added", "tax return information, "),
        ("same", "criminal record information or health records of a named person."),
    ]


def broken_form() -> PhaseForm:
    """The sample form as it comes back with errors."""
    return PhaseForm(
        data={"name": "", "contact_email": "alice", "cap": "5000", "opens_on": "2027-01-12", "reason": "x" * 300}
    )


def frame_context(**changes: Any) -> dict[str, Any]:
    """What the base page expects from context processors, for use without them."""
    frame: dict[str, Any] = {
        "viewer": SimpleNamespace(name="Erin Castellanos", role_label="EOTSS administrator", can_search_people=True),
        "nav": [
            SimpleNamespace(label="Home", url="/", is_current=False, count=None),
            SimpleNamespace(label="Phases", url="/phases/", is_current=False, count=None),
            SimpleNamespace(label="Seats", url="/seats/", is_current=True, count=None),
            SimpleNamespace(label="Requests", url="/requests/", is_current=False, count=1248),
            SimpleNamespace(label="Vendor", url="/vendor/", is_current=False, count=3),
            SimpleNamespace(label="Incidents", url="/incidents/", is_current=False, count=None),
            SimpleNamespace(label="Reports", url="/reports/", is_current=False, count=None),
        ],
        "viewer_links": [
            SimpleNamespace(label="My own access", url="/me/"),
            SimpleNamespace(label="Messages from Beacon", url="/me/mail/"),
        ],
        "footer_links": [
            SimpleNamespace(label="Knowledge center", url="/knowledge/"),
            SimpleNamespace(label="May I use this tool?", url="/tools/"),
            SimpleNamespace(label="Report a problem", url="/incidents/new/"),
            SimpleNamespace(label="Accessibility", url="/accessibility/"),
        ],
        "search_url": "/search/",
        "signout_url": "/signout/",
        "demo": True,
        "demo_url": "/demo/",
    }
    return frame | changes


def gallery_context(*, show_errors: bool = False, page: int = 2) -> dict[str, Any]:
    """Context of templates/console/components.html.

    show_errors adds the form that came back with errors, whose summary takes focus when the page loads.
    """
    return {
        "crumbs": [("Home", "/"), ("Phases", "/phases/"), ("Phase 2: health and revenue agencies", "")],
        "sort": "-used",
        "page": Paginator(seat_rows(), 25).get_page(page),
        "keyset": KeysetPage(),
        "rows": seat_rows()[:6],
        "filter_form": SeatFilter({"agency": "DPH"}, auto_id="filter_%s"),
        "phase_form": PhaseForm(initial={"opens_on": date(2027, 1, 12), "plan": "std"}),
        "broken": broken_form() if show_errors else None,
        "form": broken_form() if show_errors else None,
        "seats_left": 40,
        "events": events(),
        "no_events": [],
        "parts": diff_parts(),
        "steps": ["Agencies", "Seats and dates", "Training", "Check and open"],
        "runs": [
            Run(12_400, 40_000, False, "Importing employees", "No one is removed by this run."),
            Run(0, None, False, "Waiting to start"),
            Run(40_000, 40_000, True, "Import finished", "39,812 unchanged, 188 updated, 0 failed."),
        ],
        "now": NOON,
        "today": NOON.date(),
        "long_word": LONG_WORD,
        "hostile": "<script>alert(1)</script> & “quotes” \"double\" 'single'",
    }
