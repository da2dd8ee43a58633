"""The console's addresses and two floors: an empty signed-in page, and fifty rows in plain markup."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from apps.licenses.models import Seat
from demo.urls import urlpatterns as all_urls

_ROWS = engines["django"].from_string(
    "{% extends 'base.html' %}{% block content %}<table>{% for s in seats %}<tr><th>{{ s.employee.last_name }},"
    " {{ s.employee.first_name }}</th><td>{{ s.agency.name }}</td><td>{{ s.get_state_display }}</td><td>{{ s.reason_label }}"
    "</td><td>{{ s.changed_at }}</td><td>{{ s.changed_by }}</td></tr>{% endfor %}</table>{% endblock %}"
)


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string("{% extends 'base.html' %}").render({}, request))


def rows(request: HttpRequest) -> HttpResponse:
    seats = Seat.objects.select_related("employee", "agency", "phase").order_by("-changed_at", "pk")
    return HttpResponse(_ROWS.render({"seats": seats[:50], "count": seats.count()}, request))


urlpatterns = [path("bench/empty/", empty), path("bench/rows/", rows), *all_urls]
