from django.urls import path

from apps.agencies import roster_views, views

app_name = "agencies"
urlpatterns = [
    path("agencies/", views.agency_list, name="agencies"),
    path("agencies/<str:code>/contacts/new/", views.contact_add, name="contact-add"),
    path("contacts/<int:pk>/end/", views.contact_end, name="contact-end"),
    path("people/", views.people_list, name="people"),
    path("imports/", roster_views.run_list, name="runs"),
    path("imports/new/", roster_views.upload, name="upload"),
    path("imports/<int:pk>/", roster_views.run_detail, name="run"),
    path("imports/<int:pk>/progress/", roster_views.run_progress, name="run-progress"),
    path("imports/<int:pk>/confirm/", roster_views.run_confirm, name="run-confirm"),
    path("imports/<int:pk>/release/", roster_views.run_release, name="run-release"),
    path("imports/<int:pk>/discard/", roster_views.run_discard, name="run-discard"),
]
