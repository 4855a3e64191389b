"""Rows for tests, the same in each run: invented people with numbered names.

Visits made here stand in the database as a model says, without their verbs; a test about verbs
opens them by encounters.lifecycle. `EncounterFactory(status="finished")` brings the times that its
status asks for, and its status history.
"""

import datetime as dt
from typing import Any

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from clinik import clock, codes
from clinik.ids import uuid7
from clinik.models import User
from clinik.mrn import check_digit
from clinik.roles import CLINICIAN, NURSE
from encounters import lifecycle
from encounters.models import (
    Allergy,
    AmendmentRequest,
    Diagnosis,
    Disclosure,
    Encounter,
    Patient,
    Practitioner,
    StatusPeriod,
)
from encounters.models.encounter import OPEN, Status
from records.models import Assessment, Note, Observation, Prescription, Report

PASSWORD = "correct horse battery"


class UserFactory(DjangoModelFactory):
    """A login of a role: `UserFactory(role="Nurse")`; nurses and clinicians are practitioners.

    Pass practitioner=False for a clinician without one.
    """

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    first_name = "Uma"
    last_name = factory.Sequence(lambda n: f"Example{n}")

    @factory.post_generation
    def role(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        if create and extracted:
            self.groups.add(Group.objects.get(name=extracted))

    @factory.post_generation
    def practitioner(self, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        if not create or extracted is False:
            return
        names = {group.name for group in self.groups.all()}
        if extracted or names & {NURSE, CLINICIAN}:
            PractitionerFactory(user=self, family=self.last_name, given=self.first_name)

    @factory.post_generation
    def password(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        """No hashing unless a test logs in through the form: password=PASSWORD."""
        if extracted:
            self.set_password(extracted)
        else:
            self.set_unusable_password()
        if create:
            self.save(update_fields=["password"])


class PractitionerFactory(DjangoModelFactory):
    class Meta:
        model = Practitioner

    prefix = "Dr"
    given = "Prudence"
    family = factory.Sequence(lambda n: f"Practice{n}")


class PatientFactory(DjangoModelFactory):
    class Meta:
        model = Patient

    mrn = factory.Sequence(lambda n: f"{9_000_000 + n}{check_digit(str(9_000_000 + n))}")
    given = "Paula"
    family = factory.Sequence(lambda n: f"Person{n}")
    gender = "female"
    birth_date = dt.date(1980, 5, 17)


def _began(row: Any) -> dt.datetime | None:
    """Half an hour ago, to the second, where the status asks for a start."""
    if row.status in (*OPEN, Status.FINISHED):
        return clock.now().replace(microsecond=0) - dt.timedelta(minutes=30)
    return None


class EncounterFactory(DjangoModelFactory):
    class Meta:
        model = Encounter
        skip_postgeneration_save = True

    patient = factory.SubFactory(PatientFactory)
    status = Status.IN_PROGRESS
    class_system = codes.ACT_CODE
    class_code = "AMB"
    type_text = "Check-up"
    planned_start = factory.LazyAttribute(
        lambda row: clock.now() + dt.timedelta(hours=1) if row.status == Status.PLANNED else None
    )
    start = factory.LazyAttribute(_began)
    end = factory.LazyAttribute(
        lambda row: row.start + dt.timedelta(minutes=20) if row.status == Status.FINISHED else None
    )
    length_minutes = factory.LazyAttribute(
        lambda row: clock.whole_minutes(row.end - row.start) if row.end and row.start else None
    )
    cancel_reason = factory.LazyAttribute(
        lambda row: "patient" if row.status == Status.CANCELLED else ""
    )
    error_about = factory.LazyAttribute(
        lambda row: "opened-twice" if row.status == Status.ENTERED_IN_ERROR else ""
    )

    @factory.post_generation
    def status_history(self, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        """What the status says: a finished visit was in progress before; False for none."""
        if not create or extracted is False:
            return
        visit: Any = self
        if visit.status == Status.FINISHED:
            StatusPeriod.objects.create(
                encounter=visit, status=Status.IN_PROGRESS, start=visit.start, end=visit.end
            )
        since = visit.end or visit.start or clock.now()
        StatusPeriod.objects.create(encounter=visit, status=visit.status, start=since)


class DiagnosisFactory(DjangoModelFactory):
    class Meta:
        model = Diagnosis

    encounter = factory.SubFactory(EncounterFactory)
    patient = factory.SelfAttribute("encounter.patient")
    condition_text = "Essential hypertension"


class AllergyFactory(DjangoModelFactory):
    class Meta:
        model = Allergy

    patient = factory.SubFactory(PatientFactory)
    substance_text = "Penicillin"


class RecordFactory(DjangoModelFactory):
    """What every record of the chart has; the patient is the visit's."""

    class Meta:
        abstract = True

    encounter = factory.SubFactory(EncounterFactory)
    patient = factory.SelfAttribute("encounter.patient")
    effective = factory.LazyFunction(clock.now)


class ObservationFactory(RecordFactory):
    class Meta:
        model = Observation

    status = "final"
    code_system = codes.LOINC
    code_code = "8867-4"
    code_display = "Heart rate"
    value = "72"
    value_number = 72.0
    value_unit = "/min"
    value_unit_code = "/min"


class NoteFactory(RecordFactory):
    """A draft; `NoteFactory(signed=True)` is signed, with the digest of what it says."""

    class Meta:
        model = Note

    class Params:
        signed = False

    status = factory.LazyAttribute(lambda row: "final" if row.signed else "preliminary")
    author = factory.SubFactory(PractitionerFactory)
    content = "Feels well."
    signed_at = factory.LazyAttribute(lambda row: clock.now() if row.signed else None)
    digest = factory.LazyAttribute(lambda row: "0" * 64 if row.signed else "")


class PrescriptionFactory(RecordFactory):
    class Meta:
        model = Prescription

    author = factory.SubFactory(PractitionerFactory)
    medication_text = "Amlodipine 5 mg"


def imported_visit(source: str = "other", **fields: Any) -> Encounter:
    """A visit as an import creates it."""
    row = {"id": uuid7(), "patient_id": PatientFactory().pk, "status": "finished", **fields}
    lifecycle.create_imported([row], source=source)
    return Encounter.objects.get(pk=row["id"])


class ReportFactory(RecordFactory):
    class Meta:
        model = Report

    status = "final"
    code_text = "Lipid panel"
    source = "laboratory"


class AssessmentFactory(RecordFactory):
    class Meta:
        model = Assessment

    author = factory.SubFactory(PractitionerFactory)
    summary = "Blood pressure above the target."


class AmendmentFactory(DjangoModelFactory):
    """A request about the patient's details, not answered yet."""

    class Meta:
        model = AmendmentRequest

    patient = factory.SubFactory(PatientFactory)
    kind = "patient"
    row_id = factory.LazyAttribute(lambda made: made.patient.pk)
    row_version = 1
    asked_on = factory.LazyFunction(clock.today)
    text = "My name is written with an e."
    by = factory.SubFactory(UserFactory)


class DisclosureFactory(DjangoModelFactory):
    class Meta:
        model = Disclosure

    patient = factory.SubFactory(PatientFactory)
    at = factory.LazyFunction(clock.now)
    recipient = "Example Hospital"
    what = "Lab results of today"
    purpose = "treatment"
    means = "telephone"
    by = factory.SubFactory(UserFactory)
