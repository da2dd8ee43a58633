"""Every address of Beacon. A view without a rule (accounts.access.allow) fails the matrix test."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.accounts.identity_urls")),
    path("", include("apps.accounts.urls")),
    path("api/v1/", include("apps.licenses.api_urls")),
    path("api/v1/", include("apps.terms.api_urls")),
    path("api/v1/", include("apps.training.api_urls")),
    path("api/v1/", include("apps.vendors.api_urls")),
    path("api/v1/", include("apps.incidents.api_urls")),
    path("api/v1/", include("apps.reports.api_urls")),
    path("api/v1/", include("apps.api.urls")),
    path("", include("apps.api.page_urls")),
    path("audit/", include("apps.console.audit_urls")),
    path("", include("apps.console.urls")),
    path("", include("apps.mail.urls")),
    path("", include("apps.agencies.urls")),
    path("", include("apps.scim.urls")),
    path("scim/v2/", include("apps.scim.api_urls")),
    path("", include("apps.rollout.urls")),
    path("", include("apps.terms.urls")),
    path("", include("apps.training.urls")),
    path("", include("apps.catalog.urls")),
    path("", include("apps.knowledge.urls")),
    path("", include("apps.licenses.urls")),
    path("", include("apps.vendors.urls")),
    path("", include("apps.vendors.usage_urls")),
    path("", include("apps.incidents.urls")),
    path("", include("apps.reports.urls")),
    path("", include("apps.registers.urls")),
]
