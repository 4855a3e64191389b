"""Everything about one patient as one ZIP file: what is recorded, its versions, and the trail.

    fhir.ndjson      what is recorded, as FHIR R4
    rows.ndjson      every row of the person as it stands, also what FHIR cannot say
    versions.ndjson  every version of those rows, with when, who and why
    trail.ndjson     every event of the audit trail about the person, as FHIR AuditEvents

The person's entries that were merged are in it. What was entered in error is in it, too, unless the
visit was about somebody else: that stands in rows and versions, marked as such, and not in FHIR.
"""

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet

from clinik import audit
from clinik.fhir.auditevent import auditevent
from clinik.models import AuditEvent, ImportedResource
from encounters.access import entries_of
from encounters.models import Encounter, Patient
from encounters.person_tables import tables_of_patients
from encounters.person_tables import tables_of_visits as _of_visits
from records import exporting

# Held in memory up to here, on disk beyond.
IN_MEMORY = 8_000_000
_AT_ONCE = 1_000


def write_down(patient: Patient, *, by: Any) -> None:
    """That `by` takes it out, before it is made; raises AuditUnavailable, and it is not."""
    survivor = patient.survivor
    audit.record("patient.export_record", survivor, by=by, action="R", detail={"format": "zip"})


def make_record(patient: Patient) -> IO[bytes]:
    """The file, open at its beginning; whoever asks for it closes it."""
    survivor = patient.survivor
    keys = [row.pk for row in entries_of(survivor)]
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        export = exporting.Export(exporting.OfPatient(survivor))
        _add(archive, "fhir.ndjson", exporting.as_text(export, "ndjson"))
        _add(archive, "rows.ndjson", _lines(_rows(keys)))
        _add(archive, "versions.ndjson", _lines(_versions(keys)))
        _add(archive, "trail.ndjson", _lines(_trail(keys)))
    file.seek(0)
    return file


def _add(archive: zipfile.ZipFile, name: str, parts: Iterable[str]) -> None:
    with archive.open(name, "w", force_zip64=True) as member:
        for part in parts:
            member.write(part.encode())


def _lines(values: Iterable[dict[str, Any]]) -> Iterator[str]:
    for value in values:
        yield json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"


def _tables(keys: list[Any]) -> Iterator[tuple[type[Any], Q]]:
    """Every table with rows of the person, and which those are; the patient's own first."""
    yield Patient, Q(id__in=keys)
    for model in tables_of_patients():
        yield model, Q(patient__in=keys)
    visits = Encounter.objects.order_by().filter(patient__in=keys)
    for model in _of_visits():
        yield model, Q(encounter__in=visits.values("pk"))


def _rows(keys: list[Any]) -> Iterator[dict[str, Any]]:
    for model, whose in _tables(keys):
        rows: QuerySet[Any] = model._default_manager.filter(whose).order_by("pk")
        for row in rows.values().iterator(_AT_ONCE):
            yield {"table": model._meta.label_lower, **row}
    # What came with an import and became no row.
    kept = ImportedResource.objects.filter(row_id=None, patient_id__in=keys).order_by("pk")
    for one in kept.values().iterator(_AT_ONCE):
        yield {"table": ImportedResource._meta.label_lower, **one}


def _versions(keys: list[Any]) -> Iterator[dict[str, Any]]:
    for model, whose in _tables(keys):
        if not hasattr(model, "history"):
            continue
        versions = model.history.model._default_manager.filter(whose).order_by("history_id")
        for row in versions.values().iterator(_AT_ONCE):
            yield {"table": model._meta.label_lower, **row}


def _trail(keys: list[Any]) -> Iterator[dict[str, Any]]:
    events = AuditEvent.objects.filter(patient_id__in=keys).select_related("by").order_by("id")
    for event in events.iterator(_AT_ONCE):
        yield auditevent(event, observer=settings.CLINIK_NAME, reason=True)
