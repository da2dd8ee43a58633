from django.urls import path

from apps.scim import views

app_name = "scim"
urlpatterns = [
    path("connections/scim/", views.overview, name="overview"),
]
