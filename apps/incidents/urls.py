from django.urls import path, re_path

from apps.incidents import report_views, views
from apps.incidents.lifecycle import VERBS

app_name = "incidents"
urlpatterns = [
    path("report/", report_views.public_report, name="public-report"),
    path("report/code/", report_views.public_code, name="public-code"),
    path("incidents/", views.incident_list, name="incidents"),
    path("incidents/report/", report_views.report, name="report"),
    path("incidents/<int:pk>/", views.incident_detail, name="incident"),
    path("incidents/<int:pk>/triage/", views.triage, name="triage"),
    re_path(rf"^incidents/(?P<pk>\d+)/to/(?P<state>{'|'.join(VERBS)})/$", views.move, name="move"),
    re_path(r"^incidents/(?P<pk>\d+)/(?P<verb>note|ask|answer)/$", views.say, name="say"),
]
