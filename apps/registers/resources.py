"""A register as django-import-export reads and writes it: columns in, one call of a service out.

Nothing here saves a record. A row becomes an `Entry` (what stands in its columns), is compared with the record as it
stands, and is handed to the service that a person would use on the page. What a row does not change is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Field as ModelField
from django.db.models import Model, QuerySet
from import_export import resources, widgets
from import_export.fields import Field

from apps.accounts.actors import Actor, Role
from apps.core.errors import BeaconError, Invalid, NotPermitted

Values = dict[str, Any]
_YES, _NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0"}


class Cell(widgets.Widget):
    """How a value of a kind stands in a file: text, number, money, day, yes or list (one entry between semicolons)."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if value is None:
            return ""
        if self.kind == "yes":
            return "yes" if value else "no"
        if self.kind == "list":
            return "; ".join(map(str, value))
        return value.isoformat() if isinstance(value, date) else tidy(str(value))

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = tidy("" if value is None else str(value))
        try:
            return _READ[self.kind](text)
        except (ValueError, InvalidOperation) as wrong:
            raise ValueError(f"“{text[:60]}” is not {_NAMES[self.kind]}.") from wrong


def tidy(text: str) -> str:
    """The text as a form takes it: one kind of line end, no control characters, nothing blank around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign >= " " or sign in "\t\n").strip()


def _yes(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError(text)


def _day(text: str) -> date | None:
    if not text:
        return None
    return datetime.strptime(text, "%m/%d/%Y").date() if "/" in text else date.fromisoformat(text)


_READ: dict[str, Callable[[str], Any]] = {
    "text": str, "number": lambda text: int(text) if text else None, "day": _day, "yes": _yes,
    "money": lambda text: Decimal(text) if text else None,
    "list": lambda text: [part.strip() for part in text.split(";") if part.strip()],
}  # fmt: skip
_NAMES = {
    "text": "a text", "number": "a whole number", "money": "an amount", "day": "a day (2026-01-31)", "yes": "yes or no",
    "list": "a list",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One column. `read` takes it from a record (else the attribute of its name); a `shown` one cannot be imported."""

    name: str
    kind: str = "text"
    read: Callable[[Any], Any] | None = None
    shown: bool = False
    # Whether the model's own field checks the value: its choices, its length, whether it may be empty.
    checked: bool = True

    def of(self, record: Any) -> Any:
        return self.read(record) if self.read else getattr(record, self.name)


@dataclass(frozen=True)
class Register:
    """One register: whose it is, what stands in it, and the services by which a row is added or changed.

    `find` takes the records in sight and a row's values and gives the records that the row may mean. `add` and `change`
    are missing where a row cannot do that; `why_not` says why.
    """

    slug: str
    title: str
    model: type[Model]
    select: Callable[[Actor], QuerySet[Any]]
    parts: Sequence[Part]
    key: Sequence[str]
    find: Callable[[QuerySet[Any], Values], QuerySet[Any]] | None = None
    add: Callable[[Actor, Values, str], object] | None = None
    change: Callable[[Actor, Any, Values, Values, str], object] | None = None
    writers: tuple[Role, ...] = ()
    readers: tuple[Role, ...] = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
    names_people: bool = False
    why_not: str = ""

    @property
    def takes_files(self) -> bool:
        return self.add is not None

    @property
    def columns(self) -> list[str]:
        return [part.name for part in self.parts]

    def may_read(self, actor: Actor) -> bool:
        return actor.has(*self.readers)

    def may_write(self, actor: Actor) -> bool:
        return self.takes_files and actor.has(*self.writers)


class Entry:
    """A row, or a record, as values by column. Columns that a file leaves out are not attributes of its rows."""

    def __init__(self, record: Any = None) -> None:
        self._record = record

    @property
    def record(self) -> Any:
        return self._record


_KINDS = {"new": "added", "update": "changed", "skip": "unchanged"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row does: added, changed, unchanged or refused; its record in a word; each change; why it was refused."""

    kind: str
    label: str = ""
    changes: Mapping[str, list[str]] = field(default_factory=dict)
    reason: str = ""


def _field(model: type[Model], name: str) -> ModelField[Any, Any]:
    return cast("ModelField[Any, Any]", model._meta.get_field(name))


class RowRefused(Exception):
    """Rolls a row's savepoint back."""


class RegisterResource(resources.Resource):
    """A register for one actor. `row_do` calls the services; whoever only plans rolls the transaction back."""

    class Meta:
        skip_diff = True
        use_transactions = False

    def __init__(self, register: Register, actor: Actor, reason: str = "") -> None:
        super().__init__()
        self.register, self.actor, self.reason = register, actor, reason
        self.cells = {part.name: Cell(part.kind) for part in register.parts}
        self.fields = {
            part.name: Field(attribute=part.name, column_name=part.name, widget=self.cells[part.name])
            for part in register.parts
        }
        self._changes: dict[str, list[str]] = {}

    # ---- out -----------------------------------------------------------------------------------------------

    def get_queryset(self) -> QuerySet[Any]:
        return self.register.select(self.actor)

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> str:
        part = next(part for part in self.register.parts if part.name == field.column_name)
        return self.cells[part.name].render(part.of(instance))

    # ---- in ------------------------------------------------------------------------------------------------

    def row_do(self, values: Mapping[str, Any], line: int, only: Outcome | None = None) -> Outcome:
        """Do what a row asks for, in a savepoint: a refused row leaves nothing behind, nor does one that is not `only`."""
        self._changes = {}
        label = " · ".join(str(values.get(name, "")) for name in self.register.key)[:200]
        try:
            with transaction.atomic():
                result = self.import_row(dict(values), None, row_number=line)
                if reasons := _reasons(result):
                    raise RowRefused(reasons)
                kind = _KINDS[result.import_type]
                if only and (kind, self._changes) != (only.kind, only.changes):
                    raise RowRefused("The record has moved on since the plan. Send the file again.")
        except RowRefused as refused:
            return Outcome("refused", label, self._changes, str(refused))
        return Outcome(kind, label, self._changes)

    def init_instance(self, row: Any = None) -> Entry:
        return Entry()

    def get_instance(self, instance_loader: Any, row: Mapping[str, Any]) -> Entry | None:
        values: Values = {}
        for name in self.register.key:
            try:
                values[name] = self.cells[name].clean(row.get(name))
            except ValueError as wrong:
                raise ValidationError({name: [str(wrong)]}) from wrong
        if self.register.find is None:
            raise Invalid(self.register.why_not)
        found = list(self.register.find(self.get_queryset(), values)[:2])
        if len(found) > 1:
            raise Invalid("More than one record has this key.", how_to_fix="Change it on its page.")
        return Entry(found[0]) if found else None

    def skip_row(self, instance: Entry, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        """Note what changes, and leave a row that changes nothing."""
        for part in self.register.parts:
            if part.name not in vars(instance):
                continue
            before = "" if instance.record is None else self.cells[part.name].render(part.of(instance.record))
            after = self.cells[part.name].render(getattr(instance, part.name))
            if before != after and not (before == "" and instance.record is None and after == ""):
                self._changes[part.name] = [before, after]
        if instance.record is None or import_validation_errors:
            return False
        # Case and blanks of a key are not a change of it.
        for name in self.register.key:
            self._changes.pop(name, None)
        return not self._changes

    def validate_instance(
        self, instance: Entry, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        errors = dict(import_validation_errors or {})
        for part in self.register.parts:
            is_asked = part.name in self._changes or (instance.record is None and part.name in vars(instance))
            if part.name in errors or not is_asked:
                continue
            if part.shown and part.name in self._changes:
                errors[part.name] = ["This column is shown and cannot be changed by a file."]
            elif part.checked and not part.shown:
                try:
                    _field(self.register.model, part.name).clean(getattr(instance, part.name), None)
                except ValidationError as wrong:
                    errors[part.name] = wrong.messages
        if errors:
            raise ValidationError(errors)

    def save_instance(self, instance: Entry, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Call the service. Raises what it raises."""
        if not self.register.may_write(self.actor):
            raise NotPermitted(f"{self.register.title}: files are not for your role.")
        values = {part.name: getattr(instance, part.name, None) for part in self.register.parts if not part.shown}
        if is_create:
            if self.register.add is None:
                raise Invalid(self.register.why_not)
            self.register.add(self.actor, values, self.reason)
            return
        if self.register.change is None:
            raise Invalid("A file adds entries here and changes none.", how_to_fix="Change it on its page.")
        changed = {name: values[name] for name in self._changes}
        whole = {part.name: changed.get(part.name, part.of(instance.record)) for part in self.register.parts}
        self.register.change(self.actor, instance.record, changed, whole, self.reason)

    def save_m2m(self, instance: Entry, row: Any, **kwargs: Any) -> None:
        """The service has done it."""


def _reasons(result: Any) -> str:
    """Why a row was refused, in words; empty where it was not. What nobody foresaw is raised."""
    if result.validation_error is not None:
        texts: Mapping[str, list[str]] = result.validation_error.message_dict
        return " ".join(
            f"{name}: {' '.join(words)}" if name != "__all__" else " ".join(words) for name, words in texts.items()
        )
    for wrong in (found.error for found in result.errors):
        if isinstance(wrong, BeaconError):
            return str(wrong)
        if isinstance(wrong, DatabaseError):
            return "The database does not take this row: something in it contradicts another record or itself."
        raise wrong
    return ""
