"""FHIR R4 resources as rows of the chart: pure functions, no database."""

from records.fhir.assessments import read_assessment
from records.fhir.notes import read_note
from records.fhir.observations import read_observation
from records.fhir.prescriptions import medication_columns, read_prescription
from records.fhir.reports import read_report

__all__ = [
    "medication_columns",
    "read_assessment",
    "read_note",
    "read_observation",
    "read_prescription",
    "read_report",
]
