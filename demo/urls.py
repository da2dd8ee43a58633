from config.urls import urlpatterns as console_urls

urlpatterns = [*console_urls]
