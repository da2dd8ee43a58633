"""The people of the demo. Their names mean access; none of them exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One of the cast: key in the address, HR id (empty: not an employee), agency, role in words, where to look first."""

    key: str
    first: str
    last: str
    employee_id: str
    agency: str
    title: str
    role: str
    look_at: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}@mass.example".lower()


CAST = (
    Person(
        "erin", "Erin", "Walsh", "D00001", "TSS", "Program Director",
        "EOTSS administrator", "the roll-out, a held import, drift",
    ),
    Person(
        "victor", "Victor", "Haddad", "D00002", "TSS", "Deputy Director",
        "EOTSS administrator", "the second person: releases what Erin proposed",
    ),
    Person(
        "paula", "Paula", "Reyes", "D00003", "TSS", "Privacy Officer",
        "Privacy officer", "terms, sign-offs, a waiver to confirm",
    ),
    Person(
        "alice", "Alice", "Moreau", "D00004", "TSS", "Service Manager",
        "Contact of EOTSS", "forty requests that wait for her",
    ),
    Person(
        "adam", "Adam", "Stone", "D00005", "TSS", "Service Manager",
        "Backup contact of EOTSS", "the same queue as Alice",
    ),
    Person(
        "bob", "Bob", "Ferreira", "D00006", "TSS", "Systems Analyst",
        "Employee, half-way", "his one next step: the training",
    ),
    Person(
        "hana", "Hana", "Lindqvist", "D00007", "TSS", "Policy Analyst",
        "Employee with a seat", "her seat turns active while one watches",
    ),
    Person(
        "charlie", "Charlie", "Osei", "D00008", "DOR", "Bureau Chief",
        "Contact of Revenue", "a phase that cannot open yet",
    ),
    Person(
        "cora", "Cora", "Blum", "D00009", "DOR", "Bureau Chief",
        "Backup contact of Revenue", "the same agency as Charlie",
    ),
    Person(
        "dana", "Dana", "Pruitt", "D00010", "DOR", "Tax Examiner",
        "Employee, nothing done", "what she can do before her turn",
    ),
    Person(
        "lee", "Lee", "Thornton", "", "", "",
        "Leader", "adoption and cost, no names",
    ),
    Person(
        "audrey", "Audrey", "Kim", "", "", "",
        "Auditor", "the audit trail and its verification",
    ),
)  # fmt: skip
BY_KEY = {person.key: person for person in CAST}
