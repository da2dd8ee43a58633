from django.urls import path

from apps.reports import evidence_views, records_views, stored_views, survey_views, transparency_views, views

app_name = "reports"
urlpatterns = [
    path("reports/", views.overview, name="overview"),
    path("reports/adoption/", views.report, {"kind": "adoption"}, name="adoption"),
    path("reports/compliance/", views.report, {"kind": "compliance"}, name="compliance"),
    path("reports/definitions/", views.definitions, name="definitions"),
    path("reports/time-saved/", survey_views.results, name="time-saved"),
    path("my/time-saved/", survey_views.survey, name="survey"),
    path("reports/stored/", stored_views.stored_list, name="stored-list"),
    path("reports/stored/<int:pk>/", stored_views.stored, name="stored"),
    path("reports/stored/<int:pk>/progress/", stored_views.stored_progress, name="stored-progress"),
    path("reports/stored/<int:pk>/check/", stored_views.stored_check, name="stored-check"),
    path("reports/stored/<int:pk>/evidence/", evidence_views.evidence, name="evidence"),
    path("reports/stored/<int:pk>/<str:form>/", stored_views.stored_file, name="stored-file"),
    path("reports/saved/", stored_views.saved_list, name="saved-list"),
    path("reports/saved/new/", stored_views.saved_new, name="saved-new"),
    path("reports/saved/<int:pk>/", stored_views.saved_change, name="saved-change"),
    path("reports/saved/<int:pk>/end/", stored_views.saved_end, name="saved-end"),
    path("reports/transparency/", transparency_views.transparency_switch_page, name="transparency-switch"),
    path("transparency/", transparency_views.transparency, name="transparency"),
    path("transparency.json", transparency_views.transparency_json, name="transparency-json"),
    path("records/", records_views.bundle_list, name="bundles"),
    path("records/new/", records_views.bundle_new, name="bundle-new"),
    path("records/<int:pk>/", records_views.bundle, name="bundle"),
    path("records/<int:pk>/progress/", records_views.bundle_progress, name="bundle-progress"),
    path("records/<int:pk>/file/", records_views.bundle_file, name="bundle-file"),
    path("reports/<str:kind>/keep/", stored_views.store, name="store"),
    path("reports/<str:kind>/chart/<str:key>/", views.chart, name="chart"),
    path("reports/<str:kind>/file/<str:form>/", views.report_file, name="file"),
]
