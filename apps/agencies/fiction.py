"""A believable HR file of people who do not exist, the same for the same seed. Pure: used by demo, tests and bench."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.agencies.roster import COLUMNS

FIRST = (
    "Aaliyah Abigail Adriana Ahmed Aisha Alan Alejandro Amara Amelia Amir Ana Andre Andrea Angela Anh Anita Anthony "
    "Antonio Ariana Arjun Asha Austin Beatriz Benjamin Bianca Bridget Caleb Camila Carlos Carmen Catherine Chen "
    "Chidi Chloe Christopher Claire Colin Cora Daniel Daniela Darius David Deepa Denise Diego Dinh Dominic Eduardo "
    "Elena Eli Elijah Emeka Emily Emma Esther Ethan Eva Fatima Felix Fernanda Fiona Francis Gabriel Georgia Grace "
    "Hana Hannah Hassan Hector Helen Henry Ibrahim Ines Irene Isaac Isabel Ivan Jada James Jasmine Javier Jean "
    "Jerome Joao Joanna Jonah Jose Joseph Julia Kai Karen Kareem Kavita Keisha Kenji Kevin Kim Laila Lamar Laura "
    "Leah Leo Lila Linh Lucas Lucia Luis Maeve Malik Manuel Marcus Maria Mariam Marisol Mateo Maya Mei Miguel Mila "
    "Min Miriam Mohamed Monique Nadia Naomi Nathan Nia Nicole Nina Noah Nora Olivia Omar Oscar Padma Patrick Paul "
    "Pedro Peter Priya Quinn Rachel Rafael Rahul Rebecca Renee Ricardo Rosa Ruth Ryan Sade Samir Samuel Sara Sean "
    "Selena Shanice Simon Sofia Soledad Stella Stephen Sunita Tala Tamara Tariq Teresa Theo Thomas Tiana Tomas "
    "Uma Valeria Victor Vivian Wei Wendy William Xiomara Yara Yolanda Yusuf Zachary Zainab Zoe"
).split()
LAST = (
    "Abbott Abdi Acevedo Adams Adeyemi Agarwal Ahmed Almeida Alvarez Amaral Andrade Andrews Araujo Arroyo Bailey "
    "Baker Banerjee Barbosa Barros Bell Bennett Bernard Bianchi Boateng Borges Boyle Brady Brennan Brooks Brown "
    "Burke Cabral Callahan Campbell Cardoso Carey Carroll Carvalho Castillo Chan Chang Chaves Chen Cho Chowdhury "
    "Clark Cohen Coleman Collins Connolly Cooper Correia Costa Cruz Cunha Daley Das Davis Delgado Desai Diallo Diaz "
    "Doherty Donovan Douglas Doyle Duarte Duffy Dunn Edwards Ellis Evans Farrell Fernandes Ferreira Figueroa "
    "Fitzgerald Flores Foley Fonseca Foster Freitas Gallagher Garcia Gomes Gomez Gonzalez Graham Grant Gray Green "
    "Gupta Gutierrez Hall Harris Hassan Hayes Healy Henry Hernandez Hill Ho Hogan Howard Huang Hughes Hussain "
    "Ibrahim Jackson James Jean Jenkins Johnson Jones Jordan Joseph Joyce Kamara Kaplan Kaur Keane Kelleher Kelly "
    "Kennedy Khan Kim King Kumar Lam Lambert Le Leary Lee Leone Levine Lewis Li Lima Lin Lopes Lopez Lynch Macedo "
    "Mahoney Malone Marques Martin Martinez Mason Mathews McCarthy McGrath Medeiros Mehta Melo Mendes Mendoza Meyer "
    "Miller Mitchell Mohamed Monteiro Moore Morales Moran Moreno Morgan Morris Murphy Murray Nair Nelson Ng Nguyen "
    "Noonan Nunes Okafor Okoye Oliveira Ortiz Owens Pacheco Park Parker Patel Pena Pereira Perez Perry Pham Phillips "
    "Pierre Pina Pinto Powell Price Quinn Ramirez Ramos Reed Reid Reilly Reis Reyes Ribeiro Richards Rivera Roberts "
    "Robinson Rodrigues Rodriguez Rogers Romero Rosa Rossi Roy Russo Ryan Salazar Sanchez Santana Santiago Santos "
    "Shah Sharma Shaw Shea Silva Simmons Singh Smith Soares Sousa Stewart Sullivan Tavares Taylor Teixeira Thomas "
    "Thompson Torres Tran Turner Vargas Vasquez Vaz Vega Velez Vieira Vu Walker Walsh Wang Ward Washington Watson "
    "White Williams Wilson Wong Wood Wright Wu Yang Young Yusuf Zhang Zhou"
).split()
TITLES = (
    "Administrative Assistant II", "Program Coordinator I", "Program Coordinator III", "Caseworker II",
    "Human Services Coordinator", "Accountant III", "Budget Analyst", "Contract Specialist II", "Policy Analyst",
    "Systems Analyst II", "Data Analyst", "Environmental Analyst III", "Compliance Officer II", "Paralegal Specialist",
    "Counsel II", "Registered Nurse III", "Social Worker II", "Civil Engineer II", "Inspector II", "Field Supervisor",
    "Training Specialist", "Communications Specialist", "Research Analyst", "Records Officer", "Customer Service Rep II",
)  # fmt: skip
SEASONAL_TITLES = ("Seasonal Laborer", "Seasonal Park Ranger", "Summer Program Aide")
MANAGER_TITLES = ("Supervisor", "Program Manager II", "Deputy Director", "Director")
DOMAIN = "mass.example"
_TEAM = 12


@dataclass(frozen=True, slots=True)
class Place:
    """An agency and its share of the people."""

    code: str
    planned_headcount: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A row that was spoiled on purpose: its line and what is wrong with it."""

    line: int
    fault: str


def spread(places: Sequence[Place], employees: int) -> list[tuple[str, int]]:
    """Split `employees` over the agencies by planned head-count (largest remainder; the sum is exact)."""
    total = sum(place.planned_headcount for place in places)
    exact = [(place.code, place.planned_headcount * employees / total) for place in places]
    counts = {code: int(share) for code, share in exact}
    short = employees - sum(counts.values())
    for code, _ in sorted(exact, key=lambda item: item[1] - int(item[1]), reverse=True)[:short]:
        counts[code] += 1
    return list(counts.items())


def people(places: Sequence[Place], employees: int, seed: int, today: date) -> list[list[str]]:
    """`employees` rows in the order of `roster.COLUMNS`, agency by agency, each team with a manager."""
    dice = random.Random(seed)  # noqa: S311 - fiction, not secrets
    taken: dict[str, int] = {}
    rows: list[list[str]] = []
    for code, count in spread(places, employees):
        manager = ""
        for position in range(count):
            employee_id = f"E{len(rows) + 1:06d}"
            leads = position % _TEAM == 0
            rows.append(_person(dice, taken, employee_id, code, manager, leads=leads, today=today))
            if leads:
                manager = employee_id
    return rows


def _person(
    dice: random.Random, taken: dict[str, int], employee_id: str, code: str, manager: str, *, leads: bool, today: date
) -> list[str]:
    first, last = dice.choice(FIRST), dice.choice(LAST)
    handle = f"{first}.{last}".lower()
    taken[handle] = taken.get(handle, 0) + 1
    number = taken[handle]
    email = f"{handle}{number if number > 1 else ''}@{DOMAIN}"
    seasonal = not leads and code in {"DCR", "FWE", "AGR"} and dice.random() < 0.12
    title = dice.choice(SEASONAL_TITLES if seasonal else MANAGER_TITLES if leads else TITLES)
    status = "leave" if not leads and dice.random() < 0.025 else "active"
    start = today - timedelta(days=dice.randint(20, 25 * 365))
    end = (today + timedelta(days=dice.randint(30, 150))).isoformat() if seasonal else ""
    return [
        employee_id, email, first, last, title, code, manager, status, "yes" if seasonal else "no",
        start.isoformat(), end,
    ]  # fmt: skip


def to_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """A clean file: UTF-8, commas, one header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue().encode()


def changed(rows: Sequence[Sequence[str]], share: float, seed: int) -> tuple[list[list[str]], int]:
    """The next night's file: the same people, `share` of them with another title. Returns rows and how many."""
    dice = random.Random(seed)  # noqa: S311 - fiction, not secrets
    copy = [list(row) for row in rows]
    picked = dice.sample(range(len(copy)), round(len(copy) * share))
    for position in picked:
        copy[position][4] = f"Acting {copy[position][4]}"
    return copy, len(picked)


# ---- a file as they come in real life ------------------------------------------------------------------

_FAULTS = (
    "repeated row", "unknown agency", "impossible date", "formula", "missing cells", "no e-mail", "not an address",
    "unknown status", "end before start", "no employee id", "second person with the same e-mail",
)  # fmt: skip


def spoil(rows: Sequence[Sequence[str]], seed: int, share: float = 0.01) -> tuple[bytes, list[BadLine]]:
    """A dirty file: Latin-1, semicolons, CRLF, blank lines, odd headers, padded and mixed-case cells, US dates, and
    `share` of the rows spoiled, each in one way. Returns the file and the spoiled lines in order.
    """
    dice = random.Random(seed)  # noqa: S311 - fiction, not secrets
    header = [f" {name.upper()} " if at % 2 else name.title() for at, name in enumerate(COLUMNS)]
    lines = ["", ";".join([*header, "Office Floor"])]
    bad: list[BadLine] = []
    spoiled = set(dice.sample(range(1, len(rows)), max(len(_FAULTS), round(len(rows) * share))))
    for position, row in enumerate(rows):
        if dice.random() < 0.005:
            lines.append(";;;" if dice.random() < 0.5 else "")
        cells = _untidy(dice, list(row))
        if position in spoiled:
            fault = _FAULTS[len(bad) % len(_FAULTS)]
            if fault == "repeated row":
                lines.append(";".join([*cells, "3"]))
            bad.append(BadLine(len(lines) + 1, fault))
            lines.append(_spoiled(cells, fault, rows[0]))
        else:
            lines.append(";".join([*cells, "3"]))
    return "\r\n".join(lines).encode("latin-1", errors="replace") + b"\r\n", bad


def _untidy(dice: random.Random, cells: list[str]) -> list[str]:
    """Blemishes that a good reader forgives."""
    if dice.random() < 0.05:
        cells[1] = f"  {cells[1].title()} "
    if dice.random() < 0.05:
        cells[5] = cells[5].lower()
    if dice.random() < 0.05:
        year, month, day = cells[9].split("-")
        cells[9] = f"{month}/{day}/{year}"
    if dice.random() < 0.02:
        cells[3] = f"{cells[3]}-Peñé"
    return cells


def _spoiled(cells: list[str], fault: str, first: Sequence[str]) -> str:
    position, value = {
        "repeated row": (0, cells[0]),
        "unknown agency": (5, "XXX"),
        "impossible date": (9, "2026-02-31"),
        "formula": (4, "=HYPERLINK(\"http://example.org\")"),
        "missing cells": (0, cells[0]),
        "no e-mail": (1, ""),
        "not an address": (1, "somebody at work"),
        "unknown status": (7, "retired?"),
        "end before start": (10, "1931-01-01"),
        "no employee id": (0, " "),
        "second person with the same e-mail": (1, first[1].upper()),
    }[fault]  # fmt: skip
    cells[position] = value
    return ";".join(cells[:4] if fault == "missing cells" else [*cells, "3"])
