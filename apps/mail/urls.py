from django.urls import path

from apps.mail import views

app_name = "mail"
urlpatterns = [
    path("mail/", views.message_list, name="messages"),
    path("mail/<int:pk>/", views.message_detail, name="message"),
    path("mail/<int:pk>/retry/", views.message_retry, name="message-retry"),
    path("mail/suppressed/", views.suppression_list, name="suppressions"),
    path("mail/suppressed/<int:pk>/lift/", views.suppression_lift, name="suppression-lift"),
    path("my/mail/", views.preferences, name="preferences"),
]
