from django.urls import path

from apps.console import audit_views as views

app_name = "audit"
urlpatterns = [
    path("", views.event_list, name="events"),
    path("chain/", views.chain, name="chain"),
    path("verify/", views.verify, name="verify"),
    path("<int:pk>/", views.event_detail, name="event"),
]
