from django.urls import path

from apps.terms import api

app_name = "terms-api"
urlpatterns = [
    path("terms/versions/", api.version_list, name="versions"),
    path("terms/acceptances/", api.acceptance_list, name="acceptances"),
]
