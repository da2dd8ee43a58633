"""The two letters of the breach desk, as words and as DOCX; as PDF they are templates/incidents/letter.html.

What a resident is told stands in M.G.L. c. 93H, § 3(b): the right to a police report, how to ask for a security freeze
and that it is free, and the services offered (§ 3A). The same section forbids the nature of the breach and the number of
residents in it, so this letter takes neither of them, nor any item in which a person may have written them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime, time

from docx import Document

from apps.incidents.models import BreachAssessment
from apps.incidents.taxonomy import CONTENT

KINDS = {"regulator": "Notice to the regulators", "resident": "Letter to residents"}
_OPEN = "[to be filled in]"
Part = tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: its title, day, and parts as (heading, paragraphs)."""

    title: str
    day: str
    parts: list[Part]
    made_on: date


def letter(desk: BreachAssessment, kind: str, today: date) -> Letter:
    """The letter of a kind (KINDS) from the desk as it stands; what is missing is marked in brackets."""
    parts = _regulator(desk) if kind == "regulator" else _resident(desk)
    title = "Notice of a breach of security" if kind == "regulator" else "Notice about your personal information"
    return Letter(title, f"{today:%B} {today.day}, {today.year}", parts, today)


def _regulator(desk: BreachAssessment) -> list[Part]:
    opening = "This notice is given under Massachusetts General Laws, chapter 93H, section 3."
    told = [("", [opening])]
    return told + [(label, _lines(desk.content.get(code, ""))) for code, label in CONTENT.items()]


def _resident(desk: BreachAssessment) -> list[Part]:
    agency = desk.incident.agency.name if desk.incident.agency else "An agency of the Commonwealth"
    return [
        ("", [f"{agency} writes to you because personal information about you may be affected. State law asks us to tell you."]),
        ("Police report", ["You have the right to obtain a police report about it. If you are the victim of identity theft you "
         "may also file a police report and get a copy."]),
        ("Security freeze", ["You may ask Equifax, Experian and TransUnion to freeze your credit report. A freeze is free, and "
         "so is lifting it. Ask each of the three, by its website, by telephone or by letter.",
         "They ask you for your full name, Social Security number, date of birth, addresses of the last two years, a copy of "
         "an identity card, and a bill or statement that shows your address."]),
        ("Services offered", _lines(desk.content.get("services", ""))),
        ("Whom you can ask", _lines(desk.content.get("contact", ""))),
    ]  # fmt: skip


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()] or [_OPEN]


def docx(made: Letter) -> bytes:
    """The letter as DOCX, with real headings and a title for screen readers."""
    document = Document()
    properties = document.core_properties
    properties.title, properties.author, properties.language = made.title, "Beacon", "en-US"
    properties.created = properties.modified = datetime.combine(made.made_on, time())
    document.add_heading(made.title, level=1)
    document.add_paragraph(made.day)
    for heading, lines in made.parts:
        if heading:
            document.add_heading(heading, level=2)
        for line in lines:
            document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
