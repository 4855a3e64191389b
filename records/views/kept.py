"""What an import brought for a patient beyond what is modelled."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from clinik import audit
from clinik.pages import number_in
from encounters import banner
from encounters.models import Patient
from records.kept import kinds_of, page_of_kept


@require_GET
@permission_required("encounters.view_chart", raise_exception=True)
def patient_kept(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The list, of all kinds or of one (`?kind=Procedure`), to read only."""
    people = Patient.objects.visible_to(request.user)
    patient = get_object_or_404(people.select_related("merged_into"), pk=pk)
    audit.record("patient.view_kept", patient, by=request.user, action="R")
    kinds = kinds_of(patient, request.user)
    asked = request.GET.get("kind", "")
    kind = next((name for name, _number in kinds if name == asked), "")
    context = {
        "patient": patient,
        "banner": banner.for_patient(patient, request.user),
        "kinds": kinds,
        "kind": kind,
        "page": page_of_kept(
            patient, request.user, kind=kind, after=number_in(request.GET.get("after", ""))
        ),
    }
    return render(request, "records/patient_kept.html", context)
