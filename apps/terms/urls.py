from django.urls import path

from apps.terms import views

app_name = "terms"
urlpatterns = [
    path("terms/", views.current, name="current"),
    path("terms/versions/", views.version_list, name="versions"),
    path("terms/versions/new/", views.version_draft, name="draft"),
    path("terms/versions/<int:number>/", views.version_detail, name="version"),
    path("terms/versions/<int:number>/edit/", views.version_edit, name="edit"),
    path("terms/versions/<int:number>/publish/", views.version_publish, name="publish"),
]
