from django.urls import path, re_path

from apps.licenses import hold_views, owing_views, reclaim_views, seat_views, views

app_name = "licenses"
urlpatterns = [
    path("requests/", views.request_list, name="requests"),
    path("requests/check/", views.decide_check, name="decide-check"),
    path("requests/decide/", views.decide, name="decide"),
    path("requests/<int:pk>/", views.request_detail, name="request"),
    path("requests/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("seat/ask/", views.ask, name="ask"),
    path("seat/hand-back/", views.hand_back, name="hand-back"),
    path("seat/decline/", views.decline, name="decline"),
    path("seats/", seat_views.seat_list, name="seats"),
    path("seats/<int:pk>/", seat_views.seat_detail, name="seat"),
    re_path(r"^seats/(?P<pk>\d+)/(?P<verb>suspend|restore|revoke)/$", seat_views.seat_move, name="seat-move"),
    path("owing/", owing_views.owing_list, name="owing"),
    path("owing/remind/", owing_views.owing_remind, name="owing-remind"),
    path("training/coverage/", owing_views.coverage, name="training-coverage"),
    path("terms/progress/", owing_views.progress, name="terms-progress"),
    path("holds/", hold_views.hold_list, name="holds"),
    path("holds/<int:pk>/end/", hold_views.hold_end, name="hold-end"),
    path("people/<int:pk>/hold/", hold_views.hold_new, name="hold-new"),
    path("seat/keep/", reclaim_views.keep, name="seat-keep"),
    path("seat/return/", reclaim_views.bring_back, name="seat-return"),
    path("unused-seats/", reclaim_views.run_list, name="reclaim-runs"),
    path("unused-seats/<int:pk>/", reclaim_views.run_detail, name="reclaim-run"),
    path("unused-seats/<int:pk>/confirm/", reclaim_views.run_confirm, name="reclaim-confirm"),
    path("unused-seats/<int:pk>/discard/", reclaim_views.run_discard, name="reclaim-discard"),
    path("contracts/<int:pk>/unused-seats/", reclaim_views.policy, name="reclaim-policy"),
    path("contracts/", seat_views.contract_list, name="contracts"),
    path("contracts/new/", seat_views.contract_new, name="contract-new"),
    path("contracts/<int:pk>/amend/", seat_views.contract_amend, name="contract-amend"),
]
