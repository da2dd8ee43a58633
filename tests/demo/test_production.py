"""Production does not even load the demo (tests/web/test_production.py shows that it has no address), and a check says so."""

from __future__ import annotations

import subprocess
import sys

from django.core.checks import run_checks
from django.urls import reverse

from config.check_deploy import environment
from config.env import ROOT

_PROOF = """
import sys
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
print([name for name in sys.modules if name == "demo" or name.startswith("demo.")])
"""


def test_production_never_loads_the_demo() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROOF], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_the_deployment_check_names_the_demo() -> None:
    """The suite runs on the demo's settings, so the check must speak here."""
    assert reverse("demo:sign_in") == "/demo/sign-in/"
    found = {message.id for message in run_checks(include_deployment_checks=True, tags=["security"])}
    assert {"beacon.E001", "beacon.E002"} <= found
