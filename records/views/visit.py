"""The visit: one page, one request; and its summary on paper."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from clinik import audit
from encounters import banner
from encounters.forms.diagnoses import DiagnosisForm
from encounters.models import Encounter
from records.chart import VisitPage, load_visit
from records.print_sheet import load_sheet
from records.views.adding import Adding
from records.views.start import start_adding


@dataclass(frozen=True)
class Part:
    """One section of the page: its template and what that reads."""

    template: str
    section: Any = None


@require_GET
@permission_required("encounters.view_encounter", raise_exception=True)
def encounter_detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The visit's page; `?add=note` opens that section's form, `?all=note` shows all its rows."""
    encounter = the_visit(request, pk)
    audit.record_view(encounter, by=request.user)
    page = load_visit(encounter, request.user, show_all=request.GET.get("all", ""))
    context = {
        "encounter": encounter,
        "patient": encounter.patient,
        "banner": banner.for_patient(encounter.patient, request.user),
        "page": page,
        "parts": _parts(page),
        "adding": _adding(request, encounter, page),
        "diagnoses": page.diagnoses,
    }
    return render(request, "records/encounter_detail.html", context)


@require_GET
@permission_required("encounters.view_encounter", raise_exception=True)
def encounter_print(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The visit on paper: every row once."""
    encounter = the_visit(request, pk)
    audit.record("encounter.print", encounter, by=request.user, action="R")
    context = {
        "encounter": encounter,
        "patient": encounter.patient,
        "banner": banner.for_patient(encounter.patient, request.user),
        "sheet": load_sheet(encounter, request.user),
    }
    return render(request, "records/encounter_print.html", context)


def the_visit(request: HttpRequest, pk: uuid.UUID) -> Encounter:
    """The visit with the people it names, or 404."""
    visits = Encounter.objects.visible_to(request.user)
    people = ("patient", "patient__merged_into", "practitioner", "part_of", "hospitalization")
    return get_object_or_404(visits.select_related(*people), pk=pk)


def _parts(page: VisitPage) -> list[Part]:
    """The sections in the order of the page: vitals, diagnoses, then what was written."""
    parts = [Part(section.template, section) for section in page.sections]
    if page.diagnoses is not None:
        parts.insert(1, Part("encounters/_diagnoses.html"))
    return parts


def _adding(request: HttpRequest, encounter: Encounter, page: VisitPage) -> Adding | None:
    """The form that is asked for; nobody gets one of a section that they do not see."""
    asked = request.GET.get("add", "")
    if asked == "diagnosis" and page.diagnoses is not None and page.diagnoses.can_add:
        url = reverse("encounters:diagnosis_add", args=[encounter.pk])
        return Adding(asked, DiagnosisForm(encounter=encounter), url)
    return start_adding(request, encounter, asked) if asked and page.sections else None
