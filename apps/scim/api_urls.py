from django.urls import path

from apps.scim import views

app_name = "scim-api"
urlpatterns = [
    path("", views.endpoint, {"path": ""}, name="root"),
    path("<path:path>", views.endpoint, name="endpoint"),
]
