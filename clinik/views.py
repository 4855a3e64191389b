"""Pages that belong to no app: what is said when something went wrong.

They must be able to answer when the database cannot, so they are rendered without asking it
anything: no user, no messages.
"""

from django.http import HttpRequest, HttpResponse
from django.template import loader


def _plain(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    page = loader.get_template(template).render({"request": request, **context})
    return HttpResponse(page, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before the login was renewed: say so, instead of "forbidden"."""
    return _plain(request, "403_csrf.html", 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """An error of ours; the page bears the id that the log bears."""
    return _plain(request, "500.html", 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database does not answer, or the audit trail cannot be written: nothing was done."""
    return _plain(request, "503.html", 503)


def conflict(request: HttpRequest, words: str) -> HttpResponse:
    """Somebody was quicker, and the page has no form to show it in."""
    return _plain(request, "409.html", 409, words=words)
