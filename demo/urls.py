"""The console's addresses and the one that exists only in the demo: signing in as the cast."""

from django.urls import path

from config.urls import urlpatterns as console_urls
from demo import views

app_name = "demo"
demo_urls = ([path("demo/sign-in/", views.sign_in, name="sign_in")], "demo")
urlpatterns = [path("", __import__("django.urls").urls.include(demo_urls)), *console_urls]
