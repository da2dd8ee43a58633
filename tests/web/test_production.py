"""Production starts from a complete environment alone, and names everything that is missing at once."""

from __future__ import annotations

import subprocess
import sys

from config.check_deploy import environment
from config.env import ROOT


def test_production_does_not_start_on_an_empty_environment() -> None:
    env = {"PATH": environment()["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"}
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    for name in ("SECRET_KEY", "DATABASE_URL", "BROKER_URL", "ALLOWED_HOSTS", "OIDC_CLIENT_SECRET"):
        assert name in done.stderr
