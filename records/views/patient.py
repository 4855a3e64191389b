"""The patient's page, and who did what on the chart."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clinik import audit, keyset
from encounters import banner
from encounters.amendments import newest_of
from encounters.models import Patient
from encounters.patients import guardians
from encounters.views.alerts import alerts_context
from encounters.views.allergies import section_context
from encounters.views.problems import problems_context
from records.patient_page import load_patient_page
from records.patient_timeline import Place, load_patient_timeline


@require_GET
@permission_required("encounters.view_patient", raise_exception=True)
def patient_detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The patient; an entry that was merged leads to the one it was merged into."""
    people = Patient.objects.visible_to(request.user)
    patient = get_object_or_404(people.select_related("merged_into", "general_practitioner"), pk=pk)
    if patient.merged_into is not None:
        said = {"old": patient.number, "name": patient.merged_into.name}
        messages.info(request, _("%(old)s was merged into %(name)s.") % said)
        return redirect("records:patient_detail", pk=patient.merged_into_id)
    audit.record_view(patient, by=request.user)
    page = load_patient_page(
        patient,
        request.user,
        visits=keyset.Cursor.read(request.GET.get("visits", "")),
        notes=keyset.Cursor.read(request.GET.get("notes", "")),
    )
    context = {
        "patient": patient,
        "banner": banner.for_patient(patient, request.user),
        "page": page,
        "guardians": guardians(patient),
        **alerts_context(patient, request.user),
    }
    if page.chart:
        context |= problems_context(patient, request.user)
        context["amendments"] = newest_of(patient, request.user)
    if request.user.has_perm("encounters.view_allergy"):
        context |= section_context(patient, request)
    return render(request, "records/patient_detail.html", context)


@require_GET
@permission_required("encounters.view_encounter", raise_exception=True)
def patient_timeline(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Who did what when, of all entries of the person; who only looked is on another page."""
    people = Patient.objects.visible_to(request.user)
    patient = get_object_or_404(people.select_related("merged_into"), pk=pk)
    if patient.merged_into_id is not None:
        return redirect("records:patient_timeline", pk=patient.merged_into_id)
    audit.record("patient.view_timeline", patient, by=request.user, action="R")
    place = Place.read(request.GET)
    context = {
        "patient": patient,
        "banner": banner.for_patient(patient, request.user),
        "timeline": load_patient_timeline(patient, request.user, place),
        "newest": place == Place(),
    }
    return render(request, "records/patient_timeline.html", context)
