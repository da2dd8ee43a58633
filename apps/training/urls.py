from django.urls import path

from apps.training import views

app_name = "training"
urlpatterns = [
    path("training/", views.overview, name="overview"),
    path("training/courses/new/", views.course_new, name="course-new"),
    path("training/imports/", views.import_list, name="imports"),
    path("training/imports/new/", views.import_new, name="import-new"),
    path("training/imports/<int:pk>/", views.import_detail, name="import"),
    path("people/<int:pk>/waive-course/", views.waiver_new, name="waiver-new"),
]
