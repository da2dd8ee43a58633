from django.urls import path

from apps.registers import views

app_name = "registers"
urlpatterns = [
    path("registers/", views.register_list, name="registers"),
    path("registers/imports/", views.import_list, name="imports"),
    path("registers/imports/new/", views.import_new, name="import-new"),
    path("registers/imports/<int:pk>/", views.import_detail, name="import"),
    path("registers/imports/<int:pk>/progress/", views.import_progress, name="import-progress"),
    path("registers/imports/<int:pk>/apply/", views.import_apply, name="import-apply"),
    path("registers/imports/<int:pk>/discard/", views.import_discard, name="import-discard"),
    path("registers/<str:slug>/export/people/<str:form>/", views.people_export, name="people-export"),
    path("registers/<str:slug>/export/<str:form>/", views.register_export, name="export"),
]
