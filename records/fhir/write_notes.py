"""Rows as DocumentReference and DiagnosticReport (FHIR R4): notes, and reports of results."""

import base64
from typing import Any

from clinik.clock import Precision
from clinik.codes import LOINC
from encounters.fhir.writing import (
    Link,
    Parts,
    Resource,
    code_of,
    concept,
    filled,
    in_words,
    several,
    when,
)
from records.fhir.error_reasons import ENTERED_IN_ERROR, write_error_reason
from records.fhir.notes import NOTE_TYPES, RELATIONS
from records.fhir.signatures import write_attester

_LOINC_TYPES = {kind.value: code for code, kind in NOTE_TYPES.items()}
_RELATIONS = {relation.value: code for code, relation in RELATIONS.items()}


def write_note(row: Any, parts: Parts, link: Link) -> Resource:
    wrong = row.status == ENTERED_IN_ERROR
    exact = row.effective_precision == Precision.INSTANT
    at = when(row.effective, row.effective_precision)
    signed = sorted(parts["signatures"], key=lambda one: (one.at, one.id))
    return filled(
        {
            "status": ENTERED_IN_ERROR if wrong else "current",
            "docStatus": row.status,
            "type": concept(row, "type") or _type(row.type),
            "category": several(in_words(row.category)),
            "subject": link("Patient", row.patient_id, "patient"),
            # R4 has an instant here; a day stands as the time that the note is about.
            "date": at if exact else None,
            "author": several(link("Practitioner", row.author_id, "author")),
            "authenticator": link("Practitioner", signed[0].practitioner_id) if signed else None,
            "relatesTo": several(_about(row, link)),
            "description": row.title,
            "content": [{"attachment": _attachment(row)}],
            "context": filled(
                {
                    "encounter": several(link("Encounter", row.encounter_id, "encounter")),
                    "period": None if exact else filled({"start": at}),
                }
            ),
            "extension": [
                *write_error_reason(row),
                *(write_attester(one, link) for one in signed),
            ],
        }
    )


def _type(kind: str) -> Resource | None:
    return code_of(LOINC, _LOINC_TYPES[kind]) if kind in _LOINC_TYPES else None


def _about(row: Any, link: Link) -> Resource | None:
    target = link("DocumentReference", row.about_id, "about")
    if target is None or row.relation not in _RELATIONS:
        return None
    return {"code": _RELATIONS[row.relation], "target": target}


def _attachment(row: Any) -> Resource:
    return filled({"contentType": row.content_type, "data": _base64(row.content)})


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def write_report(row: Any, parts: Parts, link: Link) -> Resource:
    results = sorted(parts["results"], key=lambda part: part.position)
    sent = (link("Observation", part.observation_id) for part in results)
    texts = [note for note in parts["note"] if note.content]
    return filled(
        {
            "status": row.status,
            "category": several(in_words(row.category)),
            "code": concept(row, "code"),
            "subject": link("Patient", row.patient_id, "patient"),
            "encounter": link("Encounter", row.encounter_id, "encounter"),
            "effectiveDateTime": when(row.effective, row.effective_precision),
            "issued": when(row.issued),
            "performer": several(link("Practitioner", row.author_id, "author")),
            "result": [reference for reference in sent if reference],
            "conclusion": row.conclusion,
            "extension": write_error_reason(row),
            "presentedForm": [_attachment(note) for note in texts],
        }
    )
