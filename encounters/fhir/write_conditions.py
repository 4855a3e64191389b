"""Rows as Condition and AllergyIntolerance (FHIR R4)."""

from typing import Any

from clinik.codes import SNOMED
from encounters.fhir.writing import (
    Link,
    Parts,
    Resource,
    code_of,
    concept,
    filled,
    in_words,
    notes,
    several,
    when,
)

_HL7 = "http://terminology.hl7.org/CodeSystem/"
CONDITION_CLINICAL = f"{_HL7}condition-clinical"
CONDITION_VERIFICATION = f"{_HL7}condition-ver-status"
CONDITION_CATEGORY = f"{_HL7}condition-category"
ALLERGY_CLINICAL = f"{_HL7}allergyintolerance-clinical"
ALLERGY_VERIFICATION = f"{_HL7}allergyintolerance-verification"
ENTERED_IN_ERROR = "entered-in-error"
# SNOMED CT 716186003, as the reader knows it.
NONE_KNOWN = {"system": SNOMED, "code": "716186003", "display": "No known allergy"}


def write_condition(row: Any, parts: Parts, link: Link) -> Resource:
    wrong = row.verification == ENTERED_IN_ERROR
    return filled(
        {
            # R4 con-5: what is entered in error has no clinical status.
            "clinicalStatus": None if wrong else code_of(CONDITION_CLINICAL, row.clinical_status),
            "verificationStatus": code_of(CONDITION_VERIFICATION, row.verification),
            "category": several(code_of(CONDITION_CATEGORY, row.category)),
            "code": concept(row, "condition"),
            "subject": link("Patient", row.patient_id, "patient"),
            "encounter": link("Encounter", row.encounter_id, "encounter"),
            **_moment(row, "onset"),
            **_moment(row, "abatement"),
            "recordedDate": when(row.recorded),
            "recorder": link("Practitioner", row.author_id, "author"),
            "note": notes(row.note),
        }
    )


def _moment(row: Any, name: str) -> Resource:
    """One of onset[x] or abatement[x]: the time, else the words."""
    at, words = getattr(row, name), getattr(row, f"{name}_text")
    if at is not None:
        return {f"{name}DateTime": when(at, getattr(row, f"{name}_precision"))}
    return {f"{name}String": words} if words else {}


def write_allergy(row: Any, parts: Parts, link: Link) -> Resource:
    wrong = row.verification == ENTERED_IN_ERROR
    status = None if wrong else code_of(ALLERGY_CLINICAL, row.clinical_status)
    reaction: Resource = {}
    if row.reaction or row.severity:
        # A reaction has a manifestation (R4 1..*), and we know only how bad it was.
        reaction = {"manifestation": [in_words(row.reaction or "not stated")]}
        reaction |= filled({"severity": row.severity})
    return filled(
        {
            "clinicalStatus": status,
            "verificationStatus": code_of(ALLERGY_VERIFICATION, row.verification),
            "type": row.type,
            "category": several(row.category),
            "criticality": row.criticality,
            "code": concept(row, "substance"),
            "patient": link("Patient", row.patient_id, "patient"),
            "encounter": link("Encounter", row.encounter_id, "encounter"),
            "onsetDateTime": when(row.onset, row.onset_precision),
            "recordedDate": when(row.recorded),
            "recorder": link("Practitioner", row.author_id, "author"),
            "note": notes(row.note),
            "reaction": several(reaction),
        }
    )


def write_no_known_allergies(row: Any, parts: Parts, link: Link) -> Resource:
    """The statement that there is none; one that an allergy has ended is inactive."""
    status = "active" if row.ended_at is None else "inactive"
    return filled(
        {
            "clinicalStatus": code_of(ALLERGY_CLINICAL, status),
            "verificationStatus": code_of(ALLERGY_VERIFICATION, "confirmed"),
            "code": {"coding": [NONE_KNOWN], "text": "No known allergies"},
            "patient": link("Patient", row.patient_id, "patient"),
            "encounter": link("Encounter", row.encounter_id, "encounter"),
            "recordedDate": when(row.stated_at),
            "asserter": link("Practitioner", row.author_id, "author"),
        }
    )
