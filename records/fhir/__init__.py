"""FHIR R4 resources as rows of the chart: pure functions, no database."""

from records.fhir.assessments import read_assessment
from records.fhir.notes import read_note
from records.fhir.observations import read_observation
from records.fhir.prescriptions import read_prescription

__all__ = ["read_assessment", "read_note", "read_observation", "read_prescription"]
