"""The console's addresses and the one that exists only in the demo: signing in as the cast."""

from django.urls import include, path

from config.urls import urlpatterns as console_urls
from demo import views

demo_urls = ([path("sign-in/", views.sign_in, name="sign_in")], "demo")
urlpatterns = [path("demo/", include(demo_urls)), *console_urls]
