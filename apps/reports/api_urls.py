from django.urls import path

from apps.reports import api

app_name = "reports-api"
urlpatterns = [
    path("reports/adoption/", api.adoption, name="adoption"),
    path("reports/compliance/", api.compliance, name="compliance"),
    path("stored-reports/", api.stored_list, name="stored-list"),
    path("stored-reports/<int:pk>/", api.stored_detail, name="stored"),
]
