#!/usr/bin/env python
"""Beacon's command line. Without DATABASE_URL it starts (or joins) the embedded servers first, but not in production."""

import os
import sys

from config import embedded
from config.env import BadEnvironment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.demo")
    if os.environ["DJANGO_SETTINGS_MODULE"] != "config.settings.production":
        embedded.provide(os.environ)
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except BadEnvironment as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
