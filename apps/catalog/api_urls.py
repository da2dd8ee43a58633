from django.urls import path

from apps.catalog import api

app_name = "catalog-api"
urlpatterns = [
    path("use-cases/", api.case_list, name="cases"),
    path("use-cases/<int:pk>/", api.case_one, name="case"),
    path("use-cases/<int:pk>/adopt/", api.case_adopt, name="adopt"),
]
