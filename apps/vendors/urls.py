from django.urls import path, re_path

from apps.vendors import views, workspace_views

app_name = "vendors"
urlpatterns = [
    path("workspaces/", workspace_views.workspace_list, name="workspaces"),
    path("workspaces/new/", workspace_views.workspace_new, name="workspace-new"),
    path("workspaces/<slug:name>/", workspace_views.workspace_detail, name="workspace"),
    path("workspaces/<slug:name>/place/", workspace_views.workspace_place, name="workspace-place"),
    path("workspaces/<slug:name>/retention/", workspace_views.workspace_retention, name="workspace-retention"),
    path("workspaces/<slug:name>/sync/", workspace_views.workspace_sync, name="workspace-sync"),
    path("workspaces/<slug:name>/posture/", workspace_views.workspace_posture, name="workspace-posture"),
    path("workspaces/<slug:name>/expect/", workspace_views.workspace_expect, name="workspace-expect"),
    path("workspaces/<slug:name>/limits/", workspace_views.workspace_limit, name="workspace-limit"),
    path("workspaces/<slug:name>/members/", workspace_views.workspace_members, name="workspace-members"),
    path("workspaces/<slug:name>/api/", workspace_views.assumption_list, name="assumptions"),
    path("workspaces/<slug:name>/api/check/", workspace_views.workspace_checked, name="workspace-check"),
    path("workspaces/<slug:name>/api/<slug:code>/", workspace_views.assumption_edit, name="assumption"),
    path("vendor-log/", workspace_views.event_list, name="events"),
    path("vendor-log/<int:pk>/", workspace_views.event_detail, name="event"),
    path("sync-runs/<int:pk>/", views.run_detail, name="run"),
    path("sync-runs/<int:pk>/progress/", views.run_progress, name="run-progress"),
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
