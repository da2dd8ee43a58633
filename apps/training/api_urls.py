from django.urls import path

from apps.training import api

app_name = "training-api"
urlpatterns = [
    path("training/completions/", api.completion_list, name="completions"),
]
