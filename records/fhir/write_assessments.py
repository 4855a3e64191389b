"""Rows as ClinicalImpression (FHIR R4)."""

from typing import Any

from encounters.fhir.writing import Link, Parts, Resource, concept, filled, notes, when
from records.fhir.error_reasons import error_reason


def write_assessment(row: Any, parts: Parts, link: Link) -> Resource:
    findings = sorted(parts["findings"], key=lambda part: part.position)
    return filled(
        {
            "status": row.status,
            "statusReason": error_reason(row),
            "description": row.description,
            "subject": link("Patient", row.patient_id, "patient"),
            "encounter": link("Encounter", row.encounter_id, "encounter"),
            "effectiveDateTime": when(row.effective, row.effective_precision),
            "assessor": link("Practitioner", row.author_id, "author"),
            "previous": link("ClinicalImpression", row.previous_id, "previous"),
            "summary": row.summary,
            "finding": [
                filled(
                    {
                        "itemCodeableConcept": concept(part, "finding", more=False),
                        "basis": part.basis,
                    }
                )
                for part in findings
            ],
            "note": notes(row.note),
        }
    )
