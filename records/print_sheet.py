"""The visit on paper: every row once, with who signed what."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

from encounters.diagnosis_list import Diagnoses, load_diagnoses
from encounters.models import Encounter
from records.chart import Header, load_header, load_periods, load_sections
from records.models import NoteSignature
from records.note_section import NotesSection
from records.observations_section import ObservationsSection
from records.sections import AssessmentsSection, PrescriptionsSection, VitalsSection


@dataclass(frozen=True)
class Chart:
    vitals: VitalsSection
    notes: NotesSection
    prescriptions: PrescriptionsSection
    assessments: AssessmentsSection
    observations: ObservationsSection
    diagnoses: Diagnoses
    # By note: who signed it, first signature first.
    signatures: dict[uuid.UUID, tuple[NoteSignature, ...]]

    @property
    def all_notes(self) -> list[tuple[Any, tuple[NoteSignature, ...]]]:
        """Each note and addition once, oldest first: as it is read on paper."""
        rows = [row for note, more in self.notes.threads for row in (note, *more)]
        rows.sort(key=lambda row: row.record.created)
        return [(row, self.signatures.get(row.pk, ())) for row in rows]


@dataclass(frozen=True)
class Sheet:
    header: Header
    chart: Chart | None


def load_sheet(encounter: Encounter, user: Any) -> Sheet:
    """What the visit's page shows, all of it, and the signatures: one query more."""
    header = load_header(encounter, user, load_periods(encounter))
    if not user.has_perm("encounters.view_chart"):
        return Sheet(header, None)
    vitals, notes, prescriptions, assessments, observations = (
        replace(section, whole=True) for section in load_sections(encounter, user)
    )
    return Sheet(
        header,
        Chart(
            vitals,
            notes,
            prescriptions,
            assessments,
            observations,
            load_diagnoses(encounter, user),
            _signatures(encounter),
        ),
    )


def _signatures(encounter: Encounter) -> dict[uuid.UUID, tuple[NoteSignature, ...]]:
    found: dict[uuid.UUID, tuple[NoteSignature, ...]] = {}
    rows = NoteSignature.objects.filter(note__encounter=encounter).select_related("practitioner")
    for row in rows:
        found[row.note_id] = (*found.get(row.note_id, ()), row)
    return found
