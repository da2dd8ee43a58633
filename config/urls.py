"""Every address of Beacon. One that has no rule in apps/console/permissions.py fails the matrix test."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("apps.accounts.urls")),
    path("", include("apps.console.urls")),
]
