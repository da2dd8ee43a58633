from django.urls import path

from apps.rollout import views

app_name = "rollout"
urlpatterns = [
    path("phases/", views.phase_list, name="phases"),
    path("phases/new/", views.phase_new, name="phase-new"),
    path("phases/<int:number>/", views.phase_detail, name="phase"),
    path("phases/<int:number>/edit/", views.phase_edit, name="phase-edit"),
    path("phases/<int:number>/agencies/new/", views.place_add, name="place-add"),
    path("phases/<int:number>/sign/", views.phase_sign, name="phase-sign"),
    path("phases/<int:number>/waive/<slug:gate>/", views.waiver_new, name="waiver-new"),
    path("phases/<int:number>/<slug:verb>/", views.phase_move, name="phase-move"),
    path("allocations/<int:pk>/", views.place_allocate, name="place-allocate"),
    path("allocations/<int:pk>/attest/", views.place_attest, name="place-attest"),
    path("waivers/<int:pk>/confirm/", views.waiver_confirm, name="waiver-confirm"),
]
