from django.urls import path

from apps.accounts import confirm_views, rights_views, role_views, session_views, token_views

app_name = "accounts"
urlpatterns = [
    path("accounts/sign-out/", confirm_views.sign_out, name="sign-out"),
    path("accounts/confirm/", confirm_views.confirm, name="confirm"),
    path("accounts/break-glass/", confirm_views.break_glass_sign_in, name="break-glass"),
    path("access/sessions/", session_views.session_list, name="sessions"),
    path("access/sessions/end/", session_views.session_end, name="session-end"),
    path("access/sign-ins/", session_views.sign_in_list, name="sign-ins"),
    path("access/people/new/", role_views.person_new, name="person-new"),
    path("access/people/<int:pk>/end-sign-ins/", role_views.sessions_end, name="sessions-end"),
    path("access/rights/", rights_views.rights, name="rights"),
    path("access/roles/", role_views.role_list, name="roles"),
    path("access/roles/new/", role_views.role_new, name="role-new"),
    path("access/roles/<int:pk>/", role_views.role_detail, name="role"),
    path("access/roles/<int:pk>/confirm/", role_views.role_confirm, name="role-confirm"),
    path("access/roles/<int:pk>/review/", role_views.role_review, name="role-review"),
    path("access/roles/<int:pk>/end/", role_views.role_end, name="role-end"),
    path("access/groups/", role_views.mapping_list, name="mappings"),
    path("access/groups/new/", role_views.mapping_new, name="mapping-new"),
    path("access/groups/<int:pk>/", role_views.mapping_detail, name="mapping"),
    path("access/groups/<int:pk>/confirm/", role_views.mapping_confirm, name="mapping-confirm"),
    path("access/groups/<int:pk>/end/", role_views.mapping_end, name="mapping-end"),
    path("access/tokens/", token_views.token_list, name="tokens"),
    path("access/tokens/new/", token_views.token_new, name="token-new"),
    path("access/tokens/<int:pk>/", token_views.token_detail, name="token"),
    path("access/tokens/<int:pk>/withdraw/", token_views.token_withdraw, name="token-withdraw"),
    path("access/connections/", token_views.connection_list, name="connections"),
    path("access/connections/new/", token_views.connection_new, name="connection-new"),
    path("access/connections/<int:pk>/", token_views.connection_detail, name="connection"),
    path("access/connections/<int:pk>/token/", token_views.connection_token_new, name="connection-token"),
    path("access/connections/<int:pk>/end/", token_views.connection_end, name="connection-end"),
]
