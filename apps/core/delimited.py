"""Files of delimited text as other systems hand them over: bytes in, a header and numbered rows out. Pure.

A line is a row: a stray quotation mark costs its own line and never those after it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DELIMITERS = ",;\t|"
# Personal information in the sense of M.G.L. c. 93H: Beacon does not need it, so it does not take it.
_PERSONAL = (
    "socialsecurity", "socsec", "driverslicen", "licensenumber", "licencenumber", "accountnumber", "bankaccount",
)  # fmt: skip
# "SSN" as a word of the name ("Emp SSN", "SSN4", "EmpSSNLast4"), but not inside others ("Class Name", "Business").
_SSN = re.compile(r"(?i:(?<![a-z])ssn|ssn(?![a-z]))|[a-z]SSN")


def decode(content: bytes) -> str:
    """The file as text: UTF-8 with or without a byte order mark, UTF-16 with one, else Windows Latin-1."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def table(content: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header, stripped, and the rows that hold something as (line number, cells); the file's first line is 1.

    The header is empty where the file is.
    """
    lines = decode(content).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = next((number for number, line in enumerate(lines) if line.strip()), None)
    if start is None:
        return [], iter(())
    delimiter = max(_DELIMITERS, key=lines[start].count)
    header = [CONTROL.sub("", name).strip() for name in _cells(lines[start], delimiter)]
    split = ((number, _cells(line, delimiter)) for number, line in enumerate(lines[start + 1 :], start + 2))
    return header, ((number, cells) for number, cells in split if any(map(str.strip, cells)))


def squeezed(name: str) -> str:
    """A column's name without case, blanks and punctuation, as names are compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_personal(name: str) -> bool:
    """Whether a column of this name would hold what Beacon must not receive."""
    return bool(_SSN.search(name)) or any(word in squeezed(name) for word in _PERSONAL)


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:  # a cell of more than 128 KB
        return line.split(delimiter)
