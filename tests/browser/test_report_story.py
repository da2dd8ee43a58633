"""A report read, asked about one agency, kept, compared a month later and taken away with its proof, by the persons concerned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from apps.reports.models import StoredReport
from apps.reports.tasks import make_report
from tests.browser.test_seat_story import page_of
from tests.factories.past import past_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


def test_lee_keeps_a_report_and_audrey_proves_it(browser: Browser, live_server: Any, tmp_path: Path) -> None:
    old = past_world()
    lee = page_of(browser, live_server, old, "lee")
    lee.goto("/")
    expect(lee.get_by_text("14 people hold a live seat, and 100% of them used it in the last week.")).to_be_visible()
    picture = lee.get_by_role("img", name="How far people have come")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    lee.get_by_role("link", name="Whole adoption report").click()
    lee.get_by_label("About", exact=True).select_option(label="Agency of Apples")
    lee.get_by_role("button", name="Show").press("Enter")
    expect(lee.get_by_text("Agency of Apples, as of the end of")).to_be_visible()
    with lee.expect_download() as taken:
        lee.get_by_role("link", name="PDF").press("Enter")
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF")
    lee.get_by_role("button", name="Keep and sign").press("Enter")
    expect(lee.get_by_text("You can leave this page; the work goes on.")).to_be_visible()
    expect(lee.get_by_role("link", name="Refresh")).to_be_visible()
    report = StoredReport.objects.get()
    assert make_report(report.pk) == "done"
    # The progress refreshes itself too; who presses "Refresh" in that moment finds it gone.
    lee.reload()
    expect(lee.get_by_text("SHA-256 of the JSON file")).to_be_visible()

    audrey = page_of(browser, live_server, old, "audrey")
    audrey.goto(f"/reports/stored/{report.pk}/")
    audrey.get_by_role("button", name="Make again and compare").press("Enter")
    expect(audrey.locator("#messages").get_by_text("Made again, the report is the same byte for byte.")).to_be_visible()
    audrey.get_by_role("link", name="Evidence pack").click()
    audrey.get_by_label("Reason").fill("For the audit of the year")
    with audrey.expect_download() as pack:
        audrey.get_by_role("button", name="Download the pack").press("Enter")
    assert Path(pack.value.path()).read_bytes().startswith(b"PK")
