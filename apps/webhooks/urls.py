from django.urls import path

from apps.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("access/webhooks/", views.subscription_list, name="subscriptions"),
    path("access/webhooks/new/", views.subscription_new, name="subscription-new"),
    path("access/webhooks/<int:pk>/", views.subscription_detail, name="subscription"),
    path("access/webhooks/<int:pk>/change/", views.subscription_revise, name="revise"),
    path("access/webhooks/<int:pk>/test/", views.subscription_test, name="test"),
    path("access/webhooks/<int:pk>/pause/", views.subscription_pause, name="pause"),
    path("access/webhooks/<int:pk>/resume/", views.subscription_resume, name="resume"),
    path("access/webhooks/<int:pk>/end/", views.subscription_end, name="end"),
    path("access/webhooks/<int:pk>/secret/", views.secret_rotate, name="secret"),
    path("access/webhooks/<int:pk>/replay/", views.deliveries_replay, name="replay"),
    path("access/webhooks/<int:pk>/deliveries/", views.delivery_list, name="deliveries"),
    path("access/webhooks/deliveries/<int:pk>/", views.delivery_detail, name="delivery"),
    path("access/webhooks/deliveries/<int:pk>/replay/", views.delivery_replay, name="delivery-replay"),
]
