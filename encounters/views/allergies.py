"""Allergies: add, change, enter in error, and "no known allergies"."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinik import audit
from clinik.forms import PressForm, already_made, once
from clinik.pages import acted, next_url, wants_fragment
from encounters.allergies import (
    add_allergy,
    allergy_status,
    change_allergy,
    enter_allergy_in_error,
    state_no_known_allergies,
)
from encounters.banner import for_patient
from encounters.forms.allergies import AllergyEditForm, AllergyForm, ErrorReasonForm
from encounters.models import Allergy, Patient, Practitioner
from encounters.opening import open_visit_of


def section_context(patient: Patient, request: HttpRequest) -> dict[str, Any]:
    """What encounters/_allergies.html shows, on whichever page it stands."""
    return {
        "patient": patient,
        "allergy_status": allergy_status(patient),
        "allergies_next": request.GET.get("next") or request.POST.get("next") or request.path,
        "can_add_allergy": request.user.has_perm("encounters.add_allergy"),
    }


@require_http_methods(["GET", "POST"])
@permission_required("encounters.add_allergy", raise_exception=True)
def allergy_add(request: HttpRequest, patient_pk: UUID) -> HttpResponse:
    patient = _patient(request, patient_pk)
    form = AllergyForm(request.POST if request.method == "POST" else None, patient=patient)
    if form.is_bound and form.is_valid() and _added(form, patient, request):
        return _done(request, patient, _("Allergy saved."))
    context = {"form": form, "action": reverse("encounters:allergy_add", args=[patient.pk])}
    return _form_page(request, patient, context, "allergy_add", bad=form.is_bound)


def _added(form: AllergyForm, patient: Patient, request: HttpRequest) -> bool:
    """Make the allergy once; False with the reason on the form."""
    fields = form.verb_fields()
    owners = {
        "patient_id": patient.pk,
        "author": Practitioner.objects.filter(user=request.user.pk).first(),
    }

    def add() -> Allergy:
        # Said in the visit the patient is here for: if that turns out to be about somebody else,
        # so is this.
        visit = open_visit_of(patient)
        return add_allergy(patient, by=request.user, id=form.row_id, encounter=visit, **fields)

    return acted(
        form,
        lambda: once(lambda: already_made(Allergy, form.row_id, owners=owners, same=fields), add),
    )


@require_http_methods(["GET", "POST"])
@permission_required("encounters.change_allergy", raise_exception=True)
def allergy_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    allergy = _allergy(request, pk)
    form = AllergyEditForm(request.POST if request.method == "POST" else None, instance=allergy)
    if form.is_bound and form.is_valid():
        by, version, fields = request.user, form.base_version, form.verb_fields()
        if acted(form, lambda: change_allergy(allergy, by=by, version=version, **fields)):
            return _done(request, allergy.patient, _("Allergy saved."))
    return _edit_page(request, allergy, form, ErrorReasonForm(instance=allergy), bad=form.is_bound)


@require_POST
@permission_required("encounters.change_allergy", raise_exception=True)
def allergy_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enter in error, with a reason; the row stays."""
    allergy = _allergy(request, pk)
    reason = ErrorReasonForm(request.POST, instance=allergy)
    if reason.is_valid():
        why, version = reason.cleaned_data["reason"].strip(), reason.cleaned_data["version"]
        if acted(
            reason,
            lambda: enter_allergy_in_error(allergy, by=request.user, reason=why, version=version),
        ):
            said = _("Entered in error: kept, and no longer counted.")
            return _done(request, allergy.patient, said)
    return _edit_page(request, allergy, AllergyEditForm(instance=allergy), reason, bad=True)


@require_POST
@permission_required("encounters.add_allergy", raise_exception=True)
def allergy_none(request: HttpRequest, patient_pk: UUID) -> HttpResponse:
    """ "No known allergies", stated by this user now."""
    patient = _patient(request, patient_pk)
    if not PressForm(request.POST, patient=patient).is_valid():
        return _done(request, patient, _("Not saved: press again."), level=messages.ERROR)
    try:
        state_no_known_allergies(patient, by=request.user, encounter=open_visit_of(patient))
    except ValidationError as error:
        # The section, drawn anew, shows the allergy that stands in the way.
        return _done(request, patient, " ".join(error.messages), level=messages.ERROR)
    return _done(request, patient, _("Saved: no known allergies."))


def _patient(request: HttpRequest, pk: UUID) -> Patient:
    """The person's surviving entry, or 404."""
    patients = Patient.objects.visible_to(request.user).select_related("merged_into")
    return get_object_or_404(patients, pk=pk).survivor


def _allergy(request: HttpRequest, pk: UUID) -> Allergy:
    allergies = Allergy.objects.visible_to(request.user)
    return get_object_or_404(allergies.select_related("patient__merged_into", "author"), pk=pk)


def _done(
    request: HttpRequest, patient: Patient, said: str, *, level: int = messages.SUCCESS
) -> HttpResponse:
    """Back to where the form came from; for htmx the section and the banner anew."""
    if wants_fragment(request):
        context = section_context(patient, request)
        context |= {"banner": for_patient(patient, request.user), "banner_anew": True}
        return render(request, "encounters/_allergies.html", context)
    messages.add_message(request, level, said)
    return redirect(next_url(request, "records:patient_detail", patient.pk))


def _edit_page(
    request: HttpRequest, allergy: Allergy, form: Any, reason: ErrorReasonForm, *, bad: bool
) -> HttpResponse:
    context = {
        "form": form,
        "error_form": reason,
        "allergy": allergy,
        "action": reverse("encounters:allergy_edit", args=[allergy.pk]),
    }
    return _form_page(request, allergy.patient, context, "allergy_edit", bad=bad)


def _form_page(
    request: HttpRequest, patient: Patient, context: dict[str, Any], page: str, *, bad: bool
) -> HttpResponse:
    """The page with the form, or for htmx the section with the form in it."""
    status = 422 if bad else 200
    context = {**context, **section_context(patient, request)}
    if not bad:
        audit.record_view(patient, by=request.user)
    context["next"] = next_url(request, "records:patient_detail", patient.pk)
    if wants_fragment(request):
        return render(request, "encounters/_allergies.html", context, status=status)
    context["banner"] = for_patient(patient, request.user)
    return render(request, f"encounters/{page}.html", context, status=status)
