"""manage.py record_bounces FILE [--as EMAIL] [--plan] [--json]: stop mail to addresses that do not exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand
from apps.core.errors import Invalid
from apps.mail.models import Message
from apps.mail.reports import Bounce, bounces_in, emails_in
from apps.mail.services import bounce_record


class Command(OperatorCommand):
    help = "Read an mbox, a Maildir or a single .eml with delivery status notifications. Reading it twice does no harm."
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        path: Path = options["file"]
        if not path.exists():
            raise Invalid(f"There is no {path}.")
        read = came_back = shut = strange = 0
        for email in emails_in(path):
            read += 1
            for bounce in bounces_in(email):
                message = self._ours(bounce)
                if message is None:
                    strange += 1
                elif bounce.is_final:
                    came_back += 1
                    shut += bounce.is_address_bad
                    bounce_record(
                        actor=actor, address=message.address, reason=bounce.words, permanent=bounce.is_address_bad,
                        message=message,
                    )  # fmt: skip
        said = (
            f"Read {read:,} e-mails: {came_back:,} messages came back, {shut:,} of them because the address does not"
            f" exist. {strange:,} reports are about no message of ours and were left alone."
        )
        data = {"read": read, "came_back": came_back, "no_such_address": shut, "not_ours": strange}
        return Answer([said], data)

    @staticmethod
    def _ours(bounce: Bounce) -> Message | None:
        """The message that came back, if it is one of ours and went to that address."""
        if bounce.key is None:
            return None
        return Message.objects.filter(key=bounce.key, address__iexact=bounce.address).first()
