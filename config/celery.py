"""The Celery application. Messages are doorbells: they carry no work, only that there is some."""

from celery import Celery

app = Celery("beacon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="usage_tasks")
