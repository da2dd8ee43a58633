"""manage.py create_break_glass 1|2 [--as EMAIL] [--plan] [--json]: an account for when the identity provider is away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts import break_glass
from apps.accounts.actors import Actor
from apps.core.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = (
        "Make break-glass account 1 or 2, or make its secrets anew. They are printed once: put them into an envelope."
    )
    changes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slot", type=int, choices=(1, 2))

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        made = break_glass.make(options["slot"], actor=actor)
        if options["plan"]:
            # Secrets of an account that was taken back open nothing, and somebody might put them into the envelope.
            return Answer(
                [f"Name: {made['name']}", "Password, seed and address would be made anew."], {"name": made["name"]}
            )
        said = [
            f"Name: {made['name']}\nPassword: {made['password']}\nSeed: {made['seed']}\nAddress: {made['uri']}",
            "Put the seed (or the address as a QR code) into an authenticator. Beacon shows neither again.",
        ]
        return Answer(said, dict(made))
