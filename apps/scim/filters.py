"""Filters and orders of SCIM as the database understands them: no row is judged in Python.

An absent value is the empty text in every column, so no condition is ever NULL and "not" means what it says. An attribute
that Beacon does not search by answers `invalidFilter`, never a wrong count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, CharField, F, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Collate, Lower
from scim2_models import InvalidFilterException
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ScimFilter,
    ValuePath,
    coerce_value,
)  # fmt: skip

from apps.agencies.models import Employee
from apps.agencies.selectors import employees_offered
from apps.scim.schemas import ENTERPRISE, USER_MODEL

NEVER: Q = Q(pk__in=[])
ALWAYS: Q = ~NEVER
MAX_TERMS = 100
_CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def _text(value: str) -> Combinable:
    return Value(value, output_field=CharField())


def _manager() -> Combinable:
    boss = employees_offered().filter(employee_id=OuterRef("manager_ref")).exclude(employee_id="")
    key = boss.annotate(text=Cast("key", CharField())).values("text")[:1]
    return Coalesce(Subquery(key), _text(""), output_field=CharField())


@dataclass(frozen=True, slots=True)
class Column:
    """Where an attribute stands: an expression that is never NULL, in lower case unless its case counts."""

    kind: str
    make: Callable[[], Combinable]


COLUMNS = {
    f"{_CORE}:id": Column("text", lambda: Cast("key", CharField())),
    f"{_CORE}:externalid": Column("text", lambda: F("external_id")),
    f"{_CORE}:username": Column("text", lambda: F("lookup_name")),
    f"{_CORE}:title": Column("text", lambda: Lower("title")),
    f"{_CORE}:name.givenname": Column("text", lambda: Lower("first_name")),
    f"{_CORE}:name.familyname": Column("text", lambda: Lower("last_name")),
    f"{_CORE}:emails.value": Column("text", lambda: Lower("email")),
    f"{_CORE}:emails.type": Column("text", lambda: _text("work")),
    f"{_CORE}:active": Column("bool", lambda: Case(
        When(status=Employee.Status.SEPARATED, then=Value(False)), default=Value(True), output_field=BooleanField()
    )),
    f"{ENTERPRISE}:employeenumber": Column("text", lambda: F("employee_id")),
    f"{ENTERPRISE}:department": Column("text", lambda: Lower("agency__code")),
    f"{ENTERPRISE}:manager.value": Column("text", _manager),
    f"{_CORE}:meta.created": Column("time", lambda: F("created_at")),
    f"{_CORE}:meta.lastmodified": Column("time", lambda: F("updated_at")),
    f"{_CORE}:meta.resourcetype": Column("text", lambda: _text("User")),
}  # fmt: skip
COLUMNS = {key.lower(): column for key, column in COLUMNS.items()}
# Complex attributes of which every person has a value; the manager is one that they may lack.
_EVERYBODY = {f"{_CORE}:{name}".lower() for name in ("schemas", "meta", "name", "emails")}
_MANAGER = f"{ENTERPRISE}:manager".lower()
_LOOKUPS = {
    CompareOperator.eq: "exact", CompareOperator.co: "contains", CompareOperator.sw: "startswith",
    CompareOperator.ew: "endswith", CompareOperator.gt: "gt", CompareOperator.ge: "gte", CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}  # fmt: skip
_ORDER = {CompareOperator.gt, CompareOperator.ge, CompareOperator.lt, CompareOperator.le}


def key_of(binding: AttributeBinding) -> str:
    """The name under which an attribute stands in `COLUMNS`."""
    return str(binding.urn).lower()


class Translation(FilterVisitor[Q]):
    """A filter on Users as a condition. `aliases` are the expressions that the condition names."""

    def __init__(self, bound: ScimFilter[Any], inside: AttrPath | None = None) -> None:
        self.bound, self.inside = bound, inside
        self.aliases: dict[str, Combinable] = {}
        self.terms = 0

    def visit(self, node: FilterNode) -> Q:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise InvalidFilterException(detail=f"A filter has at most {MAX_TERMS} parts.")
        return super().visit(node)

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        made = Q()
        for term in node.terms:
            made = made & self.visit(term) if node.op == LogicalOperator.and_ else made | self.visit(term)
        return made

    def visit_value_path(self, node: ValuePath) -> Q:
        """Everybody has exactly one address: what holds for one value of it holds for the person."""
        outer, self.inside = self.inside, node.attr_path
        try:
            return self.visit(node.val_filter)
        finally:
            self.inside = outer

    def visit_present(self, node: Present) -> Q:
        binding = self.bound.resolve(self._path(node.attr_path), strict=False)
        if binding is None:
            return NEVER
        key = key_of(binding)
        if key in _EVERYBODY:
            return ALWAYS
        column = self._column(f"{_MANAGER}.value" if key == _MANAGER else key)
        return ALWAYS if column.kind != "text" else ~Q(**{self._alias(column): ""})

    def visit_comparison(self, node: Comparison) -> Q:
        binding = self.bound.resolve_comparison(self._path(node.attr_path), strict=False)
        if binding is None:
            return NEVER
        column = self._column(key_of(binding))
        value = coerce_value(binding, node.value, node.op)
        if value is None:
            return self._against_null(column, node.op)
        if node.op == CompareOperator.ne:
            return ~self._condition(column, CompareOperator.eq, binding, value)
        return self._condition(column, node.op, binding, value)

    # ---- inside ------------------------------------------------------------------------------------------

    def _path(self, path: AttrPath) -> AttrPath:
        return AttrPath(self.inside.attr, path.attr, self.inside.uri) if self.inside else path

    def _column(self, key: str) -> Column:
        if key not in COLUMNS:
            raise InvalidFilterException(detail=f"Beacon does not search by {key.rsplit(':', 1)[-1]}.")
        return COLUMNS[key]

    def _alias(self, column: Column, *, collated: bool = False) -> str:
        """The name of the column's expression; a plain field keeps its own, and with it its index."""
        made = column.make()
        if isinstance(made, F) and not collated:
            return str(made.name)  # type: ignore[attr-defined]  # missing in the stubs
        name = f"scim_{len(self.aliases)}"
        self.aliases[name] = Collate(made, "C") if collated else made
        return name

    def _against_null(self, column: Column, op: CompareOperator) -> Q:
        absent = Q(**{self._alias(column): ""}) if column.kind == "text" else NEVER
        return {CompareOperator.eq: absent, CompareOperator.ne: ~absent}.get(op, NEVER)

    def _condition(self, column: Column, op: CompareOperator, binding: AttributeBinding, value: Any) -> Q:
        if column.kind == "bool":
            return Q(**{self._alias(column): value}) if op == CompareOperator.eq and isinstance(value, bool) else NEVER
        if column.kind == "time":
            usable = isinstance(value, datetime) and value.tzinfo is not None
            return Q(**{f"{self._alias(column)}__{_LOOKUPS[op]}": value}) if usable else NEVER
        wanted = comparable(binding, value)
        if wanted is None:
            return NEVER
        alias = self._alias(column, collated=op in _ORDER)
        return Q(**{f"{alias}__{_LOOKUPS[op]}": wanted}) & ~Q(**{alias: ""})


def comparable(binding: AttributeBinding, value: Any) -> str | None:
    """The text in the form in which it is compared; None where no kept text can be like it."""
    if not isinstance(value, str):
        return None
    try:
        made = str(binding.comparable(value))
        made.encode()
    except ValueError:
        return None
    return None if "\x00" in made else made


def translated_filter(scim_filter: ScimFilter[Any]) -> tuple[Q, dict[str, Combinable]]:
    """The condition that a filter means for Users, and the expressions to alias for it.

    Raises `InvalidFilterException` where it asks for something that Beacon does not search by.
    """
    translation = Translation(ScimFilter[USER_MODEL](str(scim_filter)))
    return translation.visit(translation.bound.ast), translation.aliases
