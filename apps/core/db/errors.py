"""Constraint names become domain errors here and nowhere else.

An app registers its constraints once (`register`); a service wraps its writes in `translated()`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import IntegrityError

from apps.core.errors import BeaconError, IllegalTransition

_ERRORS: dict[str, type[BeaconError]] = {}


def register(constraint: str, error: type[BeaconError]) -> None:
    """Say which error a violated constraint means. Called from `AppConfig.ready`."""
    _ERRORS[constraint] = error


def constraint_of(error: IntegrityError) -> str:
    """The violated constraint's name, or an empty string where the driver does not say."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return (getattr(diagnosis, "constraint_name", None) or "") if diagnosis else ""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn a violated constraint inside the block into the registered error; others pass unchanged."""
    try:
        yield
    except IntegrityError as error:
        name = constraint_of(error)
        if name in _ERRORS:
            raise _ERRORS[name]() from error
        if name.endswith("_lifecycle"):
            raise IllegalTransition() from error
        raise
