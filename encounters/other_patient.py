"""A form filled for one patient and sent to another's page is not found; this says it in words.

Views fetch whom their address names and validate the form; the form raises OtherPatient. Only here
is it asked whether the reader may see the other one too. If so, the 404 names both and gives back
what was typed; else it is the page of whatever does not exist.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clinik.forms import OtherPatient
from clinik.pages import wants_fragment
from encounters.models import Patient


class OtherPatientMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OtherPatient):
            return None
        both = (error.sent, error.here.pk)
        found = Patient.objects.visible_to(request.user).in_bulk(both)
        return _refusal(request, found[error.sent], error) if len(found) == len(both) else None


def _refusal(request: HttpRequest, other: Patient, error: OtherPatient) -> HttpResponse:
    """The whole page; for a script the bare words, which it puts over a form that it leaves."""
    words = _("This form was filled for %(sent)s, but the page is about %(here)s. Not saved.")
    said = words % {"sent": other, "here": error.here}
    if request.headers.get("X-Requested-With") == "fetch":
        return JsonResponse({"error": said}, status=404)
    if wants_fragment(request):
        return HttpResponse(said, status=404, content_type="text/plain; charset=utf-8")
    people: list[Any] = [other, error.here]
    context = {"words": said, "typed": error.typed, "people": people}
    return render(request, "encounters/other_patient.html", context, status=404)
