from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [path("sign-out/", views.sign_out, name="sign-out")]
