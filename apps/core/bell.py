"""The doorbell: tell a worker, after commit, that there is work in the database.

A broker that is away must not fail what a person just did: the work stands in PostgreSQL, and the tick rings again.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring(task: Task[Any, Any], *args: Any) -> None:
    """Send `task` once the current transaction is through (at once, outside of one)."""

    def send() -> None:
        try:
            task.apply_async(args, retry=False)
        except OperationalError as error:
            logger.warning(
                "The broker does not answer (%s); the tick will ring for %s.", type(error).__name__, task.name
            )

    transaction.on_commit(send)
