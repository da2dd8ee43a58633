"""manage.py openapi [--write]: the description of the interface, or whether the kept one is still true."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.api.docs_views import as_yaml


class Command(BaseCommand):
    help = "Compare docs/openapi.yaml with the code (exit code 1 where they differ), or write it anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="Write docs/openapi.yaml")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = settings.BASE_DIR / "docs" / "openapi.yaml"
        if options["write"]:
            kept.write_bytes(as_yaml())
        elif not kept.exists() or kept.read_bytes() != as_yaml():
            raise CommandError("docs/openapi.yaml is not what the code says. Run: manage.py openapi --write")
        self.stdout.write("docs/openapi.yaml says what the code says.")
