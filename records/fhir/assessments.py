"""ClinicalImpression (FHIR R4): an assessment with its findings."""

from typing import Any

from clinik.fhir import check_status
from clinik.imports import Mapped, Reading, Row
from encounters.fhir.common import (
    coded,
    concept,
    effective,
    link,
    notes,
    timed,
    unsent,
    zone,
)
from records.fhir.error_reasons import read_error_reason
from records.models import (
    Assessment,
    Finding,
)


def read_assessment(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    kind = "ClinicalImpression"
    fields: dict[str, Any] = {
        "status": check_status(kind, reading.take("status"), reading.at("status")),
        "summary": reading.text("summary"),
        "description": reading.text("description"),
        "note": notes(reading),
        **effective(reading),
    }
    fields |= read_error_reason(reading, fields["status"])
    if fields["effective"] is None:
        fields |= timed("effective", reading.time("date", zone()))
        reading.keep("date")
    mapped = Mapped(Assessment, fields, parent="assessment")
    link(reading, mapped, patient="subject", author=("assessor",))
    mapped.links["previous"] = reading.reference("previous")
    for position, sent in enumerate(reading.each("finding")):
        value = concept(sent, "itemCodeableConcept")
        row = Row(Finding, {"position": position, "basis": sent.text("basis")})
        row.fields |= coded("finding", value, more=False)
        if (reference := sent.reference("itemReference")) and not str(value):
            row.names["finding_text"] = reference
        if reference or value.more or sent.rest():
            reading.keep("finding")
        mapped.parts.append(row)
    mapped.raw = reading.rest()
    if "effectivePeriod" not in resource:
        unsent(reading, mapped, "effectiveDateTime")
    return mapped
