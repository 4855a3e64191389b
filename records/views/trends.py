"""A sign or laboratory test of a patient over time."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from clinik import audit
from encounters import banner
from encounters.models import Patient
from records.trends import load_trend, sign_name


@require_GET
@permission_required("encounters.view_chart", raise_exception=True)
def patient_trend(request: HttpRequest, pk: uuid.UUID, sign: str) -> HttpResponse:
    if not sign_name(sign):
        raise Http404
    people = Patient.objects.visible_to(request.user)
    patient = get_object_or_404(people.select_related("merged_into"), pk=pk)
    audit.record_view(patient, by=request.user)
    context = {
        "patient": patient,
        "banner": banner.for_patient(patient, request.user),
        "trend": load_trend(patient, request.user, sign),
    }
    return render(request, "records/patient_trend.html", context)
