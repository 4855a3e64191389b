"""Assessments."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinik.forms import already_made, once
from clinik.pages import number_in
from encounters.models import Encounter
from records.assessments import MOST_FINDINGS, add_assessment, last_assessment
from records.forms.assessments import EMPTY_ROWS, AssessmentForm
from records.models import Assessment
from records.sections import AssessmentsSection
from records.views.adding import Adder, Adding, add_view, show, visit_for_chart

MORE_ROWS = 5


def _form(
    encounter: Encounter, user: Any, data: QueryDict | None, query: QueryDict
) -> AssessmentForm:
    rows = number_in(query.get("rows", ""))
    return AssessmentForm(data, patient=encounter.patient, rows=rows or EMPTY_ROWS)


def _more(encounter: Encounter, user: Any, form: AssessmentForm) -> Mapping[str, Any]:
    """The assessment this one follows, and whether more lines may be asked for."""
    return {
        "previous": last_assessment(encounter),
        "more_rows": form.row_count < MOST_FINDINGS,
    }


def _save(form: AssessmentForm, encounter: Encounter, user: Any) -> Assessment:
    written = {name: form.cleaned_data[name] for name in ("summary", "description", "note")}
    owners = {"encounter_id": encounter.pk, "entered_by_id": user.pk}
    return once(
        lambda: already_made(Assessment, form.row_id, owners=owners, same=written),
        lambda: add_assessment(
            encounter,
            by=user,
            id=form.row_id,
            findings=form.findings(),
            previous=last_assessment(encounter),
            **written,
        ),
    )


ADDER = Adder(
    AssessmentsSection,
    "records:assessment_add",
    _form,
    _save,
    _more,
)


@permission_required("records.add_assessment", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def assessment_add(request: HttpRequest, encounter_pk: uuid.UUID) -> HttpResponse:
    encounter = visit_for_chart(request, encounter_pk)
    if request.POST.get("act") == "more":
        return _with_more_lines(request, encounter)
    return add_view(request, encounter, ADDER)


def _with_more_lines(request: HttpRequest, encounter: Encounter) -> HttpResponse:
    """The form as it was typed, with five more lines; nothing is saved or refused yet."""
    typed = AssessmentForm(request.POST, patient=encounter.patient)
    values = {name: request.POST[name] for name in typed.fields if name in request.POST}
    rows = min(typed.row_count + MORE_ROWS, MOST_FINDINGS)
    values.pop("rows", None)
    form = AssessmentForm(initial=values, patient=encounter.patient, rows=rows)
    url = reverse("records:assessment_add", args=[encounter.pk])
    adding = Adding(ADDER.section.kind, form, url, _more(encounter, request.user, form))
    return show(request, encounter, ADDER, adding)
