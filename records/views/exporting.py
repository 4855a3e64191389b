"""What is recorded about a patient, or in a visit, as a FHIR file to take away."""

import uuid
from collections.abc import Iterator
from itertools import islice

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from clinik import audit, clock
from encounters.models import Encounter, Patient
from records.exporting import (
    Export,
    NothingThere,
    OfEncounter,
    OfPatient,
    Scope,
    as_text,
    write_down,
    written_down,
)

HOW = "bundle"
# Entries that are sent together.
_AT_ONCE = 100

_MAY = ("encounters.view_encounter", "encounters.view_chart", "encounters.export_patient")


@require_GET
@permission_required(("encounters.view_patient", *_MAY), raise_exception=True)
def patient_export(request: HttpRequest, pk: uuid.UUID) -> StreamingHttpResponse:
    """All of the person's, also of entries that were merged; one Bundle, streamed."""
    people = Patient.objects.visible_to(request.user).select_related("merged_into")
    patient = get_object_or_404(people, pk=pk).survivor
    return _download(request, OfPatient(patient), f"patient-{patient.mrn}")


@require_GET
@permission_required(_MAY, raise_exception=True)
def encounter_export(request: HttpRequest, pk: uuid.UUID) -> StreamingHttpResponse:
    """The visit and what was recorded in it; 404 for one that is about somebody else."""
    visits = Encounter.objects.visible_to(request.user).select_related("patient")
    encounter = get_object_or_404(visits, pk=pk)
    try:
        scope = OfEncounter(encounter)
    except NothingThere as error:
        raise Http404(str(error)) from error
    return _download(request, scope, f"visit-{encounter.patient.mrn}")


def _download(request: HttpRequest, scope: Scope, name: str) -> StreamingHttpResponse:
    export = Export(scope)
    write_down(export, by=request.user, how=HOW)
    here = audit.origin.get()
    parts = written_down(export, as_text(export, HOW), by=request.user, how=HOW, here=here)
    response = StreamingHttpResponse(
        _together(parts), content_type="application/fhir+json; charset=utf-8"
    )
    response["Content-Disposition"] = (
        f'attachment; filename="{name}-{clock.today().isoformat()}.json"'
    )
    return response


def _together(parts: Iterator[str]) -> Iterator[str]:
    """Many small parts at once; who hangs up ends the reading too."""
    try:
        while some := "".join(islice(parts, _AT_ONCE)):
            yield some
    finally:
        parts.close()  # type: ignore[attr-defined]
