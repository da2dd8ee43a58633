from django.urls import path

from apps.scim import views

app_name = "scim"
urlpatterns = [
    path("scim/v2/", views.endpoint, {"path": ""}, name="root"),
    path("scim/v2/<path:path>", views.endpoint, name="endpoint"),
    path("connections/scim/", views.overview, name="overview"),
]
