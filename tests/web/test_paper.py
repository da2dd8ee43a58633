"""What Beacon sets as PDF: the same bytes every time, and readable by a screen reader."""

from __future__ import annotations

import io

import pikepdf

from apps.core.pdf import pdf


def test_a_page_is_tagged_titled_and_the_same_every_time() -> None:
    context = {"title": "Terms, accepted"}
    made = pdf("core/paper.html", context)
    assert made == pdf("core/paper.html", context)
    with pikepdf.open(io.BytesIO(made)) as document:
        assert document.Root.Lang == "en"
        assert document.Root.MarkInfo.Marked
        assert document.Root.ViewerPreferences.DisplayDocTitle
        with document.open_metadata() as metadata:
            assert metadata["dc:title"] == "Terms, accepted"
            assert metadata["pdfuaid:part"] == "1"
