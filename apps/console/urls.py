from django.urls import path

from apps.console import views

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("agencies/<str:code>/", views.agency, name="agency"),
    path("people/<int:pk>/", views.person, name="person"),
]
