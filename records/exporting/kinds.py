"""Which table becomes which resource: its writer, its parts, its foreign keys, and its reader."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models

from clinik.imports import Mapped
from encounters.fhir import (
    read_allergy,
    read_condition,
    read_encounter,
    read_flag,
    read_patient,
    read_practitioner,
)
from encounters.fhir.write_conditions import (
    write_allergy,
    write_condition,
    write_no_known_allergies,
)
from encounters.fhir.write_people import write_flag, write_patient, write_practitioner
from encounters.fhir.write_visits import write_encounter
from encounters.fhir.writing import Link, Parts, Resource
from encounters.models import (
    Allergy,
    ClassPeriod,
    Diagnosis,
    Encounter,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    NoKnownAllergies,
    Patient,
    PatientAlert,
    PatientContact,
    PatientIdentifier,
    Practitioner,
    PractitionerIdentifier,
    StatusPeriod,
)
from records.fhir import (
    read_assessment,
    read_note,
    read_observation,
    read_prescription,
    read_report,
)
from records.fhir.write_assessments import write_assessment
from records.fhir.write_notes import write_note, write_report
from records.fhir.write_observations import write_observation
from records.fhir.write_prescriptions import write_prescription
from records.models import (
    Assessment,
    Finding,
    Note,
    NoteSignature,
    Observation,
    ObservationComponent,
    ObservationMember,
    Prescription,
    Report,
    ReportResult,
)

Writer = Callable[[Any, Parts, Link], Resource]
Reader = Callable[[dict[str, Any], str], Mapped]

# Never read by a writer, and dear or long.
_NOT_READ = frozenset(
    {
        *("created", "updated", "date", "search_name", "phone_digits", "value_number", "digest"),
        *("before", "by_id", "entered_at", "entered_by_id", "entered_late", "user_id"),
        *("seen_by_id", "seen_at", "seen_action", "signed_at", "cosigner_id", "copied_from_id"),
        *("after_closing", "override_reason", "leave_to", "expected_back"),
    }
)


def columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(f.attname for f in model._meta.concrete_fields if f.attname not in _NOT_READ)


@dataclass(frozen=True)
class Part:
    """Rows of another table that belong to a row: those whose `by` is the row's `own`.

    `links` are foreign keys and the resource type behind them. `sent` says that an import writes
    them from the resource itself: one made here, or changed since, is an edit of the resource.
    """

    name: str
    model: type[models.Model]
    by: str
    own: str = "id"
    links: tuple[tuple[str, str], ...] = ()
    sent: bool = True

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return columns(self.model)


@dataclass(frozen=True)
class Table:
    kind: str
    model: type[models.Model]
    write: Writer
    read: Reader | None = None
    parts: tuple[Part, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return columns(self.model)


_WHOSE = (("patient_id", "Patient"), ("encounter_id", "Encounter"), ("author_id", "Practitioner"))
_TREATS = (("practitioner_id", "Practitioner"),)
_RESULT = (("observation_id", "Observation"),)

# In the order they are written: what others refer to comes first.
TABLES: tuple[Table, ...] = (
    Table(
        "Practitioner",
        Practitioner,
        write_practitioner,
        read_practitioner,
        (Part("identifiers", PractitionerIdentifier, "practitioner_id"),),
    ),
    Table(
        "Patient",
        Patient,
        write_patient,
        read_patient,
        (
            Part("identifiers", PatientIdentifier, "patient_id"),
            Part("contacts", PatientContact, "patient_id"),
            Part("merged", Patient, "merged_into_id", links=(("id", "Patient"),), sent=False),
        ),
        (("general_practitioner_id", "Practitioner"), ("merged_into_id", "Patient")),
    ),
    Table(
        "Encounter",
        Encounter,
        write_encounter,
        read_encounter,
        (
            Part("participants", EncounterParticipant, "encounter_id", links=_TREATS),
            Part("statuses", StatusPeriod, "encounter_id"),
            Part("classes", ClassPeriod, "encounter_id"),
            Part("locations", LocationPeriod, "encounter_id"),
            Part("hospitalization", Hospitalization, "encounter_id"),
            Part("diagnoses", Diagnosis, "encounter_id", links=(("id", "Condition"),)),
        ),
        (
            ("patient_id", "Patient"),
            ("practitioner_id", "Practitioner"),
            ("part_of_id", "Encounter"),
        ),
    ),
    Table("Condition", Diagnosis, write_condition, read_condition, links=_WHOSE),
    Table("AllergyIntolerance", Allergy, write_allergy, read_allergy, links=_WHOSE),
    Table(
        "AllergyIntolerance",
        NoKnownAllergies,
        write_no_known_allergies,
        read_allergy,
        links=_WHOSE,
    ),
    Table(
        "Flag",
        PatientAlert,
        write_flag,
        read_flag,
        links=_WHOSE,
    ),
    Table(
        "Observation",
        Observation,
        write_observation,
        read_observation,
        (
            Part("components", ObservationComponent, "observation_id"),
            Part("members", ObservationMember, "panel_id", links=_RESULT),
        ),
        _WHOSE,
    ),
    Table(
        "DocumentReference",
        Note,
        write_note,
        read_note,
        (Part("signatures", NoteSignature, "note_id", links=_TREATS, sent=False),),
        (*_WHOSE, ("about_id", "DocumentReference")),
    ),
    Table(
        "DiagnosticReport",
        Report,
        write_report,
        read_report,
        (
            Part("results", ReportResult, "report_id", links=_RESULT),
            Part("note", Note, "id", own="note_id", sent=False),
        ),
        _WHOSE,
    ),
    Table(
        "MedicationRequest",
        Prescription,
        write_prescription,
        read_prescription,
        links=(*_WHOSE, ("renews_id", "MedicationRequest")),
    ),
    Table(
        "ClinicalImpression",
        Assessment,
        write_assessment,
        read_assessment,
        (Part("findings", Finding, "assessment_id"),),
        (*_WHOSE, ("previous_id", "ClinicalImpression")),
    ),
)

# The table behind a foreign key to a resource type.
MODELS: dict[str, type[models.Model]] = {
    table.kind: table.model for table in TABLES if table.model is not NoKnownAllergies
}
# Resources that belong to nobody and that others refer to; they become no row. They come first.
SHARED = ("Organization", "Location", "PractitionerRole", "Medication")
ORDER = (*SHARED, *dict.fromkeys(table.kind for table in TABLES))
