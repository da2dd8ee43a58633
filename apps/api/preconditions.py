"""ETag and If-Match: whoever read a record may act on it on the condition that it is still what they read (RFC 9110)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Model
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from apps.accounts.access import actor_of
from apps.audit.models import TransactionId
from apps.audit.selectors import history_of
from apps.core.errors import BeaconError, Invalid

if TYPE_CHECKING:
    from apps.api.building import Noun


class Changed(BeaconError):
    """The record is not what the caller read; nothing was done."""

    status = 412
    text = "The record is no longer as you read it."
    how_to_fix = "Read it again, and decide anew."


def tag_of(content: bytes) -> str:
    """The ETag of an answer with this body."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


@contextmanager
def as_read(request: Request, noun: Noun, key: Any) -> Iterator[Any]:
    """The record that the block acts on, if it is in sight (else 404).

    With `If-Match` the act counts only if the record was what one of the tags stands for until the act had it. Rows are
    not locked here: services lock in an order of their own, people before seats. Instead the trail is asked afterwards,
    when the act holds its rows, whether somebody else has done something to the record meanwhile. Raises `Changed`, and
    with that takes the act back; `Invalid` for a condition that cannot be read.
    """
    actor = actor_of(request)
    record = noun.one(actor, key)
    tags = _tags(request)
    if tags == ["*"]:
        yield record
        return
    with transaction.atomic():
        newest = _newest(record)
        record = noun.one(actor, key)
        if tag_of(JSONRenderer().render(noun.serializer()(record, context={"request": request}).data)) not in tags:
            raise Changed()
        yield record
        if history_of(record).filter(pk__gt=newest).exclude(transaction=TransactionId()).exists():
            raise Changed()


def _tags(request: Request) -> list[str]:
    """The tags of `If-Match`; without a condition any will do. One that cannot be read must not count as none."""
    asked = request.headers.get("If-Match", "*")
    tags = parse_etags(asked)
    if len(tags) != len(asked.split(",")):
        raise Invalid("If-Match cannot be read.", how_to_fix="Send the ETag as you got it, with its quotation marks.")
    return tags


def _newest(record: Model) -> int:
    return history_of(record).order_by("-pk").values_list("pk", flat=True).first() or 0
