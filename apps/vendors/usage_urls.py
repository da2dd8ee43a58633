from django.urls import path

from apps.vendors import usage_views as views

app_name = "usage"
urlpatterns = [
    path("usage/", views.overview, name="overview"),
    path("usage/imports/", views.import_list, name="imports"),
    path("usage/imports/new/", views.import_new, name="import-new"),
    path("usage/imports/<int:pk>/", views.import_detail, name="import"),
    path("usage/imports/<int:pk>/apply/", views.import_apply, name="import-apply"),
    path("usage/imports/<int:pk>/discard/", views.import_discard, name="import-discard"),
    path("my/use/", views.mine, name="mine"),
]
