from django.urls import path

from apps.incidents import api

app_name = "incidents-api"
urlpatterns = [
    path("incidents/", api.incident_list, name="incidents"),
]
