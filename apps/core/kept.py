"""Keeping what is costly to make, where keeping is all that a cache is needed for: without it things are made again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar, cast

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
Made = TypeVar("Made")


def kept(key: str, seconds: int, make: Callable[[], Made]) -> Made:
    """What is kept under a key, else what `make` makes, which is then kept for some seconds. Never fails for the cache."""
    try:
        found = cache.get(key)
    except RedisError as error:
        logger.warning("The cache does not answer (%s).", type(error).__name__)
        return make()
    if found is not None:
        return cast(Made, found)
    made = make()
    keep(key, seconds, made)
    return made


def keep(key: str, seconds: int, value: object) -> None:
    """Keep a value, or do without."""
    try:
        cache.set(key, value, seconds)
    except RedisError as error:
        logger.warning("The cache does not take anything (%s).", type(error).__name__)


def forget(key: str) -> None:
    """Keep it no longer. Where the cache does not answer it has forgotten, or ends by itself."""
    try:
        cache.delete(key)
    except RedisError as error:
        logger.warning("The cache does not forget (%s).", type(error).__name__)
