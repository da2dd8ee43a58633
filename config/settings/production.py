"""The real thing: TLS everywhere, secrets from files, sign-in by the state's identity provider alone."""

import os
from urllib.parse import unquote, urlsplit

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
_MAIL = urlsplit(ENV.email_url)
_MAIL_KIND = {"consolemail": "console", "dummymail": "dummy"}.get(_MAIL.scheme, "smtp")
EMAIL_BACKEND = f"django.core.mail.backends.{_MAIL_KIND}.EmailBackend"
EMAIL_HOST = _MAIL.hostname or "localhost"
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.scheme == "smtp+tls", _MAIL.scheme == "smtp+ssl"
EMAIL_PORT = _MAIL.port or (587 if EMAIL_USE_TLS else 465 if EMAIL_USE_SSL else 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
EMAIL_TIMEOUT = 20
