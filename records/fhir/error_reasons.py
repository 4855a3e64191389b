"""Why a record was entered in error: an element where R4 has one, else the standard extension."""

from typing import Any

from clinik.imports import Reading
from encounters.fhir.common import concept, keep_unless
from encounters.fhir.writing import Resource, in_words

ENTERED_IN_ERROR = "entered-in-error"
# http://hl7.org/fhir/extensions/StructureDefinition-event-statusReason.html: for Observation,
# DiagnosticReport and DocumentReference.
STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/event-statusReason"
# MedicationRequest and ClinicalImpression have this element.
ELEMENT = "statusReason"


def read_error_reason(reading: Reading, status: str) -> dict[str, str]:
    """The column `error_reason`, of what is in error and says why; others stay in the rest."""
    if status != ENTERED_IN_ERROR:
        return {}
    if ELEMENT in reading.obj:
        text = str(concept(reading, ELEMENT))
        keep_unless(reading, ELEMENT, in_words(text))
    else:
        text = next(map(_words, _extensions(reading.obj, STATUS_REASON)), "")
    return {"error_reason": text} if text else {}


def write_error_reason(row: Any) -> list[Resource]:
    """As an extension, with the others of a resource."""
    reason = error_reason(row)
    return [{"url": STATUS_REASON, "valueCodeableConcept": reason}] if reason else []


def error_reason(row: Any) -> Resource | None:
    """As the element."""
    return in_words(row.error_reason) if row.status == ENTERED_IN_ERROR else None


def _extensions(obj: dict[str, Any], url: str) -> list[dict[str, Any]]:
    sent = obj.get("extension")
    found = sent if isinstance(sent, list) else []
    return [one for one in found if isinstance(one, dict) and one.get("url") == url]


def _words(extension: dict[str, Any]) -> str:
    value = extension.get("valueCodeableConcept")
    return str(concept(Reading({"value": value}, ""), "value")) if isinstance(value, dict) else ""
