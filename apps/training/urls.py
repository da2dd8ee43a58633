from django.urls import path

from apps.training import import_views, views

app_name = "training"
urlpatterns = [
    path("training/", views.overview, name="overview"),
    path("training/courses/new/", views.course_new, name="course-new"),
    path("training/courses/<str:code>/", views.course_detail, name="course"),
    path("training/courses/<str:code>/edit/", views.course_edit, name="course-edit"),
    path("training/waivers/", views.waiver_list, name="waivers"),
    path("training/waivers/<int:pk>/end/", views.waiver_end, name="waiver-end"),
    path("training/imports/", import_views.import_list, name="imports"),
    path("training/imports/new/", import_views.import_new, name="import-new"),
    path("training/imports/<int:pk>/", import_views.import_detail, name="import"),
    path("training/imports/<int:pk>/match/", import_views.import_match, name="import-match"),
    path("training/imports/<int:pk>/apply/", import_views.import_apply, name="import-apply"),
    path("training/imports/<int:pk>/discard/", import_views.import_discard, name="import-discard"),
    path("people/<int:pk>/waive-course/", views.waiver_new, name="waiver-new"),
]
