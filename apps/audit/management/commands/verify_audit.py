"""manage.py verify_audit [--json] [--keep-head]: is the audit trail as it was written?"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.audit import heads, selectors


class Command(BaseCommand):
    help = "Verify the audit chain; names the first event that was changed, removed, reordered or cut off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")
        parser.add_argument("--keep-head", action="store_true", help="append the signed heads to the kept file")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            verdict = selectors.verify(heads.kept(settings.ENV.audit_heads))
        except heads.HeadsAltered as error:
            self.stdout.write(json.dumps({"intact": False, "problem": str(error)}) if options["json"] else str(error))
            sys.exit(1)
        answer = {
            "intact": verdict.is_intact,
            "events": verdict.events,
            "streams": {stream: {"seq": seq, "hash": digest} for stream, (seq, digest) in verdict.heads.items()},
            "problem": verdict.problem or None,
            "stream": verdict.stream or None,
            "seq": verdict.seq,
            "event": verdict.event_id,
            "seconds": round(time.monotonic() - started, 3),
        }
        self.stdout.write(json.dumps(answer) if options["json"] else _sentence(answer))
        if not verdict.is_intact:
            sys.exit(1)
        if options["keep_head"]:
            count = heads.keep(settings.ENV.audit_heads)
            if not options["json"]:
                self.stdout.write(f"Signed heads of {count} streams kept in {settings.ENV.audit_heads}.")


def _sentence(answer: dict[str, Any]) -> str:
    if answer["intact"]:
        return f"The audit trail is intact: {answer['events']:,} events in {len(answer['streams'])} streams."
    where = f"event {answer['event']} (place {answer['seq']} of stream {answer['stream']})"
    return f"The audit trail was altered. First problem: {where}: {answer['problem']}."
