"""Reading a vendor's lists to the end, or saying why not. Pure: pages of bytes in, records out.

Lists are complete or marked incomplete: an empty page that promises more, a cursor that stands still, or an answer
that is not the API's ends the list with a sentence, and nothing is removed on its account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

from apps.licenses.ports import Listing, Misconfigured, NotFound, OutcomeUnknown, ProviderError, Receipt, Rejected
from apps.vendors.wire import Answer

_MAX_PAGES = 20_000
Seen = TypeVar("Seen")


Record = TypeVar("Record")


class Page(msgspec.Struct, Generic[Record]):
    """The envelope of every list; the vendor has five names for the cursor of the next page."""

    data: list[Record]
    has_more: bool
    last_id: str | None = None
    next: str | None = None
    cursor: str | None = None
    next_page: str | None = None
    last_end_time: str | None = None

    @property
    def after(self) -> str | None:
        return self.next or self.cursor or self.next_page or self.last_end_time or self.last_id


class _Made(msgspec.Struct):
    id: str = ""


# A page is decoded in one go; only where a record is bad, each is looked at by itself.
_RAW_PAGE = msgspec.json.Decoder(Page[msgspec.Raw])


_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of a type, made once."""
    if kind not in _DECODERS:
        _DECODERS[kind] = msgspec.json.Decoder(kind)
    return _DECODERS[kind]


def walk(
    fetch: Callable[[str | None], Answer], kind: type[Any], convert: Callable[[Any], Seen], listing: Listing,
    *, may_be_gone: bool = False,
) -> Iterator[Seen]:  # fmt: skip
    """Every record of a list, page by page; what goes wrong is written into `listing`.

    A list that is not there (404) means a wrong address, workspace or plan, unless it hangs on an object that
    `may_be_gone`.
    """
    after: str | None = None
    seen_cursors: set[str] = set()
    while listing.pages < _MAX_PAGES:
        before = listing.records
        page = _next_page(fetch, after, kind, listing, may_be_gone)
        if page is None:
            return
        listing.pages += 1
        yield from _converted(page, convert, listing)
        after = page.after
        if not page.has_more:
            return
        problem = _stuck(listing.records == before, after, seen_cursors)
        if problem or after is None:
            listing.fail(f"Page {listing.pages}: {problem}")
            return
        seen_cursors.add(after)
    listing.fail(f"The list has more than {_MAX_PAGES:,} pages.")


def _next_page(
    fetch: Callable[[str | None], Answer], after: str | None, kind: type[Any], listing: Listing, may_be_gone: bool
) -> Page[Any] | None:
    """The next page, or None with a word in `listing`."""
    try:
        answer = fetch(after)
    except Misconfigured:
        raise
    except NotFound as error:
        if not may_be_gone:
            text = f"There is nothing at this address: {error.message} Look at address, workspace id and plan."
            raise Misconfigured(text, status=error.status, request_id=error.request_id) from error
        listing.fail(f"What the list belongs to is gone: {error.message} (HTTP 404).")
        return None
    except ProviderError as error:
        listing.fail(f"Page {listing.pages + 1} could not be read: {error.message} (HTTP {error.status}).")
        return None
    try:
        # NUL has no place in the database, and none in a name.
        return _decoded_page(answer.body.replace(b"\\u0000", b""), kind, listing)
    except msgspec.MsgspecError:
        listing.fail(f"Page {listing.pages + 1} is not what the API promises (request {answer.request_id}).")
        return None


def _decoded_page(body: bytes, kind: type[Any], listing: Listing) -> Page[Any]:
    """A page with its records, bad ones set aside. Raises `MsgspecError` where it is no page."""
    try:
        page: Page[Any] = _decoder(Page[kind]).decode(body)  # type: ignore[valid-type]  # the kind is a value here
    except msgspec.MsgspecError:
        raw = _RAW_PAGE.decode(body)
        page = Page(list(_good(raw, kind, listing)), raw.has_more)
        page.cursor = raw.after
        listing.records += len(raw.data)
    else:
        listing.records += len(page.data)
    return page


def _good(page: Page[msgspec.Raw], kind: type[Any], listing: Listing) -> Iterator[Any]:
    """The page's records one by one; a bad one is set aside with a word, and the others go on."""
    decode = _decoder(kind).decode
    for raw in page.data:
        try:
            yield decode(raw)
        except msgspec.MsgspecError as error:
            listing.set_aside(f"A record was set aside: {error}")


def _converted(page: Page[Any], convert: Callable[[Any], Seen], listing: Listing) -> Iterator[Seen]:
    for record in page.data:
        try:
            seen = convert(record)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            listing.set_aside(f"A record was set aside: {type(error).__name__} {error}")
        else:
            yield seen


def is_there(fetch: Callable[[], Answer]) -> bool:
    """Whether the vendor knows the object by its id; what it answers about it does not matter."""
    try:
        fetch()
    except NotFound:
        return False
    return True


def _stuck(is_empty: bool, after: str | None, seen: set[str]) -> str:
    if is_empty:
        return "the page is empty although the vendor says that there is more."
    if after is None:
        return "the vendor says that there is more but gives no cursor."
    return "the cursor stands still." if after in seen else ""


def records(answer: Answer, kind: type[Any], listing: Listing) -> list[Any]:
    """The records of a single page. Raises `Rejected` where the answer is none."""
    try:
        return _decoded_page(answer.body, kind, listing).data
    except msgspec.MsgspecError as error:
        raise Rejected("The answer is not what the API promises.", request_id=answer.request_id) from error


def decoded(answer: Answer, kind: type[Seen]) -> Seen:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.MsgspecError as error:
        raise Rejected("The answer is not what the API promises.", request_id=answer.request_id) from error


def made(answer: Answer) -> Receipt:
    """A create that answered 200. Where the body is not readable, it may have acted: look."""
    try:
        found = msgspec.json.decode(answer.body, type=_Made)
    except msgspec.MsgspecError as error:
        raise OutcomeUnknown("The answer is not what the API promises.", request_id=answer.request_id) from error
    return Receipt(answer.request_id, found.id)


def done(answer: Answer) -> Receipt:
    return Receipt(answer.request_id)


def moment(seconds: int | None) -> datetime | None:
    """A time that the vendor gives as Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
