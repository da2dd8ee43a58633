"""Production knows nothing of the demo's sign-in, and starts from environment variables alone."""

from __future__ import annotations

import json
import subprocess
import sys

from config.check_deploy import environment
from config.env import ROOT

_PROBE = """
import json, django
django.setup()
from django.conf import settings
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
def reaches(path):
    try:
        return resolve(path) is not None
    except Resolver404:
        return False
try:
    named = bool(reverse("demo:sign_in"))
except NoReverseMatch:
    named = False
print(json.dumps({"named": named, "reached": reaches("/demo/sign-in/"), "installed": "demo" in settings.INSTALLED_APPS,
    "demo": settings.DEMO, "home": reaches("/")}))
"""


def test_one_click_sign_in_does_not_exist_in_production() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        "named": False, "reached": False, "installed": False, "demo": False, "home": True,
    }  # fmt: skip


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
