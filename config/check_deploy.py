"""python -m config.check_deploy: Django's deployment checks on the production settings, with a complete made-up environment.

Proves that production starts from environment variables alone, that warnings fail, and that the demo is not in it.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

from config.env import ROOT


def environment() -> dict[str, str]:
    """A complete production environment of values that nobody uses."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": "postgresql://beacon:unused@db.invalid/beacon",
        "BROKER_URL": "rediss://valkey.invalid:6379/0",
        "ALLOWED_HOSTS": "beacon.invalid",
        "OIDC_SERVER_URL": "https://login.invalid/tenant/v2.0",
        "OIDC_CLIENT_ID": "beacon",
        "OIDC_CLIENT_SECRET": secrets.token_urlsafe(32),
    }


def main() -> int:
    command = [sys.executable, "-c", "import django; django.setup(); from django.core.management import call_command;"
               " call_command('check', deploy=True, fail_level='WARNING')"]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode  # noqa: S603 - our own interpreter


if __name__ == "__main__":
    sys.exit(main())
