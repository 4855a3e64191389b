"""Diagnoses of a visit: add in place, change, promote to the problem list, enter in error.

The list itself stands on the visit page, a floor above; with htmx a form is answered by that page,
of which the form's hx-select takes the section.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinik import audit
from clinik.forms import Repeated, already_made, once
from clinik.pages import acted, add_errors, wants_fragment, words_of
from clinik.transitions import StaleVersion, TransitionError
from encounters import banner
from encounters.diagnoses import (
    add_diagnosis,
    change_diagnosis,
    enter_diagnosis_in_error,
    promote,
)
from encounters.forms.diagnoses import DiagnosisEditForm, DiagnosisErrorForm, DiagnosisForm
from encounters.forms.problems import ProblemEditForm
from encounters.forms.steps import PressForm
from encounters.models import Diagnosis, Encounter
from encounters.models.diagnosis import Category
from encounters.views.problems import problems_url
from encounters.views.visit_page import check_patient, refused, the_visit, visit_url

ANCHOR = "section-diagnoses"


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("encounters.add_diagnosis", raise_exception=True)
def diagnosis_add(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    encounter = the_visit(request, encounter_pk)
    form = DiagnosisForm(request.POST or None, encounter=encounter)
    if request.method == "POST" and form.is_valid():
        try:
            _add(request, encounter, form)
        except Repeated as error:
            form.add_error(None, f"{error} {error.row}")
        except TransitionError as error:
            return refused(request, encounter, error)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect(f"{visit_url(encounter)}#{ANCHOR}")
    if request.method == "POST":
        return _again(request, encounter, form)
    audit.record_view(encounter, by=request.user)
    return _page(request, encounter, form)


def _add(request: HttpRequest, encounter: Encounter, form: DiagnosisForm) -> None:
    """Add it once, also when the form is sent twice at the same moment."""
    fields = form.verb_fields()
    owners = {"encounter_id": encounter.pk, "author": getattr(request.user, "practitioner", None)}
    same = {
        "condition_text": fields["text"],
        "condition_code": fields["code"],
        "use": fields["use"],
        "verification": fields["verification"],
    }
    once(
        lambda: already_made(Diagnosis, form.row_id, owners=owners, same=same),
        lambda: add_diagnosis(encounter, by=request.user, id=form.row_id, **fields),
    )


def _again(request: HttpRequest, encounter: Encounter, form: DiagnosisForm) -> HttpResponse:
    """The form with its errors and all that was typed: in place for htmx."""
    if not wants_fragment(request):
        return _page(request, encounter, form, status=422)
    context = {"form": form, "encounter": encounter}
    response = render(request, "encounters/_diagnosis_form.html", context, status=422)
    response["HX-Retarget"] = response["HX-Reselect"] = "#diagnosis-form"
    response["HX-Reswap"] = "outerHTML"
    return response


def _page(
    request: HttpRequest, encounter: Encounter, form: DiagnosisForm, status: int = 200
) -> HttpResponse:
    context = {
        "encounter": encounter,
        "patient": encounter.patient,
        "banner": banner.for_patient(encounter.patient, request.user),
        "visit_url": visit_url(encounter),
        "form": form,
    }
    return render(request, "encounters/diagnosis_add.html", context, status=status)


def the_diagnosis(request: HttpRequest, pk: uuid.UUID) -> Diagnosis:
    """The diagnosis with its visit, or 404."""
    found = Diagnosis.objects.visible_to(request.user).select_related("patient", "encounter")
    return get_object_or_404(found, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("encounters.change_diagnosis", raise_exception=True)
def diagnosis_edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    diagnosis = the_diagnosis(request, pk)
    form = _form_of(diagnosis)(request.POST or None, instance=diagnosis)
    if request.method == "POST" and form.is_valid():
        by, version, fields = request.user, form.base_version, form.verb_fields()
        if acted(form, lambda: change_diagnosis(diagnosis, by=by, version=version, **fields)):
            messages.success(request, _("Saved."))
            return redirect(_home_of(diagnosis))
    if request.method != "POST":
        audit.record_view(diagnosis, by=request.user)
    return _edit_page(request, diagnosis, form, DiagnosisErrorForm(), bad=form.is_bound)


@require_POST
@permission_required("encounters.change_diagnosis", raise_exception=True)
def diagnosis_error(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Entered in error, with a reason; the row stays and its rank is left empty."""
    diagnosis = the_diagnosis(request, pk)
    form = DiagnosisErrorForm(request.POST)
    if form.is_valid():
        try:
            _check_patient(request, diagnosis)
            enter_diagnosis_in_error(
                diagnosis,
                by=request.user,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["version"],
            )
        except (ValidationError, TransitionError, StaleVersion) as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Entered in error: kept, and no longer counted."))
            return redirect(_home_of(diagnosis))
    return _edit_page(request, diagnosis, _form_of(diagnosis)(instance=diagnosis), form, bad=True)


@require_POST
@permission_required("encounters.add_diagnosis", raise_exception=True)
def diagnosis_promote(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Onto the problem list; the visit's row stays."""
    diagnosis = the_diagnosis(request, pk)
    try:
        _check_patient(request, diagnosis)
        sent = PressForm(request.POST)
        version = sent.cleaned_data["version"] if sent.is_valid() else None
        promote(diagnosis, by=request.user, version=version)
    except (ValidationError, TransitionError, StaleVersion) as error:
        for text in words_of(error):
            messages.error(request, text)
    else:
        messages.success(request, _("%(words)s is on the problem list.") % {"words": diagnosis})
    return redirect(_home_of(diagnosis))


def _check_patient(request: HttpRequest, diagnosis: Diagnosis) -> None:
    # A problem without a visit is of a patient all the same.
    check_patient(request, diagnosis.encounter or Encounter(patient=diagnosis.patient))


def _form_of(diagnosis: Diagnosis) -> type[DiagnosisEditForm]:
    return ProblemEditForm if diagnosis.category == Category.PROBLEM else DiagnosisEditForm


def _home_of(diagnosis: Diagnosis) -> str:
    """The visit at its diagnoses; a problem stands on the patient's page."""
    if diagnosis.encounter is None or diagnosis.category == Category.PROBLEM:
        return problems_url(diagnosis.patient)
    return f"{visit_url(diagnosis.encounter)}#{ANCHOR}"


def _edit_page(
    request: HttpRequest,
    diagnosis: Diagnosis,
    form: DiagnosisEditForm,
    error_form: DiagnosisErrorForm,
    *,
    bad: bool,
) -> HttpResponse:
    context: dict[str, Any] = {
        "diagnosis": diagnosis,
        "patient": diagnosis.patient,
        "banner": banner.for_patient(diagnosis.patient, request.user),
        "home_url": _home_of(diagnosis),
        "form": form,
        "error_form": error_form,
    }
    status = 409 if form.conflict else 422 if bad else 200
    return render(request, "encounters/diagnosis_edit.html", context, status=status)
