"""Pages that belong to no app: errors, and the health of the process."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before the login was renewed: say so, instead of "forbidden"."""
    return render(request, "403_csrf.html", status=403)
