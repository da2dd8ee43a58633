"""Operators' commands as tests run them: the exit code and the object of `--json`, and whether a plan left anything."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError


def run(*args: Any) -> tuple[int, dict[str, Any]]:
    """The exit code and what stood on standard output, as JSON."""
    out, code = io.StringIO(), 0
    try:
        call_command(*map(str, args), "--json", stdout=out, stderr=io.StringIO())
    except CommandError as ended:
        code = ended.returncode
    return code, json.loads(out.getvalue())


def words(*args: Any) -> str:
    """What a command that goes well says to people."""
    out = io.StringIO()
    call_command(*map(str, args), stdout=out, stderr=io.StringIO())
    return out.getvalue()


@contextmanager
def nothing_left(folder: Path, *, but: tuple[str, ...] = ()) -> Iterator[None]:
    """No table has a row more or less afterwards (events are rows too), and no file of the folder is other than it was."""
    before = _rows(but), _files(folder)
    yield
    assert (_rows(but), _files(folder)) == before


def _rows(but: tuple[str, ...]) -> dict[str, int]:
    models = [model for model in apps.get_models() if model._meta.db_table not in but]
    return {model._meta.db_table: model._base_manager.count() for model in models}


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
