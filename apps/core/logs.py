"""Log lines as JSON with the request id. What is logged never holds mail text, tokens or names."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from apps.core import requests


class RequestIdFilter(logging.Filter):
    """Puts the id of the request under way on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = requests.current()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, request id, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", ""),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
