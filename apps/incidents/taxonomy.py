"""What kinds of incident there are, in plain words, and what they are called elsewhere. Pure.

The risks are the twelve of NIST AI 600-1 (Generative AI Profile, July 2024), section 2: one record serves both lists.
"""

from __future__ import annotations

CATEGORIES = {
    "wrong_output": "Wrong or made-up output was used",
    "data_entered": "Personal or restricted data was entered",
    "data_shown": "Data was shown to the wrong person",
    "harmful_output": "Biased or harmful output",
    "decision": "Used for a decision it must not make",
    "misuse": "Account or access misuse, or a prohibited tool",
    "property": "Intellectual property",
    "outage": "Outage, or something else",
}
NIST_RISKS = {
    "cbrn": "CBRN information or capabilities",
    "confabulation": "Confabulation",
    "dangerous": "Dangerous, violent or hateful content",
    "privacy": "Data privacy",
    "environment": "Environmental impacts",
    "bias": "Harmful bias and homogenization",
    "configuration": "Human-AI configuration",
    "integrity": "Information integrity",
    "security": "Information security",
    "ip": "Intellectual property",
    "obscene": "Obscene, degrading or abusive content",
    "value_chain": "Value chain and component integration",
}
_RISKS = {
    "wrong_output": ("confabulation", "integrity", "configuration"),
    "data_entered": ("privacy", "security"),
    "data_shown": ("privacy", "security"),
    "harmful_output": ("bias", "dangerous", "obscene", "cbrn"),
    "decision": ("configuration", "bias"),
    "misuse": ("security", "configuration"),
    "property": ("ip",),
    "outage": ("value_chain", "environment"),
}


def risks_of(category: str) -> list[str]:
    """The NIST AI 600-1 risks, by name, that a category touches."""
    return [NIST_RISKS[code] for code in _RISKS[category]]


# ---- the breach desk (M.G.L. c. 93H) ---------------------------------------------------------------------------

QUESTIONS = {
    "personal": "Is it personal information as c. 93H defines it: a resident's name with a social security number, a "
    "license or ID number, or a financial account number?",
    "readable": "Was it unencrypted, or was the key exposed too?",
    "unauthorized": "Was it acquired or used without authority?",
    "risk": "Is there a substantial risk of identity theft or fraud?",
}
ANSWERS = {"yes": "Yes", "no": "No", "unknown": "Not known yet"}
RECIPIENTS = {
    "soc": "EOTSS Security Operations Center, at once",
    "attorney_general": "Attorney General",
    "consumer_affairs": "Office of Consumer Affairs and Business Regulation",
    "public_records": "Secretary of State's Public Records Division",
    "residents": "Affected residents",
}
# What the notice of an agency to the regulators says (mass.gov, requirements for breach notifications).
CONTENT = {
    "nature": "Nature of the breach",
    "residents": "Number of residents affected",
    "owner": "Who experienced it (agency, address)",
    "reporter": "Who reports it, and their relation to the agency",
    "reporter_type": "Type of reporter",
    "responsible": "Person responsible, if known",
    "data": "Types of personal information",
    "program": "Whether a written information security program is kept",
    "steps": "Steps taken and planned",
}
# What a resident is told (c. 93H, § 3(b), and § 3A for the services). Never the nature of the breach or the number of
# residents: the statute forbids both in this letter.
RESIDENT_FIELDS = {"contact": "Whom the resident can ask", "services": "Services offered, such as credit monitoring"}
