"""Prescriptions: write, change a draft, and the steps of its life."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinik import audit
from clinik.forms import already_made, once
from clinik.pages import add_errors, key_in, next_url
from clinik.transitions import StaleVersion, TransitionError
from encounters.banner import for_patient
from encounters.models import Encounter, Patient
from records.drug_warnings import named, warnings_for
from records.forms.prescriptions import (
    PrescriptionEditForm,
    PrescriptionForm,
    StepForm,
    reading_of,
)
from records.medications import facts_for, prescribed_before
from records.models import Prescription
from records.prescriptions import (
    STEPS,
    add_prescription,
    allowed_verbs,
    change_prescription,
    take_step,
)
from records.recording import is_author, practitioner_of
from records.sections import PrescriptionsSection
from records.views.adding import Adder, add_view, added, page_of, visit_for_chart

METHODS = ["GET", "HEAD", "POST"]


def _form(
    encounter: Encounter, user: Any, data: QueryDict | None, query: QueryDict
) -> PrescriptionForm:
    wanted = (data.get("renews", "") if data is not None else query.get("renew", "")).strip()
    return PrescriptionForm(
        data,
        patient=encounter.patient,
        renewed=_renewed(encounter.patient, wanted, user) if wanted else None,
        prescribes=user.has_perm("records.prescribe"),
        suggested=encounter.practitioner,
    )


def _renewed(patient: Patient, wanted: str, user: Any) -> Prescription:
    """The prescription of this patient that is to be renewed, or 404."""
    found = Prescription.objects.visible_to(user).of_patient(patient).listed()
    return get_object_or_404(found, pk=key_in(wanted))


def _more(encounter: Encounter, user: Any, form: Any) -> Mapping[str, Any]:
    """What is known of allergies, and what stands against the medication typed so far."""
    medication = str(form["medication_text"].value() or "")
    renewed = form.renewed.pk if form.renewed else None
    return {
        "warnings": warnings_for(encounter.patient, medication, but=renewed),
        "facts": facts_for(encounter.patient),
    }


def _save(form: PrescriptionForm, encounter: Encounter, user: Any) -> Prescription:
    values = form.values()
    owners = {"encounter_id": encounter.pk, "entered_by_id": user.pk}
    same = {name: values[name] for name in ("medication_text", "dosage_text", "dose", "frequency")}
    other = form.cleaned_data.get("prescriber")
    activate = user.has_perm("records.prescribe") and form.data.get("act") != "draft"
    if activate and other is not None and other.user_id != user.pk:
        raise ValidationError(
            {
                "prescriber": _("Only %(name)s can make it active: save it as a draft.")
                % {"name": other}
            }
        )
    return once(
        lambda: already_made(Prescription, form.row_id, owners=owners, same=same),
        lambda: add_prescription(
            encounter,
            by=user,
            id=form.row_id,
            prescriber=other,
            activate=activate,
            renews=form.renewed,
            **values,
        ),
    )


ADDER = Adder(
    PrescriptionsSection,
    "records:prescription_add",
    _form,
    _save,
    _more,
)


@permission_required("records.add_prescription", raise_exception=True)
@require_http_methods(METHODS)
def prescription_add(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    return add_view(request, visit_for_chart(request, encounter_pk), ADDER)


@permission_required("records.add_prescription", raise_exception=True)
@require_GET
def medication_check(request: HttpRequest, patient_pk: uuid.UUID) -> HttpResponse:
    """What stands against the medication typed so far: a part of the form."""
    if not request.user.has_perm("encounters.view_chart"):
        raise PermissionDenied
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=patient_pk)
    audit.record_view(patient, by=request.user)
    renewed = key_in(_typed(request, "renews"))
    context = {"warnings": warnings_for(patient, _typed(request, "medication_text"), but=renewed)}
    return render(request, "records/_prescription_warnings.html", context)


@permission_required("records.add_prescription", raise_exception=True)
@require_GET
def medication_find(request: HttpRequest) -> HttpResponse:
    """What this clinic has prescribed and the text fits; nothing of any patient."""
    text = _typed(request, "q") or _typed(request, "medication_text")
    rows = prescribed_before(text, practitioner=practitioner_of(request.user))
    return render(request, "records/_medication_results.html", {"rows": rows, "text": text})


@permission_required("records.add_prescription", raise_exception=True)
@require_GET
def dosage_read(request: HttpRequest) -> HttpResponse:
    """A dosage line read back in words: a part of the form."""
    reading = reading_of(_typed(request, "dosage_text"), _typed(request, "start"))
    return render(request, "records/_dosage_reading.html", {"reading": reading})


def _typed(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:500]


def _prescription(request: HttpRequest, pk: uuid.UUID) -> Prescription:
    found = Prescription.objects.visible_to(request.user)
    return get_object_or_404(
        found.select_related("patient", "encounter", "encounter__patient", "author", "entered_by"),
        pk=pk,
    )


@permission_required("records.change_prescription", raise_exception=True)
@require_http_methods(METHODS)
def prescription_edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change a draft."""
    row = _prescription(request, pk)
    if not is_author(row, request.user):
        raise PermissionDenied
    form = PrescriptionEditForm(
        request.POST if request.method == "POST" else None, instance=row, patient=row.patient
    )
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                change_prescription(
                    row,
                    by=request.user,
                    version=form.base_version,
                    prescriber=form.cleaned_data["prescriber"],
                    **form.values(),
                )
            except (ValidationError, TransitionError, StaleVersion) as error:
                add_errors(form, error)
            else:
                return redirect(f"{page_of(row)}#{ADDER.section.anchor}")
        status = 409 if form.conflict else 422
    else:
        audit.record_view(row, by=request.user)
    context = {
        "form": form,
        "row": row,
        "back": page_of(row),
        "steps": [(verb, STEPS[verb].label) for verb in allowed_verbs(row, request.user)],
        "warnings": warnings_for(row.patient, str(form["medication_text"].value() or "")),
        "facts": facts_for(row.patient),
        "banner": for_patient(row.patient, request.user),
    }
    return render(request, "records/prescription_edit.html", context, status=status)


@permission_required("records.change_prescription", raise_exception=True)
@require_http_methods(METHODS)
def prescription_step(request: HttpRequest, pk: uuid.UUID, verb: str) -> HttpResponse:
    """GET asks for the reason, POST takes the step: activate, hold, resume, stop, cancel."""
    if verb not in STEPS:
        raise Http404
    row = _prescription(request, pk)
    if request.method != "POST":
        audit.record_view(row, by=request.user)
        if verb not in allowed_verbs(row, request.user):
            return redirect(page_of(row))
        return _step_page(request, row, verb, StepForm(instance=row, patient=row.patient))
    form = StepForm(request.POST, instance=row, patient=row.patient)
    repeated = row.status == STEPS[verb].to
    if form.is_valid() or (repeated and "patient" in form.cleaned_data):
        try:
            take_step(
                row,
                verb,
                by=request.user,
                reason=form.cleaned_data.get("reason", ""),
                override_reason=form.cleaned_data.get("override_reason", ""),
                version=form.cleaned_data.get("version"),
            )
        except (ValidationError, TransitionError, StaleVersion) as error:
            add_errors(form, error)
        else:
            if "next" in request.GET:
                return redirect(next_url(request, "records:board_today"))
            if row.encounter is not None:
                return added(request, row.encounter, ADDER)
            return redirect(page_of(row))
    return _step_page(request, row, verb, form, status=422)


def _step_page(
    request: HttpRequest, row: Prescription, verb: str, form: StepForm, *, status: int = 200
) -> HttpResponse:
    warnings = None
    if verb == "activate":
        warnings = warnings_for(row.patient, named(row), but=row.renews_id)
        form.fields["override_reason"].initial = row.override_reason
    if not warnings and "override_reason" not in form.errors:
        del form.fields["override_reason"]
    if not STEPS[verb].needs_reason:
        del form.fields["reason"]
    context = {
        "form": form,
        "row": row,
        "verb": verb,
        "step": STEPS[verb],
        "warnings": warnings,
        "back": page_of(row),
        "banner": for_patient(row.patient, request.user),
    }
    return render(request, "records/prescription_step.html", context, status=status)


@require_GET
@permission_required("encounters.view_chart", raise_exception=True)
def prescription_print(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One prescription on paper."""
    row = _prescription(request, pk)
    audit.record("prescription.print", row, by=request.user, action="R")
    return _paper(request, row.patient, [row], page_of(row))


@require_GET
@permission_required("encounters.view_chart", raise_exception=True)
def medication_print(request: HttpRequest, patient_pk: uuid.UUID) -> HttpResponse:
    """The current medication of a patient on paper, with one line to sign."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=patient_pk)
    audit.record("patient.print", patient, by=request.user, action="R")
    found = Prescription.objects.visible_to(request.user).of_patient(patient).current()
    rows = list(found.select_related("author").newest_first())
    return _paper(request, patient, rows, reverse("records:patient_detail", args=[patient.pk]))


def _paper(
    request: HttpRequest, patient: Patient, rows: list[Prescription], back: str
) -> HttpResponse:
    context = {
        "patient": patient,
        "rows": rows,
        "back": back,
        "facts": facts_for(patient),
        "banner": for_patient(patient, request.user),
    }
    return render(request, "records/prescription_print.html", context)
