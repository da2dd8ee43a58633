from django.urls import path

from apps.vendors import api

app_name = "vendors-api"
urlpatterns = [
    path("workspaces/", api.workspace_list, name="workspaces"),
    path("workspaces/<slug:name>/members/", api.member_list, name="members"),
]
