from django.urls import path

from apps.licenses import api

app_name = "api"
urlpatterns = [
    path("me/", api.me, name="me"),
    path("requests/", api.request_list, name="requests"),
    path("requests/decide/", api.decide, name="decide"),
    path("stops/", api.stop_list, name="stops"),
    path("ledger/", api.ledger_list, name="ledger"),
    path("charge-back/", api.charge_back, name="charge-back"),
]
