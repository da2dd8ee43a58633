"""How a lower app calls a higher one: dotted paths in settings, as Django does with validators."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@lru_cache(maxsize=64)
def _load(paths: tuple[str, ...]) -> tuple[Callable[..., Any], ...]:
    return tuple(import_string(path) for path in paths)


def hooks(setting: str) -> tuple[Callable[..., Any], ...]:
    """The functions that the setting names, in order."""
    return _load(tuple(getattr(settings, setting)))


def call(setting: str, *args: Any, **kwargs: Any) -> list[Any]:
    """Call every function that the setting names and return what they return."""
    return [hook(*args, **kwargs) for hook in hooks(setting)]
