"""Everything about one patient, with versions and trail, to take away."""

import uuid
from collections.abc import Iterator

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from clinik import clock
from encounters.models import Patient
from records.whole_record import make_record, write_down

# Bytes that are sent together.
_AT_ONCE = 65_536
_MAY = (
    "encounters.view_patient",
    "encounters.view_chart",
    "encounters.export_record",
    "clinik.view_auditevent",
)


@require_GET
@permission_required(_MAY, raise_exception=True)
def patient_record(request: HttpRequest, pk: uuid.UUID) -> StreamingHttpResponse:
    """A ZIP file, made when it is read."""
    people = Patient.objects.visible_to(request.user).select_related("merged_into")
    patient = get_object_or_404(people, pk=pk).survivor
    write_down(patient, by=request.user)
    response = StreamingHttpResponse(_sent(patient), content_type="application/zip")
    name = f"record-{patient.mrn}-{clock.today().isoformat()}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _sent(patient: Patient) -> Iterator[bytes]:
    with make_record(patient) as file:
        while some := file.read(_AT_ONCE):
            yield some
