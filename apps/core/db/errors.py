"""Constraint names become domain errors here and nowhere else.

An app registers its constraints once (`register`); a service wraps its writes in `translated()`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import DataError, IntegrityError

from apps.core.errors import BeaconError, IllegalTransition, Invalid

_ERRORS: dict[str, type[BeaconError]] = {}


def register(constraint: str, error: type[BeaconError]) -> None:
    """Say which error a violated constraint means. Called from `AppConfig.ready`."""
    _ERRORS[constraint] = error


def constraint_of(error: IntegrityError) -> str:
    """The violated constraint's name, or an empty string where the driver does not say."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return (getattr(diagnosis, "constraint_name", None) or "") if diagnosis else ""


class Contradiction(BeaconError):
    """The database keeps a promise that no service has words for."""

    text = "This contradicts what is on record."
    how_to_fix = "Look at the record as it stands, and change what you send."


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """At an interface anybody may send anything: what the database refuses is a refusal and not an error of ours.

    Forms of pages check lengths and ranges before; an interface reads its fields off a service, which has none.
    """
    try:
        yield
    except DataError as error:
        raise Invalid("A value is too long or too large.") from error
    except IntegrityError as error:
        raise Contradiction(
            f"This contradicts what is on record ({constraint_of(error) or 'a constraint'})."
        ) from error


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
