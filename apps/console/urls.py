from django.urls import path, re_path

from apps.console import stop_views, views

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("agencies/<str:code>/", views.agency, name="agency"),
    path("people/<int:pk>/", views.person, name="person"),
    path("stops/", stop_views.stop_list, name="stops"),
    re_path(r"^stops/new/(?P<scope>person|agency|phase|everyone)/$", stop_views.stop_new, name="stop-new"),
    path("stops/<int:pk>/", stop_views.stop_detail, name="stop"),
    path("stops/<int:pk>/progress/", stop_views.stop_progress_part, name="stop-progress"),
    path("stops/<int:pk>/lift/", stop_views.stop_lift, name="stop-lift"),
]
