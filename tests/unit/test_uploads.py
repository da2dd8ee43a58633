"""What people hand over is read, not believed."""

from __future__ import annotations

import io
import zipfile

import pytest

from apps.core.errors import Invalid
from apps.core.uploads import CSV, DOCX, MAX_BYTES, PDF, PNG, TEXT, XLSX, checked

SHOT = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 40
PAPER = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


def archive(*names: str, size: int = 10) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, b"0" * size)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("shot.PNG", SHOT, PNG),
        ("report.pdf", PAPER, PDF),
        ("notes.txt", "Grüße 🙂".encode(), TEXT),
        ("rows.csv", b"a,b\n1,2\n", CSV),
        ("letter.docx", archive("[Content_Types].xml", "word/document.xml"), DOCX),
        ("table.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), XLSX),
    ],
)
def test_files_that_are_what_they_say(name: str, content: bytes, kind: str) -> None:
    assert checked(name, content).content_type == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("invoice.pdf", b"MZ\x90\x00" + b"\x00" * 200),
        ("shot.png", PAPER),
        ("notes.txt", b"\x7fELF\x00\x00"),
        ("tool.exe", b"MZ"),
        ("page.html", b"<script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("letter.docx", archive("xl/workbook.xml")),
        ("table.xlsx", PAPER),
        ("nothing.pdf", b""),
        ("large.txt", b"0" * (MAX_BYTES + 1)),
        ("no-suffix", b"text"),
        ("bomb.xlsx", archive("xl/workbook.xml", size=200 * 1024 * 1024)),
    ],
)
def test_files_that_are_not_taken_say_what_to_do(name: str, content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        checked(name, content)
    assert refused.value.reasons[0].how_to_fix


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd.txt", "passwd.txt"), ("C:\\tmp\\a.txt", "a.txt"), ('a"b\r\nc.txt', "a_b_c.txt")],
)
def test_a_name_carries_no_path_and_no_trick(name: str, shown: str) -> None:
    assert checked(name, b"text").name == shown
