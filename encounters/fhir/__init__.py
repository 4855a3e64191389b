"""FHIR R4 resources as rows of the front desk: pure functions, no database."""

from encounters.fhir.conditions import read_allergy, read_condition
from encounters.fhir.flags import read_flag
from encounters.fhir.people import name_of, read_patient, read_practitioner
from encounters.fhir.visits import read_encounter

__all__ = [
    "name_of",
    "read_allergy",
    "read_condition",
    "read_encounter",
    "read_flag",
    "read_patient",
    "read_practitioner",
]
