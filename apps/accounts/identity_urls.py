"""Addresses that identity providers know by heart, under the names that allauth calls them by."""

from django.urls import path

from apps.accounts import confirm_views, oidc, saml

urlpatterns = [
    path("accounts/login/", confirm_views.sign_in, name="account_login"),
    path("accounts/oidc/<str:provider_id>/login/", oidc.login, name="openid_connect_login"),
    path("accounts/oidc/<str:provider_id>/login/callback/", oidc.callback, name="openid_connect_callback"),
    path("accounts/saml/<str:organization_slug>/login/", saml.login, name="saml_login"),
    path("accounts/saml/<str:organization_slug>/acs/", saml.acs, name="saml_acs"),
    path("accounts/saml/<str:organization_slug>/acs/finish/", saml.finish, name="saml_finish_acs"),
    path("accounts/saml/<str:organization_slug>/sls/", saml.sls, name="saml_sls"),
    path("accounts/saml/<str:organization_slug>/metadata/", saml.metadata, name="saml_metadata"),
]
