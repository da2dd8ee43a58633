from django.urls import path

from apps.api import docs_views

app_name = "interface"
urlpatterns = [path("developers/", docs_views.docs, name="docs")]
