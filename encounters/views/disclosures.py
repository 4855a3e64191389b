"""What of a record went out of the clinic: the accounting, and a line more or less in it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinik import audit
from clinik.forms import already_made, once
from clinik.pages import acted
from encounters.banner import for_patient
from encounters.disclosures import (
    MOST,
    YEARS,
    accounting,
    enter_disclosure_in_error,
    offered,
    record_disclosure,
    since,
)
from encounters.forms.disclosures import DisclosureErrorForm, DisclosureForm
from encounters.models import Disclosure, Patient

_MAY = permission_required("encounters.add_disclosure", raise_exception=True)


def _patient(request: HttpRequest, pk: UUID) -> Patient:
    people = Patient.objects.visible_to(request.user).select_related("merged_into")
    return get_object_or_404(people, pk=pk).survivor


@require_GET
@permission_required("encounters.view_chart", raise_exception=True)
def patient_disclosures(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The accounting of disclosures, which a patient may ask for, as a list to print."""
    patient = _patient(request, pk)
    audit.record_view(patient, by=request.user)
    rows = accounting(patient, request.user)
    context = {
        "patient": patient,
        "banner": for_patient(patient, request.user),
        "rows": [row for row in rows[:MOST] if not row.is_in_error],
        "wrong": [row for row in rows[:MOST] if row.is_in_error],
        "more": len(rows) > MOST,
        "since": since(),
        "years": YEARS,
    }
    return render(request, "encounters/patient_disclosures.html", context)


@require_http_methods(["GET", "POST"])
@_MAY
def disclosure_add(request: HttpRequest, patient_pk: UUID) -> HttpResponse:
    patient = _patient(request, patient_pk)
    form = DisclosureForm(
        request.POST if request.method == "POST" else None,
        patient=patient,
        offered=offered(patient),
    )
    if form.is_bound and form.is_valid() and _added(form, patient, request):
        messages.success(request, _("Written down."))
        return redirect("encounters:patient_disclosures", patient.pk)
    if not form.is_bound:
        audit.record_view(patient, by=request.user)
    context = {"patient": patient, "banner": for_patient(patient, request.user), "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "encounters/disclosure_add.html", context, status=status)


_SAID = ("at", "recipient", "recipient_address", "what", "purpose", "why", "means", "event")


def _added(form: DisclosureForm, patient: Patient, request: HttpRequest) -> bool:
    """Make the disclosure once; False with the reason on the form."""
    said = {name: form.cleaned_data[name] for name in _SAID}
    owners = {"by_id": request.user.pk, "patient_id": patient.pk}
    return acted(
        form,
        lambda: once(
            lambda: already_made(Disclosure, form.row_id, owners=owners, same=said),
            lambda: record_disclosure(patient, by=request.user, id=form.row_id, **said),
        ),
    )


@require_http_methods(["GET", "POST"])
@_MAY
def disclosure_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a line out of the accounting, saying why; it is kept, and shown as wrong."""
    visible = Disclosure.objects.visible_to(request.user)
    row = get_object_or_404(visible.select_related("patient__merged_into", "by"), pk=pk)
    patient = row.patient.survivor
    if row.is_in_error:
        return redirect("encounters:patient_disclosures", patient.pk)
    form = DisclosureErrorForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_bound and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("reason", "version")}
        if acted(form, lambda: enter_disclosure_in_error(row, by=request.user, **said)):
            messages.success(request, _("Entered in error."))
            return redirect("encounters:patient_disclosures", patient.pk)
    if not form.is_bound:
        audit.record_view(row, by=request.user)
    context = {
        "patient": patient,
        "banner": for_patient(patient, request.user),
        "form": form,
        "row": row,
    }
    status = 422 if form.is_bound else 200
    return render(request, "encounters/disclosure_error.html", context, status=status)
