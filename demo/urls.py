"""The console's addresses and those that exist only in the demo: signing in as the cast, and what was mailed."""

from django.urls import include, path

from config.urls import urlpatterns as console_urls
from demo import mail, views

demo_urls = (
    [
        path("sign-in/", views.sign_in, name="sign_in"),
        path("mail/", mail.mail, name="mail"),
        path("mail/<int:pk>/", mail.mail_html, name="mail-html"),
    ],
    "demo",
)
urlpatterns = [path("demo/", include(demo_urls)), *console_urls]
