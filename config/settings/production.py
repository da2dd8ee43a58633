"""The real thing: TLS everywhere, secrets from files, sign-in by the state's identity provider alone."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.production"

from config.settings.base import *  # noqa: F403 - the line above tells the base which rules to read by
from config.settings.base import DATABASES, ENV

DEMO = False
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-beacon"
CSRF_COOKIE_SECURE = True
DATABASES["default"]["OPTIONS"].setdefault("sslmode", os.environ.get("DATABASE_SSLMODE", "verify-full"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
SIGN_IN_PROVIDER = ENV.oidc
