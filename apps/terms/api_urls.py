from django.urls import path

from apps.terms import api

app_name = "terms-api"
urlpatterns = [
    path("terms/acceptances/", api.acceptance_list, name="acceptances"),
]
