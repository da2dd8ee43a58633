"""Embedded servers, the simulator as vendor, one-click sign-in as the cast. Never for real data."""

from config.settings.base import *  # noqa: F403 - settings modules extend the base, as Django's own do
from config.settings.base import BASE_DIR, ENV, INSTALLED_APPS

DEMO = True
WEBHOOKS_LOOPBACK = True
DEBUG = False
SECRET_KEY = ENV.secret_key
INSTALLED_APPS = [*INSTALLED_APPS, "demo"]
ROOT_URLCONF = "demo.urls"
LOGIN_URL = "demo:sign_in"
LOGOUT_REDIRECT_URL = "demo:sign_in"
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = ENV.home / "mail"
SYNC_EVERY_SECONDS = 20
# Cookies know no ports: two demos side by side must not sign each other's people out.
SESSION_COOKIE_NAME = f"beacon-demo-{ENV.port}"
# Files are served from where they are built; nothing is collected.
STATIC_ROOT = BASE_DIR / "static"
CONFIRM_METHODS = {"demo": "demo.views.confirm", "session": "demo.views.confirm"}
