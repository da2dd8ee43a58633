"""Lists: the same sorting, filtering, paging, export and empty states everywhere, and quick at 50 rows.

A page says what its columns are; rows are rendered by one plain template, because a component per cell costs more
than the query. Exports carry exactly what is filtered, in the same columns, with formulas made harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import tablib
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_filters import FilterSet
from import_export.formats.base_formats import CSV, XLSX

from apps.core import clock
from apps.core.downloads import download, local_text
from apps.core.people_files import people_file
from apps.core.spreadsheets import safe_cell

SIZES = (25, 50, 100)
FORMATS = {"csv": CSV, "xlsx": XLSX}
# Every primary key has fewer; of a longer one the number could not even be read.
_MOST_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `value` gives the cell, `sort` the ORM expression to sort by, `url` where the cell leads, `tag` the
    kind of a status tag. `kind` is text, date, time or number.
    """

    key: str
    label: str
    value: Callable[[Any], Any]
    sort: str = ""
    kind: str = "text"
    url: Callable[[Any], str] | None = None
    tag: Callable[[Any], str] | None = None


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # the class takes no argument when it runs
    """Counts no further than it was told; `is_more` says that there is more."""

    def __init__(self, rows: QuerySet[Any], per_page: int, most: int) -> None:
        super().__init__(rows, per_page)
        found = rows.order_by()[: most + 1].count()
        self.is_more = found > most
        self._count = min(found, most)

    @property
    def count(self) -> int:
        return self._count


@dataclass(slots=True)
class Empty:
    """What a list says when there is nothing yet, with the one next step."""

    heading: str
    text: str = ""
    href: str = ""
    label: str = ""


@dataclass(slots=True)
class Listing:
    """A list as asked for in the address: filtered, sorted, one page of it."""

    request: HttpRequest
    queryset: QuerySet[Any]
    columns: Sequence[Column]
    caption: str
    noun: str
    empty: Empty
    filters: type[FilterSet] | None = None
    default_sort: str = ""
    checks: str = ""
    check_label: Callable[[Any], str] = str
    extra: dict[str, Any] = field(default_factory=dict)
    # Beyond so many rows the list only says that there are more (0: it always counts).
    counted_to: int = 0
    # Its file names people: it is handed out for a reason, after a fresh sign-in, and written down.
    names_people: bool = False

    def __post_init__(self) -> None:
        self.filter_set = self.filters(self.request.GET, self.queryset, request=self.request) if self.filters else None
        self.matching = self._sorted(self.filter_set.qs if self.filter_set else self.queryset)
        self._page: Page[Any] | None = None

    filter_set: FilterSet | None = field(init=False, default=None)
    matching: QuerySet[Any] = field(init=False)
    _page: Page[Any] | None = field(init=False, default=None)

    @property
    def sort(self) -> str:
        asked = self.request.GET.get("sort", "")
        known = {column.key for column in self.columns if column.sort}
        return asked if asked.removeprefix("-") in known else self.default_sort

    def _sorted(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        sort = self.sort
        if not sort:
            return queryset
        expression = next(c.sort for c in self.columns if c.key == sort.removeprefix("-"))
        sign = "-" if sort.startswith("-") else ""
        return queryset.order_by(*(f"{sign}{part}" for part in expression.split(",")), "pk")

    @property
    def page(self) -> Page[Any]:
        if self._page is None:
            asked = self.request.GET.get("size", "")
            size = int(asked) if asked.isdecimal() and int(asked) in SIZES else SIZES[0]
            counted = BoundedPaginator(self.matching, size, self.counted_to) if self.counted_to else None
            self._page = (counted or Paginator(self.matching, size)).get_page(self.request.GET.get("page"))
        return self._page

    @property
    def is_filtered(self) -> bool:
        names = self.filter_set.form.fields if self.filter_set else {}
        return any(self.request.GET.get(name) for name in names)

    def rows(self) -> Iterator[tuple[Any, str, str]]:
        """(primary key, label of its box, cells as markup) of each row on the page.

        Cells are put together here and not in a template: fifty rows of eight cells would cost four times the query.
        """
        for row in self.page.object_list:
            cells = (_cell(column, row, is_head=place == 0) for place, column in enumerate(self.columns))
            yield row.pk, self.check_label(row) if self.checks else "", SafeString("".join(cells))

    def export(self, kind: str) -> HttpResponse:
        """Everything that matches, as a download."""
        table = tablib.Dataset(headers=[column.label for column in self.columns])
        for row in self.matching.iterator(chunk_size=2000):
            table.append([_plain(column.value(row)) for column in self.columns])
        form = FORMATS[kind]()
        name = f"beacon-{self.noun.replace(' ', '-')}-{clock.today().isoformat()}.{form.get_extension()}"
        return download(form.export_data(table), name, form.get_content_type())


def chosen(request: HttpRequest, listing_of: Callable[[HttpRequest], Listing], **narrowed: Any) -> list[int]:
    """The rows of a bulk choice (`<c-bulk>`) as primary keys: those ticked, those on the page, or all that match.

    "All that match" is the list of the address that the page had, narrowed further, frozen now: what is added to it
    later is not chosen.
    """
    scope = request.POST.get("scope", "ticked")
    if scope == "matching":
        asked = HttpRequest()
        asked.GET = QueryDict(request.POST.get("query", ""))
        asked.actor = request.actor  # type: ignore[attr-defined]  # filters read it as on any request
        return list(listing_of(asked).matching.filter(**narrowed).values_list("pk", flat=True))
    return ids_of(request.POST.get("page_ids", "").split(",") if scope == "page" else request.POST.getlist("ids"))


def ids_of(values: Iterable[str]) -> list[int]:
    """Primary keys as a form sends them; what is none is left out."""
    return [int(value) for value in values if value.isdecimal() and len(value) < _MOST_DIGITS]


def listing_page(listing: Listing, template: str = "core/listing.html", **context: Any) -> HttpResponse:
    """The list as a page, or as a file where the address asks for `format=csv` or `xlsx`."""
    kind = listing.request.GET.get("format", "")
    if kind in FORMATS and listing.names_people:
        return people_file(
            listing.request, what=listing.caption, form=kind, rows=listing.matching.count,
            make=lambda: listing.export(kind), back=listing.request.path,
        )  # fmt: skip
    if kind in FORMATS:
        return listing.export(kind)
    context |= {"listing": listing, "page": listing.page, "sort": listing.sort}
    return render(listing.request, template, context)


def _cell(column: Column, row: Any, *, is_head: bool) -> SafeString:
    """One cell. Every value goes through `format_html`, which escapes it."""
    inside = _inside(column.kind, column.value(row))
    if column.tag:
        inside = format_html('<span class="bcn-tag bcn-tag--{}">{}</span>', column.tag(row), inside)
    if column.url:
        inside = format_html('<a href="{}">{}</a>', column.url(row), inside)
    if is_head:
        return format_html('<th scope="row">{}</th>', inside)
    look = SafeString(' class="bcn-cell--numeric"') if column.kind == "number" else ""
    return format_html('<td data-label="{}"{}>{}</td>', column.label, look, inside)


def _inside(kind: str, value: Any) -> Any:
    if value is None:
        return ""
    if kind == "time":
        local = timezone.localtime(value)
        words = formats.date_format(local, "M j, Y, g:i a")
        return format_html('<time datetime="{}">{} {}</time>', local.isoformat(), words, local.tzname())
    if kind == "date":
        return formats.date_format(value, "F j, Y")
    return f"{value:,}" if kind == "number" else value


def _plain(value: Any) -> Any:
    """A value as a spreadsheet takes it: local times as text, formulas made harmless."""
    if isinstance(value, datetime):
        return local_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return safe_cell("" if value is None else value if isinstance(value, (int, float)) else str(value))
