"""Take vital signs: by fields, or in one line that is read back before it is saved."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinik import clock
from encounters.models import Encounter
from records.forms.vitals import VitalsForm, VitalsLineForm
from records.readings import read
from records.sections import (
    VitalsSection,
    earlier_vitals,
    observations_of,
    person_at,
    read_components,
)
from records.views.adding import Adder, add_view, visit_for_chart
from records.vitals_entry import NAMES, record_vitals
from records.vitals_preview import preview, preview_line


def _last(encounter: Encounter, user: Any) -> dict[str, str]:
    """Words about each sign's last value, of this visit or before, by the name of its field."""
    here = [row for row in observations_of(encounter, user) if not row.is_in_error]
    found: dict[str, str] = {}
    before = earlier_vitals(encounter, here)
    read_components([*here, *before])
    person = person_at(encounter, before)
    for record in [*here, *before]:
        reading = read(record, person)
        if reading is None or record.effective is None:
            continue
        name = "systolic" if reading.key == "bp" else reading.key
        when = date_format(localtime(record.effective), "DATETIME_FORMAT")
        value = f"{reading.text} {reading.unit}".strip()
        found.setdefault(name, _("last %(value)s, %(when)s") % {"value": value, "when": when})
    return found


def _form(encounter: Encounter, user: Any, data: QueryDict | None, query: QueryDict) -> VitalsForm:
    return VitalsForm(
        data,
        patient=encounter.patient,
        last=_last(encounter, user),
        may_aim=user.has_perm("records.prescribe"),
    )


def _save(form: VitalsForm, encounter: Encounter, user: Any) -> Any:
    return record_vitals(
        encounter,
        by=user,
        id=form.row_id,
        effective=form.cleaned_data["effective"],
        confirmed=form.cleaned_data["confirmed"],
        **form.values(),
    )


ADDER = Adder(
    VitalsSection,
    "records:vitals_add",
    _form,
    _save,
)


@permission_required("records.add_observation", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def vitals_add(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    return add_view(request, visit_for_chart(request, encounter_pk), ADDER)


def _line_form(
    encounter: Encounter, user: Any, data: QueryDict | None, query: QueryDict
) -> VitalsLineForm:
    return VitalsLineForm(data, patient=encounter.patient)


def _save_line(form: VitalsLineForm, encounter: Encounter, user: Any) -> Any:
    """What the reading asked was seen with it, so it is answered."""
    now = clock.now()
    return record_vitals(
        encounter, by=user, id=form.row_id, effective=now, confirmed=True, **form.values()
    )


def _reading(encounter: Encounter, user: Any, form: VitalsLineForm) -> Mapping[str, Any]:
    line = form.data.get("line", "") if form.is_bound else ""
    return {"preview": preview_line(encounter, line), "line": line.strip()}


LINE_ADDER = Adder(
    VitalsSection, "records:vitals_line", _line_form, _save_line, _reading, "vitals-line"
)


@permission_required("records.add_observation", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def vitals_line(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    return add_view(request, visit_for_chart(request, encounter_pk), LINE_ADDER)


@permission_required("records.add_observation", raise_exception=True)
@require_POST
def vitals_reading(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    """What the line or the fields say so far; asked for while typing, writes nothing.

    By POST, so that no value of a patient stands in an address.
    """
    encounter = visit_for_chart(request, encounter_pk)
    if "line" in request.POST:
        line = request.POST["line"]
        context = {"preview": preview_line(encounter, line), "line": line.strip()}
    else:
        names = [*NAMES, "temperature_unit", "height_unit", "weight_unit"]
        values = {name: request.POST.get(name, "") for name in names}
        typed = any(values[name] for name in NAMES)
        context = {"preview": preview(encounter, values) if typed else None}
    return render(request, "records/_vitals_reading.html", context)
