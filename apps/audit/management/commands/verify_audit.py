"""manage.py verify_audit [--keep-head] [--plan] [--json]: is the audit trail as it was written?"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps.audit import heads, selectors
from apps.core.commands import REFUSED, Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Verify the audit chain; names the first event that was changed, removed, reordered or cut off."
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep-head", action="store_true", help="append the signed heads to the kept file")

    def act(self, actor: Any, options: dict[str, Any]) -> Answer:
        started = time.monotonic()
        try:
            verdict = selectors.verify(heads.kept(settings.ENV.audit_heads))
        except heads.HeadsAltered as error:
            return Answer(data={"intact": False, "problem": str(error)}, wrong=[str(error)], code=REFUSED)
        data = {
            "intact": verdict.is_intact,
            "events": verdict.events,
            "streams": {stream: {"seq": seq, "hash": digest} for stream, (seq, digest) in verdict.heads.items()},
            "problem": verdict.problem or None,
            "stream": verdict.stream or None,
            "seq": verdict.seq,
            "event": verdict.event_id,
            "seconds": round(time.monotonic() - started, 3),
        }
        if not verdict.is_intact:
            return Answer(data=data, wrong=[_problem(data)], code=REFUSED)
        said = [f"The audit trail is intact: {verdict.events:,} events in {len(verdict.heads)} streams."]
        if options["keep_head"]:
            count = len(verdict.heads) if options["plan"] else heads.keep(settings.ENV.audit_heads)
            said.append(f"Signed heads of {count} streams to {settings.ENV.audit_heads}.")
        return Answer(said, data)


def _problem(data: dict[str, Any]) -> str:
    where = f"event {data['event']} (place {data['seq']} of stream {data['stream']})"
    return f"The audit trail was altered. First problem: {where}: {data['problem']}."
