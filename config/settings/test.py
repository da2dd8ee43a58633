"""The demo's settings, made quick and quiet for the test suite."""

import os

from config.settings.demo import *  # noqa: F403 - settings modules extend the demo, as Django's own do
from config.settings.demo import CACHES, LOGGING

# Each worker of a test run counts and keeps for itself; the queue (database 0) is theirs together.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
CACHES["default"]["LOCATION"] = f"{CACHES['default']['LOCATION'].rpartition('/')[0]}/{1 + _WORKER % 15}"

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING["root"]["level"] = "ERROR"
