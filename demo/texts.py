"""Texts of the demo's world."""

TERMS_TITLE = "Terms for using the AI assistant"
TERMS = """\
These terms apply to everyone in the executive branch who is given a seat. Using the assistant is your choice; nobody \
has to, and you may hand your seat back at any time without giving a reason.

## What it is for

- First drafts, research, translation, summaries and work with spreadsheets, for state business only.
- Sign in with your work account. Do not use the assistant through a private account, and do not use public AI tools on \
a state device.

## What stays out

- Criminal-justice information and federal tax information, in any form.
- Social-security, license and account numbers, health records, and anything that a law or your agency restricts.
- Questions about a named resident, unless your agency has approved that use in the catalog.

## What you remain responsible for

- The assistant can be wrong and can sound sure of it. Read what it writes, check it against a source, and correct it \
before anybody relies on it.
- It does not decide. Nobody's eligibility, benefit, license, job or case is decided by it or on its word alone.
- It does not speak to residents for the state. What goes out carries your name and your judgment.

## Records and privacy

- What you type and what comes back may be a public record. Keep what your agency's schedule asks you to keep.
- Your use is not watched by your manager. Logs are opened only through a legal or administrative process.

## When something goes wrong

Tell your agency's contact or the privacy office at once if restricted data was entered, if an answer did harm or was \
biased, or if your account was used by somebody else. Reporting early is never held against you.
"""
NOTES = (
    "I write many letters to towns and would like help with first drafts.",
    "Summaries of long procurement files.",
    "Translation of notices before a person checks them.",
    "Formulas in our asset spreadsheets.",
    "",
)
DECLINES = (
    "Your team tests the assistant from January on; please ask again then.",
    "Please talk to your supervisor about the data your work involves, and ask again.",
)
TERMS_NEXT = TERMS.replace(
    "## Records and privacy\n",
    "- Say so where a document was drafted with the assistant and your agency asks for it.\n\n## Records and privacy\n",
).replace("Criminal-justice information and", "Criminal-justice information, biometric data and")
TERMS_NEXT_SUMMARY = (
    "Biometric data is named among what stays out. Where your agency asks for it, you say that a document was drafted "
    "with the assistant."
)
TERMS_SPANISH_TITLE = "Condiciones de uso del asistente de IA"
TERMS_SPANISH = """\
Estas condiciones valen para toda persona del poder ejecutivo que recibe un puesto. Usar el asistente es decisión suya: \
nadie está obligado, y puede devolver el puesto en cualquier momento sin dar razones.

## Para qué sirve

- Borradores, investigación, traducción, resúmenes y hojas de cálculo, solo para asuntos del estado.

## Qué no debe entrar

- Información de justicia penal, datos biométricos ni información fiscal federal.
- Números de seguro social, de licencia o de cuenta, ni datos de salud.

## De qué responde usted

- El asistente puede equivocarse. Lea y compruebe lo que escribe antes de que alguien se fíe de ello.
- No decide sobre prestaciones, licencias, empleos ni casos.
"""
