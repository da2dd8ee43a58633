"""What each figure of a report means, in the words that stand one click away from it. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Definition(NamedTuple):
    """A figure's name, what it counts, and where it comes from."""

    title: str
    text: str
    source: str


DEFINITIONS = {
    "people": Definition(
        "Employees", "People employed by the agency at the end of the day, on leave included.", "HR file"
    ),
    "eligible": Definition(
        "Eligible", "Employees of agencies whose phase has opened. Nobody is asked to take part: those who chose not to "
        "are in this figure and are counted nowhere by themselves.", "HR file, phases",
    ),
    "asked": Definition(
        "Asked", "Employees whose last request for a seat was not taken back, whatever was decided.", "Seat requests"
    ),
    "approved": Definition(
        "Approved", "Of those who asked: approved by somebody else, or holding a seat.", "Seat requests, seats"
    ),
    "enabled": Definition("Enabled", "Of those approved: a live seat. Suspended seats are not in it.", "Seats"),
    "activated": Definition(
        "Activated", "Of those enabled: used the assistant at least once, ever.", "Vendor's usage figures"
    ),
    "monthly": Definition(
        "Monthly active", "People who used the assistant in the 28 days that ended with the week of the figure.",
        "Vendor's usage figures",
    ),
    "weekly": Definition(
        "Weekly active", "People who used the assistant in that week, Monday to Sunday, UTC.", "Vendor's usage figures"
    ),
    "habitual": Definition(
        "Habitual", "People who used the assistant in at least three of the last four weeks.", "Vendor's usage figures"
    ),
    "activation": Definition("Activation rate", "Activated out of enabled, in whole percent.", "Computed"),
    "activity": Definition("Weekly active rate", "Weekly active out of enabled, in whole percent.", "Computed"),
    "purchased": Definition("Seats purchased", "Seats of the contracts in force on the day.", "Contracts"),
    "contract_cost": Definition(
        "Cost of the contract", "Seats of the contracts in force on the day, at their price per seat and year.", "Contracts"
    ),
    "seat_cost": Definition(
        "Cost of enabled seats", "Enabled seats at the contract's price per seat and year.", "Contracts, seats"
    ),
    "active_cost": Definition(
        "Cost per active seat", "What the enabled seats cost in a year, divided by monthly active people. Seats that "
        "were bought and not given out yet are not in it.", "Contracts, vendor's usage figures",
    ),
    "idle": Definition(
        "Idle seats", "Enabled seats less monthly active people. Somebody on leave is idle too; the figure is no "
        "judgment about anyone.", "Seats, vendor's usage figures",
    ),
    "idle_cost": Definition("Cost of idle seats", "Idle seats at the contract's price per seat and year.", "Computed"),
    "plan": Definition(
        "Planned seats", "Each phase's seats, spread evenly from its planned start to its planned end, as planned on the "
        "day of the report.", "Phases",
    ),
    "forecast": Definition(
        "Forecast", "Enabled seats if they go on growing as in the last 28 days, and no more than the contract has.",
        "Computed",
    ),
    "cases": Definition(
        "Published use cases", "Use cases in the catalog that had passed review on the day.", "Use-case catalog"
    ),
    "scaled": Definition("Scaled", "Used by three agencies or more.", "Use-case catalog"),
    "time_saved": Definition(
        "Time saved", "What employees said, in a short survey that nobody has to answer, of days on which they used the "
        "assistant. It is nobody's measurement.", "Survey",
    ),
    "incidents": Definition(
        "Incidents", "Incidents and near misses reported in the twelve months to the day, duplicates and dismissed ones "
        "left out.", "Incidents",
    ),
    "met": Definition(
        "Met", "Live seats whose holder meets the requirement at the end of the day.", "Histories of the records named"
    ),
    "exceptions": Definition(
        "Exceptions", "Lines of the table that are not empty: things that are as the rules say and still need somebody.",
        "Computed",
    ),
    "opinion": Definition(
        "Opinion", "Not compliant: a live seat lacks a requirement, or seats in use exceed those purchased. Compliant with "
        "exceptions: neither, and something in the list of exceptions is open. Compliant: the list is empty.", "Computed",
    ),
}  # fmt: skip
