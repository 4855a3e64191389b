"""The page that says a patient died: offered after a visit that ended so, and from the register."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinik import audit
from clinik.pages import add_errors
from clinik.transitions import StaleVersion, TransitionError
from encounters.banner import for_patient
from encounters.deceased import say_deceased
from encounters.forms.deceased import DeceasedForm
from encounters.models import Patient


@require_http_methods(["GET", "POST"])
@permission_required(
    ["encounters.change_patient", "encounters.cancel_encounter"], raise_exception=True
)
def patient_deceased(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """When they died, and the planned visits to cancel; a merged entry leads to the other one."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    if patient.merged_into_id:
        return redirect("encounters:patient_deceased", patient.merged_into_id)
    form = DeceasedForm(request.POST if request.method == "POST" else None, instance=patient)
    if not form.is_bound:
        audit.record_view(patient, by=request.user)
    elif form.is_valid():
        try:
            say_deceased(
                patient,
                by=request.user,
                version=form.base_version,
                at=form.cleaned_data["deceased_at"],
                cancelled=form.cleaned_data.get("cancelled", ()),
            )
        except TransitionError as error:
            form.add_error("cancelled", str(error))
        except (ValidationError, StaleVersion) as error:
            add_errors(form, error)
        else:
            messages.success(request, _("%s is marked as deceased.") % patient)
            return redirect("records:patient_detail", patient.pk)
    context = {"patient": patient, "banner": for_patient(patient, request.user), "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "encounters/patient_deceased.html", context, status=status)
