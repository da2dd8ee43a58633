from django.urls import path, re_path

from apps.vendors import views

app_name = "vendors"
urlpatterns = [
    path("workspaces/", views.workspace_list, name="workspaces"),
    path("workspaces/new/", views.workspace_new, name="workspace-new"),
    path("workspaces/<slug:name>/", views.workspace_detail, name="workspace"),
    path("workspaces/<slug:name>/place/", views.workspace_place, name="workspace-place"),
    path("workspaces/<slug:name>/retention/", views.workspace_retention, name="workspace-retention"),
    path("workspaces/<slug:name>/sync/", views.workspace_sync, name="workspace-sync"),
    path("sync-runs/<int:pk>/", views.run_detail, name="run"),
    path("sync-runs/<int:pk>/release/", views.run_release, name="run-release"),
    path("sync-runs/<int:pk>/discard/", views.run_discard, name="run-discard"),
    path("operations/", views.operation_list, name="operations"),
    path("operations/<int:pk>/", views.operation_detail, name="operation"),
    path("operations/<int:pk>/retry/", views.operation_retry, name="operation-retry"),
    path("operations/<int:pk>/cancel/", views.operation_cancel, name="operation-cancel"),
    path("drift/", views.drift_list, name="drifts"),
    path("drift/<int:pk>/", views.drift_detail, name="drift"),
    re_path(r"^drift/(?P<pk>\d+)/(?P<verb>adopt|repair|remove|ignore)/$", views.drift_settle, name="drift-settle"),
]
