"""A row of every table that the admin shows, for its tests."""

import datetime as dt
from itertools import count
from typing import Any

from clinik import audit, clock
from clinik.models import (
    Code,
    Draft,
    ImportedIdentifier,
    ImportedResource,
    ImportFile,
    ImportRun,
    PendingReference,
)
from clinik.roles import CLINICIAN
from clinik.sealing import seal_events
from clinik.session_store import SessionStore
from encounters.models import (
    ClassPeriod,
    EmergencyAccess,
    Encounter,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    NoKnownAllergies,
    NotSamePerson,
    Patient,
    PatientAlert,
    PatientContact,
    PatientIdentifier,
    PatientMerge,
    Practitioner,
    PractitionerIdentifier,
)
from records.models import (
    Finding,
    Note,
    NoteSignature,
    NoteTemplate,
    ObservationComponent,
    ObservationMember,
    ReportResult,
)
from tests.factories import (
    AllergyFactory,
    AmendmentFactory,
    AssessmentFactory,
    DiagnosisFactory,
    DisclosureFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PrescriptionFactory,
    ReportFactory,
    UserFactory,
)

_numbers = count(1)


def make_rows(number: int) -> None:
    """`number` more rows of every table."""
    for _each in range(number):
        _one(next(_numbers))


def _one(number: int) -> None:
    user = UserFactory(role=CLINICIAN)
    author = Practitioner.objects.get(user=user)
    visit = EncounterFactory(practitioner=author, location=f"Room {number}")
    _people(visit, author, number)
    _parts(visit, author)
    _chart(visit, author)
    run = ImportRun.objects.create(
        source="demo",
        started=clock.now(),
        by=user,
        files=["a.json"],
        counts={"Patient": {"created": 1}},
        failures=[{"file": "b.json", "place": "entry[0]", "reason": "no"}],
    )
    ImportedResource.objects.create(
        source="demo",
        resource_type="Patient",
        resource_id=f"p{number}",
        row_model="encounters.patient",
        row_id=visit.patient_id,
        digest="0" * 64,
        run=run,
    )
    told = {"file": "a.json", "place": "entry[0]", "reason": "Not known."}
    ImportFile.objects.create(
        run=run,
        number=1,
        name="a.json",
        digest=f"{number:064x}",
        size=9,
        state="refused",
        report={"counts": {"Patient": {"created": 1}}, "failures": [told], "warnings": [told]},
    )
    ImportedIdentifier.objects.create(
        source="demo", resource_type="Location", value=f"{number}", resource_id=f"l{number}"
    )
    PendingReference.objects.create(
        source="demo",
        target_type="Practitioner",
        target_id=f"d{number}",
        row_model="encounters.encounter",
        row_id=visit.pk,
        name="practitioner",
    )
    Draft.objects.create(
        user=user, form="note", target=str(visit.pk), payload={"content": "half a word"}
    )
    Code.objects.create(system="urn:own", code=f"C{number}", display=f"Own {number}")
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session.create()
    audit.record_view(visit, by=user)
    seal_events()


def _people(visit: Encounter, author: Practitioner, number: int) -> None:
    patient = visit.patient
    PatientIdentifier.objects.create(patient=patient, value=f"N{number}", system="urn:x")
    PatientContact.objects.create(patient=patient, name="Carla Contact")
    PatientAlert.objects.create(patient=patient, text="Falls", start=clock.now(), author=author)
    PractitionerIdentifier.objects.create(practitioner=author, value=f"{number}", system="urn:x")
    other: Patient = PatientFactory()
    first, second = sorted((patient, other), key=lambda row: row.pk)
    NotSamePerson.objects.create(first=first, second=second, by=author.user)
    by: Any = author.user
    now = clock.now()
    EmergencyAccess.objects.create(
        user=by,
        patient=patient,
        reason="Called",
        start=now,
        until=now + dt.timedelta(hours=1),
    )
    AmendmentFactory(patient=patient, by=by)
    DisclosureFactory(patient=patient, by=by)
    PatientMerge.objects.create(gone=other, kept=patient, by=by, at=now, reason="Card")


def _parts(visit: Encounter, author: Practitioner) -> None:
    ClassPeriod.objects.create(encounter=visit, class_code="AMB", start=visit.start)
    LocationPeriod.objects.create(encounter=visit, location="Room", start=visit.start)
    EncounterParticipant.objects.create(encounter=visit, practitioner=author, role_code="CON")
    Hospitalization.objects.create(encounter=visit, admit_source_code="emd")
    visit.status_history.update(by=author.user)


def _chart(visit: Encounter, author: Practitioner) -> None:
    rows = {"encounter": visit, "patient": visit.patient, "author": author}
    DiagnosisFactory(**rows)
    AllergyFactory(**rows)
    NoKnownAllergies.objects.create(patient=PatientFactory(), by=author.user)
    observation = ObservationFactory(**rows)
    ObservationComponent.objects.create(
        observation=observation, code_code="8480-6", code_text="Systolic", value="120"
    )
    ReportResult.objects.create(report=ReportFactory(**rows), observation=observation)
    ObservationMember.objects.create(panel=ObservationFactory(**rows), observation=observation)
    note: Note = NoteFactory(signed=True, **rows)
    assert author.user is not None
    NoteSignature.objects.create(
        note=note, practitioner=author, by=author.user, at=clock.now(), digest=note.digest
    )
    NoteTemplate.objects.create(practitioner=author, name="Own", body="S:")
    PrescriptionFactory(**rows)
    assessment = AssessmentFactory(**rows)
    Finding.objects.create(assessment=assessment, finding_text="High pressure")
