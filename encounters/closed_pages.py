"""A page of a chart that is closed to the reader is not found; this middleware says why.

Views fetch through `.visible_to(user)` and answer 404 without knowing more. Only then is it asked
whose page it would have been: a page leads to the question why the chart is needed, a form that was
sent is told that nothing was saved and how to go on.
"""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clinik import refusals
from clinik.pages import wants_fragment
from encounters.models import Patient
from encounters.models.closed import CHART, closed_to
from encounters.person_tables import tables_of_patients


class ClosedChartMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 404 or request.resolver_match is None:
            return response
        user: Any = getattr(request, "user", None)
        if user is None or not user.is_authenticated or not user.has_perm(CHART):
            return response
        patient = _closed_patient(request, user)
        return response if patient is None else _answer(request, response, patient)


def _answer(request: HttpRequest, response: HttpResponse, patient: uuid.UUID) -> HttpResponse:
    page = reverse("encounters:patient_access", args=[patient])
    if request.method not in ("GET", "HEAD"):
        if wants_fragment(request):
            return response
        return render(request, "encounters/access_needed.html", {"page": page}, status=404)
    here = f"{page}?{urlencode({'next': request.get_full_path()})}"
    if wants_fragment(request):
        response.headers["HX-Redirect"] = page
        return response
    # The refusal goes into the trail, as it would have without this page.
    refusals.write_down(request, response)
    return HttpResponseRedirect(here)


def _closed_patient(request: HttpRequest, user: Any) -> uuid.UUID | None:
    """The patient whom the address names, or whose row it names, if the chart is closed."""
    assert request.resolver_match is not None
    keys = [key for key in request.resolver_match.kwargs.values() if isinstance(key, uuid.UUID)]
    if not keys:
        return None
    own = Patient.objects.order_by().filter(pk__in=keys).values_list("pk")
    rows = (
        model._default_manager.order_by().filter(pk__in=keys).values_list("patient")
        for model in tables_of_patients()
    )
    people = {row[0] for row in own.union(*rows)}
    closed: uuid.UUID | None = (
        closed_to(user).filter(pk__in=people).values_list("pk", flat=True).first()
        if people
        else None
    )
    return closed
