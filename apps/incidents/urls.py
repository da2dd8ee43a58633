from django.urls import path, re_path

from apps.incidents import act_views, breach_views, report_views, trend_views, views
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
    path("incidents/<int:pk>/contain/", act_views.contain, name="contain"),
    path("incidents/<int:pk>/merge/", act_views.merge, name="merge"),
    path("incidents/<int:pk>/tasks/new/", act_views.task_new, name="task-new"),
    path("incidents/<int:pk>/tasks/<int:task>/done/", act_views.task_done, name="task-done"),
    path("incidents/<int:pk>/handlers/new/", act_views.handler_new, name="handler-new"),
    path("incidents/<int:pk>/handlers/<int:user>/release/", act_views.handler_end, name="handler-end"),
    path("incidents/<int:pk>/people/new/", act_views.concern, name="concern"),
    path("incidents/<int:pk>/files/new/", act_views.file_add, name="file-add"),
    path("incidents/<int:pk>/files/<int:file>/", act_views.file_get, name="file"),
    path("incidents/<int:pk>/breach/", breach_views.desk, name="breach"),
    path("incidents/<int:pk>/breach/open/", breach_views.open_desk, name="breach-open"),
    path("incidents/<int:pk>/breach/answers/", breach_views.answer, name="breach-answer"),
    path("incidents/<int:pk>/breach/notice/", breach_views.describe, name="breach-describe"),
    path("incidents/<int:pk>/breach/decision/", breach_views.decide, name="breach-decide"),
    path("incidents/<int:pk>/breach/told/", breach_views.notify, name="breach-notify"),
    re_path(
        r"^incidents/(?P<pk>\d+)/breach/letter/(?P<kind>regulator|resident)\.(?P<form>docx|pdf)$",
        breach_views.letter,
        name="breach-letter",
    ),
    path("incident-trends/", trend_views.trends, name="trends"),
]
