"""System checks: what must hold before Beacon starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def demo_is_not_deployed(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """One-click sign-in exists only in the demo: production settings must not know it."""
    problems: list[CheckMessage] = []
    if getattr(settings, "DEMO", False) or "demo" in settings.INSTALLED_APPS:
        problems.append(Error("The demo's sign-in is part of these settings.", id="beacon.E001"))
    if settings.ROOT_URLCONF != "config.urls":
        problems.append(Error("The URLs are not the production ones.", id="beacon.E002"))
    return problems


@register(Tags.security, deploy=True)
def policy_is_strict(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The content security policy allows our own files and nothing else; every page asks for a sign-in."""
    problems: list[CheckMessage] = []
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    if directives.get("default-src") != ["'none'"] or any("unsafe" in str(v) for v in directives.values()):
        problems.append(Error("The content security policy is weaker than 'none' and 'self'.", id="beacon.E003"))
    if "django.contrib.auth.middleware.LoginRequiredMiddleware" not in settings.MIDDLEWARE:
        problems.append(Error("Pages no longer ask for a sign-in by default.", id="beacon.E004"))
    return problems
