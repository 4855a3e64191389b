"""The visit: one page, one request; and its summary on paper."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from clinik import audit
from encounters import banner
from encounters.models import Encounter
from records.chart import VisitPage, load_visit
from records.views.adding import Adder, Adding

DIAGNOSES = "encounters/_diagnoses.html"
ADDERS: dict[str, Adder] = {}


@dataclass(frozen=True)
class Part:
    """One section of the page: its template and what that reads."""

    template: str
    section: Any = None
    adding: Adding | None = None


@require_GET
@permission_required("encounters.view_encounter", raise_exception=True)
def encounter_detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The visit's page; `?add=note` opens that section's form, `?all=notes` shows every row."""
    encounter = the_visit(request, pk)
    audit.record_view(encounter, by=request.user)
    page = load_visit(encounter, request.user, show_all=request.GET.get("all", ""))
    context = {
        "encounter": encounter,
        "patient": encounter.patient,
        "banner": banner.for_patient(encounter.patient, request.user),
        "page": page,
        "parts": _parts(request, encounter, page),
    }
    return render(request, "records/encounter_detail.html", context)


@require_GET
@permission_required("encounters.view_encounter", raise_exception=True)
def encounter_print(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The visit on paper."""
    encounter = the_visit(request, pk)
    return HttpResponse(status=204)


def the_visit(request: HttpRequest, pk: uuid.UUID) -> Encounter:
    """The visit with the people it names, or 404."""
    visits = Encounter.objects.visible_to(request.user)
    people = ("patient", "patient__merged_into", "practitioner", "part_of")
    return get_object_or_404(visits.select_related(*people), pk=pk)


def _parts(request: HttpRequest, encounter: Encounter, page: VisitPage) -> list[Part]:
    """The sections in the order of the page; the one that is asked for has its form open."""
    asked = request.GET.get("add", "")
    parts = []
    for section in page.sections:
        adder = ADDERS.get(section.kind)
        if adder is None:
            continue
        adding = None
        if section.can_add and asked == section.kind:
            adding = adder.start(encounter, request.user, request.GET)
        parts.append(Part(adder.template, section, adding))
    if page.diagnoses is not None:
        parts.insert(1, Part(DIAGNOSES))
    return parts
