from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    return HttpResponse("sign in")
