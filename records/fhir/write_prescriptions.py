"""Rows as MedicationRequest (FHIR R4)."""

import re
from typing import Any

from encounters.fhir.writing import (
    Link,
    Parts,
    Resource,
    concept,
    filled,
    in_words,
    notes,
    period,
    quantity,
    several,
    when,
)
from records.fhir.error_reasons import error_reason

# What R4 has no element for.
CONTROLLED = "urn:clinik:controlled-drug"
_DOSE = re.compile(r"(\d+(?:\.\d+)?) ?(\D.*)?")


def write_prescription(row: Any, parts: Parts, link: Link) -> Resource:
    return filled(
        {
            "status": row.status,
            "statusReason": error_reason(row),
            "intent": row.intent,
            "priority": row.priority,
            "medicationCodeableConcept": concept(row, "medication"),
            "subject": link("Patient", row.patient_id, "patient"),
            "encounter": link("Encounter", row.encounter_id, "encounter"),
            "authoredOn": when(row.effective, row.effective_precision),
            "requester": link("Practitioner", row.author_id, "author"),
            "reasonCode": several(concept(row, "reason")),
            "note": notes(row.note),
            "dosageInstruction": several(_dosage(row)),
            "dispenseRequest": filled(
                {
                    "quantity": quantity(row.quantity, row.quantity_unit),
                    "numberOfRepeatsAllowed": row.refills,
                }
            ),
            "priorPrescription": link("MedicationRequest", row.renews_id),
            "extension": [{"url": CONTROLLED, "valueBoolean": True}] if row.controlled else None,
        }
    )


def _dosage(row: Any) -> Resource:
    bounds = period(row)
    repeat = {"boundsPeriod": bounds} if bounds else None
    dose = _dose(row.dose)
    return filled(
        {
            "text": row.dosage_text,
            "timing": filled({"code": in_words(row.frequency), "repeat": repeat}),
            "asNeededBoolean": row.as_needed or None,
            "route": in_words(row.route),
            "doseAndRate": [{"doseQuantity": dose}] if dose else None,
        }
    )


def _dose(text: str) -> Resource | None:
    """ "10 mg" as a quantity; words that are none stand in its unit."""
    if match := _DOSE.fullmatch(text):
        return quantity(match[1], match[2] or "")
    return {"unit": text} if text else None
