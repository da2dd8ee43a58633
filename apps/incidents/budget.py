"""How much may come in from people of whom nothing is known: one budget an hour for all of them together.

A limit by address would have to keep addresses. Where the cache does not answer, reports are let through: a report
that is lost is worse than one too many.
"""

from __future__ import annotations

import logging

from django.core.cache import cache
from redis.exceptions import RedisError

from apps.core import clock
from apps.incidents.errors import TooManyReports

logger = logging.getLogger(__name__)
_HOUR = 3600


def spend(name: str, limit: int) -> None:
    """Take one from this hour's budget. Raises `TooManyReports` where nothing is left."""
    key = f"incidents:{name}:{int(clock.now().timestamp()) // _HOUR}"
    try:
        cache.add(key, 0, _HOUR * 2)
        spent = int(cache.incr(key))
    except (RedisError, ValueError) as error:
        logger.warning("The budget of reports cannot be counted (%s); the report is let through.", type(error).__name__)
        return
    if spent > limit:
        raise TooManyReports()
