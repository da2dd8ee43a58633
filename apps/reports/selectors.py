"""Reading what was kept of reports."""

from __future__ import annotations

import json

from apps.reports.document import Data
from apps.reports.models import ReportFile, StoredReport


def data_of_stored(report: StoredReport) -> Data:
    """The data of a report that was made, as they were signed."""
    content = report.files.get(form=ReportFile.Form.JSON).content
    found: Data = json.loads(bytes(content))
    return found


def file_of_stored(report: StoredReport, form: str) -> bytes | None:
    """The file as it was kept; None for a form that is made from the data when asked for."""
    kept = report.files.filter(form=form).first()
    return None if kept is None else bytes(kept.content)
