"""The chart: what was observed, noted, ordered and assessed."""

from records.models.assessment import Assessment, Finding
from records.models.base import ClinicalRecord
from records.models.note import Note, NoteSignature
from records.models.note_template import NoteTemplate
from records.models.observation import Observation, ObservationComponent
from records.models.prescription import Prescription
from records.models.report import ObservationMember, Report, ReportResult

__all__ = [
    "Assessment",
    "ClinicalRecord",
    "Finding",
    "Note",
    "NoteSignature",
    "NoteTemplate",
    "Observation",
    "ObservationComponent",
    "ObservationMember",
    "Prescription",
    "Report",
    "ReportResult",
]
