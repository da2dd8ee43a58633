#!/usr/bin/env python
"""Beacon's command line. Without DATABASE_URL it starts (or joins) the embedded servers first."""

import os
import sys

from config import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.demo")
    embedded.provide(os.environ)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
