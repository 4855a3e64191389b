"""Any observation by code, the acknowledgement of a critical one, the correction of a wrong one."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinik import audit
from clinik.codes import LOINC
from clinik.forms import already_made, once
from clinik.models import Code
from clinik.pages import acted, came_from
from encounters.banner import for_patient
from encounters.models import Encounter
from records.corrections import correct_observation
from records.forms.observations import CorrectionForm, LabsForm, ObservationForm, SeenForm
from records.lab_results import add_results
from records.models import Observation
from records.observations import acknowledge, add_observation, as_digits, as_number, shown_unit
from records.observations_section import ObservationsSection
from records.views.adding import Adder, add_view, page_of, visit_for_chart, visit_url
from records.vitals import BY_CODE

MOST_CODES = 200


def _form(
    encounter: Encounter, user: Any, data: QueryDict | None, query: QueryDict
) -> ObservationForm:
    return ObservationForm(data, patient=encounter.patient)


def _lists(encounter: Encounter, user: Any, form: ObservationForm) -> Mapping[str, Any]:
    """The codes and units offered while typing; one query."""
    codes = list(Code.objects.filter(system=LOINC, active=True).order_by("display")[:MOST_CODES])
    units = sorted({shown_unit(unit) for code in codes for unit in code.units})
    return {"codes": codes, "units": units}


def _save(form: ObservationForm, encounter: Encounter, user: Any) -> Observation:
    values = form.values()
    typed = values["value"].strip()
    number = as_number(typed.lstrip("<>="))
    owners = {"encounter_id": encounter.pk, "entered_by_id": user.pk}
    same = (
        {"value": as_digits(typed.lstrip("<>="))} if number is not None else {"value_text": typed}
    )
    same["effective"] = values["effective"]
    return once(
        lambda: already_made(Observation, form.row_id, owners=owners, same=same),
        lambda: add_observation(encounter, by=user, id=form.row_id, **values),
    )


ADDER = Adder(
    ObservationsSection,
    "records:observation_add",
    _form,
    _save,
    _lists,
)


@permission_required("records.add_observation", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def observation_add(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    encounter = visit_for_chart(request, encounter_pk)
    response = add_view(request, encounter, ADDER)
    if request.method == "POST" and response.status_code == 200:
        made = Observation.objects.filter(pk=request.POST["id"]).first()
        if made is not None and made.code_code in BY_CODE:
            # It stands in another section: show it there.
            response = HttpResponse(headers={"HX-Redirect": visit_url(encounter)})
    return response


def _labs_form(
    encounter: Encounter, user: Any, data: QueryDict | None, query: QueryDict
) -> LabsForm:
    return LabsForm(data, patient=encounter.patient)


def _save_labs(form: LabsForm, encounter: Encounter, user: Any) -> list[Observation]:
    return add_results(
        encounter,
        by=user,
        id=form.row_id,
        effective=form.cleaned_data["effective"],
        results=form.results(),
    )


LABS_ADDER = Adder(
    ObservationsSection, "records:observation_labs", _labs_form, _save_labs, _lists, "labs"
)


@permission_required("records.add_observation", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def observation_labs(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    """Several results of one time on one form."""
    return add_view(request, visit_for_chart(request, encounter_pk), LABS_ADDER)


@permission_required("records.change_observation", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def observation_seen(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Acknowledge a critical result: what was done about it."""
    seen = Observation.objects.visible_to(request.user).select_related("patient", "encounter")
    record = get_object_or_404(seen.prefetch_related("components"), pk=pk)
    form = SeenForm(request.POST or None, instance=record, patient=record.patient)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            by, action, version = request.user, form.cleaned_data["action"], form.base_version
            if acted(form, lambda: acknowledge(record, by=by, action=action, version=version)):
                return redirect(came_from(request) or page_of(record))
        status = 422
    else:
        audit.record_view(record, by=request.user)
    context = {
        "form": form,
        "record": record,
        "back": page_of(record),
        "banner": for_patient(record.patient, request.user),
    }
    return render(request, "records/observation_seen.html", context, status=status)


@permission_required("records.change_observation", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def observation_correct(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the right value in the place of a wrong one."""
    seen = Observation.objects.visible_to(request.user).select_related("patient", "encounter")
    record = get_object_or_404(seen.prefetch_related("components"), pk=pk)
    if record.is_in_error:
        return redirect(page_of(record))
    form = CorrectionForm(request.POST or None, instance=record, patient=record.patient)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            by, version, values = request.user, form.base_version, form.values()
            if acted(form, lambda: correct_observation(record, by=by, version=version, **values)):
                return redirect(page_of(record))
        status = 422
    else:
        audit.record_view(record, by=request.user)
    context = {
        "form": form,
        "record": record,
        "back": page_of(record),
        "banner": for_patient(record.patient, request.user),
    }
    return render(request, "records/observation_correct.html", context, status=status)
