from django.urls import path

from apps.webhooks import api

app_name = "webhooks-api"
urlpatterns = [path("changes/", api.change_list, name="changes")]
