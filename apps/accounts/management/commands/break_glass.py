"""manage.py break_glass 1|2: make one of the two accounts for the day on which the identity provider is away."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import break_glass
from apps.core.errors import BeaconError


class Command(BaseCommand):
    help = (
        "Make break-glass account 1 or 2, or make its secrets anew. They are printed once: put them into an envelope."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slot", type=int, choices=(1, 2))
        parser.add_argument("--json", action="store_true", help="Print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = break_glass.make(options["slot"])
        except BeaconError as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(made))
            return
        self.stdout.write(
            f"Name: {made['name']}\nPassword: {made['password']}\nSeed: {made['seed']}\nAddress: {made['uri']}"
        )
        self.stdout.write(
            "Put the seed (or the address as a QR code) into an authenticator. Beacon shows neither again."
        )
