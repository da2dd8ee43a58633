"""Every write of public-records bundles: asking for one, and making it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import F

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit import services as audit
from apps.audit.pack import pack
from apps.core import bell, clock
from apps.core.errors import Invalid, NotPermitted, given
from apps.core.spreadsheets import safe_cell
from apps.reports.records import Asked, Document, agencies_of, documents, everybody
from apps.reports.records_lifecycle import BUNDLE
from apps.reports.records_models import BundleFile, RecordsBundle

_ATTEMPTS = 3
INDEX = "index.csv"
_README = """Public records about the Commonwealth's AI assistant program
===========================================================

Agencies:  {about}
Days:      {since} to {until}, both included

index.csv      every document here, what was withheld from it, and under which exemption of the public-records law
verify.py      shows that nothing here was changed since it was handed out. It needs Python 3.9 or later and nothing
               else:  python3 verify.py --key FINGERPRINT
               The fingerprint can be had from the office that handed this out.
manifest.json  every file with its size and SHA-256, signed by manifest.sig.json

Withheld parts are marked with their citation. Events about single people are withheld altogether: listed one by one,
even without names, they would tell of people of whom there are few.
"""


def bundle_request(*, actor: Actor, agencies: Iterable[Agency], since: date, until: date, reason: str) -> RecordsBundle:
    """Have the public records of some agencies and days put together. Who asked and why is audited."""
    from apps.reports.tasks import make_bundle

    actor.require(Role.ADMINISTRATOR, Role.PRIVACY)
    actor.require_fresh()
    chosen = sorted(agencies, key=lambda agency: agency.name)
    if not chosen:
        raise Invalid("Choose an agency.", how_to_fix="A secretariat stands for all its agencies.")
    if not since <= until <= clock.today():
        raise Invalid("The days are not in order.", how_to_fix="From is not after to, and to is not after today.")
    with transaction.atomic():
        bundle = RecordsBundle.objects.create(
            about=_named(chosen), since=since, until=until, reason=given(reason), asked_by_key=actor.key,
            asked_by=actor.name, asked_at=clock.now(),
        )  # fmt: skip
        bundle.agencies.set(chosen)
        codes = [agency.code for agency in chosen]
        audit.record(
            actor, "reports.bundle.requested", bundle,
            after={"agencies": codes, "since": since, "until": until}, reason=bundle.reason,
        )  # fmt: skip
        bell.ring(make_bundle, bundle.pk)
    return bundle


def _named(chosen: list[Agency]) -> str:
    text = ", ".join(agency.name for agency in chosen)
    return text if len(text) <= 500 else f"{text[:470]} … ({len(chosen)} agencies)"


def bundle_make(*, actor: Actor, bundle: RecordsBundle) -> RecordsBundle:
    """Make a queued bundle: collect, redact, index, sign and keep."""
    if not actor.is_system:
        raise NotPermitted("Beacon makes bundles by itself, once they were asked for.")
    # Counted before the work and apart from it, as for reports.
    counted = RecordsBundle.objects.filter(pk=bundle.pk, state="queued").update(attempts=F("attempts") + 1)
    with transaction.atomic():
        waiting = RecordsBundle.objects.select_for_update(skip_locked=True)
        found = waiting.filter(pk=bundle.pk, state="queued").first()
        if not counted or found is None:
            return RecordsBundle.objects.get(pk=bundle.pk)
        if found.attempts > _ATTEMPTS:
            found.problem = "Beacon tried three times. EOTSS finds the reason in the worker's log."
            return _moved(actor, found, RecordsBundle.State.FAILED, "failed", {"problem": found.problem})
        content, count = _content(found)
        found.documents, found.sha256, found.made_at = count, hashlib.sha256(content).hexdigest(), clock.now()
        BundleFile.objects.create(bundle=found, content=content)
        return _moved(
            actor, found, RecordsBundle.State.DONE, "made", {"documents": found.documents, "sha256": found.sha256}
        )


def _moved(actor: Actor, bundle: RecordsBundle, state: str, verb: str, after: dict[str, object]) -> RecordsBundle:
    BUNDLE.check(bundle.state, state)
    bundle.state = state
    bundle.save(update_fields=["state", "problem", "documents", "sha256", "made_at"])
    audit.record(actor, f"reports.bundle.{verb}", bundle, after=after)
    return bundle


def _content(bundle: RecordsBundle) -> tuple[bytes, int]:
    """The ZIP, and of how many documents it is."""
    chosen = list(bundle.agencies.order_by("name"))
    people = everybody()
    found = list(documents(Asked(agencies_of(chosen), bundle.since, bundle.until, people)))
    about, _ = people.taken_out(bundle.about)
    text = _README.format(about=about, since=bundle.since.isoformat(), until=bundle.until.isoformat())
    files = {one.name: one.content for one in found} | {INDEX: _index(found), "README.txt": text.encode()}
    facts = {
        "what": "public records by agency and dates", "agencies": [agency.code for agency in chosen],
        "since": bundle.since.isoformat(), "until": bundle.until.isoformat(),
    }  # fmt: skip
    return pack(files=files, about=facts), len(found)


def _index(found: Iterable[Document]) -> bytes:
    """Every document, one line for each thing that was withheld from it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["document", "title", "records", "withheld", "exemption", "citation", "reason"])
    for one in found:
        head = [one.name, one.title, one.records]
        for taken in one.redactions:
            line = [*head, taken.what, f"({taken.exemption})", taken.citation, taken.reason]
            writer.writerow([safe_cell(cell) for cell in line])
        if not one.redactions:
            writer.writerow([safe_cell(cell) for cell in [*head, "nothing", "", "", ""]])
    return out.getvalue().encode()
