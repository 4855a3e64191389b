"""The kinds of CSV files: their columns, and what a row of each becomes.

docs/import-csv.md describes the same columns for the people who write the files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from clinik.imports import Mapped
from encounters.models import Diagnosis, Encounter, Patient, Practitioner
from encounters.models.diagnosis import Category, ClinicalStatus, Use, Verification
from encounters.models.encounter import CancelReason, Priority
from encounters.models.encounter import Status as VisitStatus
from records.csv_files import building
from records.csv_files.columns import Column, choice, key, other, text, time
from records.csv_files.values import boolean, day, limited, measured, moment, system, whole
from records.models import Observation, Prescription
from records.models.observation import Status as ObservationStatus
from records.models.prescription import Intent
from records.models.prescription import Priority as Urgency
from records.models.prescription import Status as PrescriptionStatus


@dataclass(frozen=True)
class Kind:
    """`build` completes a row whose plain columns are filled from the values of all columns; it
    raises BadCell. `identity` are the columns that tell rows without an id apart, besides what they
    are about (code, else display, else text); empty where each row needs an id.
    `build` and `model` are None for organisations,
    which become no row."""

    name: str
    resource: str
    model: type[models.Model] | None
    columns: tuple[Column, ...]
    build: Callable[[Mapped, dict[str, Any]], None] | None
    identity: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


# Where a row belongs: the columns that name rows of other files, and what those are called there.
REFERENCES = {
    "patient": ("Patient", "patients"),
    "visit": ("Encounter", "visits"),
    "practitioner": ("Practitioner", "practitioners"),
    "general_practitioner": ("Practitioner", "practitioners"),
}

_GENDERS = {"m": "male", "f": "female", "w": "female", "x": "other", "u": "unknown"}
_MARITAL = {
    "married": "M", "single": "S", "never married": "S", "divorced": "D", "widowed": "W",
    "separated": "L", "unknown": "UNK",
}  # fmt: skip
_STATUS_WORDS = {
    "in progress": "in-progress", "on leave": "onleave", "completed": "finished",
    "canceled": "cancelled",
}  # fmt: skip
_PRIORITIES = {
    "asap": "A", "elective": "EL", "emergency": "EM", "routine": "R", "stat": "S", "urgent": "UR",
}  # fmt: skip


def _identifiers() -> tuple[Column, ...]:
    return tuple(
        column
        for n in building.NUMBERED
        for column in (
            other(f"identifier{n}", limited(200)),
            other(f"identifier_system{n}", system),
            other(f"identifier_type{n}", limited(200)),
        )
    )


def _coded(
    model: type[models.Model], base: str, prefix: str = "", *, code: str = "", display: str = ""
) -> tuple[Column, ...]:
    """Code, code system and name of a coded value; `code` and `display` are aliases."""
    return (
        text(f"{prefix}code", model, code, field=f"{base}_code"),
        other(f"{prefix}system" if prefix else "code_system", system, field=f"{base}_system"),
        text(f"{prefix}display", model, display, field=f"{base}_display"),
    )


_RECORD = (
    key("id", "recordid"),
    key("patient", "patientid subject person personid", required=True),
    key("visit", "encounter visitid encounterid"),
)
_AUTHOR = key("practitioner", "provider practitionerid author doctor clinician performer")

PATIENTS = Kind(
    "patients",
    "Patient",
    Patient,
    (
        key("id", "patientid patient personid", required=True),
        other("mrn", limited(40), "clinicnumber"),
        text("family", Patient, "last lastname familyname surname"),
        text("given", Patient, "first firstname givenname givennames forename forenames"),
        text("known_as", Patient, "nickname preferredname"),
        other("name", limited(400), "fullname patientname"),
        text("prefix", Patient, "title"),
        choice("gender", Patient.Gender.values, "sex", field="gender", synonyms=_GENDERS),
        other("birth_date", day, "dob dateofbirth birthday born", empty=None),
        other("age", whole(0, 130), "ageinyears", empty=None),
        other("age_on", day, "agedate", empty=None),
        text("phone", Patient, "telephone mobile phonenumber tel"),
        text("email", Patient, "emailaddress mail"),
        text("address_line", Patient, "address street addressline1"),
        text("city", Patient, "town"),
        text("state", Patient, "county province"),
        text("postal_code", Patient, "zip zipcode postcode"),
        text("country", Patient),
        text("language", Patient),
        other(
            "interpreter_needed",
            boolean,
            "interpreter",
            field="interpreter_needed",
            empty=False,
        ),
        choice(
            "marital_status",
            Patient.MaritalStatus.values,
            "marital maritalstatus",
            field="marital_status",
            synonyms=_MARITAL,
        ),
        other("deceased", boolean, "dead", empty=None),
        other("deceased_at", moment, "deathdate dateofdeath died dod", empty=None),
        other("active", boolean, field="active", empty=True),
        key("general_practitioner", "gp generalpractitionerid"),
        *_identifiers(),
    ),
    building.patient,
)

PRACTITIONERS = Kind(
    "practitioners",
    "Practitioner",
    Practitioner,
    (
        key("id", "practitionerid providerid provider", required=True),
        other("npi", limited(200)),
        text("family", Practitioner, "last lastname familyname surname"),
        text("given", Practitioner, "first firstname givenname givennames forename"),
        other("name", limited(200), "fullname practitionername providername"),
        text("prefix", Practitioner, "title"),
        choice("gender", Patient.Gender.values, "sex", field="gender", synonyms=_GENDERS),
        text("specialty", Practitioner, "speciality"),
        text("phone", Practitioner, "telephone mobile phonenumber tel"),
        text("email", Practitioner, "emailaddress mail"),
        other("active", boolean, field="active", empty=True),
        *_identifiers(),
    ),
    building.practitioner,
)

VISITS = Kind(
    "visits",
    "Encounter",
    Encounter,
    (
        key("id", "visitid encounterid encounter visit", required=True),
        key("patient", "patientid subject person personid", required=True),
        choice("status", VisitStatus.values, "visitstatus", field="status", synonyms=_STATUS_WORDS),
        other("class", limited(100), "encounterclass visitclass"),
        time("start", "startdate starttime arrival arrivaltime admitted admissiondate begin"),
        time("end", "stop enddate endtime discharged dischargedate finish"),
        other("minutes", whole(0, 2_000_000_000), "length lengthminutes duration", empty=None),
        time("planned_start", "appointment appointmenttime scheduled", exact=True),
        other("planned_minutes", whole(1, 100_000), field="planned_minutes", empty=None),
        text("type", Encounter, "description visittype", field="type_text"),
        *_coded(Encounter, "type", "type_", code="code"),
        text("service_type", Encounter, "service department", field="service_type_text"),
        text("reason", Encounter, "complaint chiefcomplaint", field="reason_text"),
        *_coded(Encounter, "reason", "reason_", display="reasondescription"),
        choice("priority", Priority.values, "urgency", field="priority", synonyms=_PRIORITIES),
        text("location", Encounter, "room ward place"),
        key("service_provider", "organization organisation hospital facility"),
        key("practitioner", "provider practitionerid doctor clinician attending"),
        key("part_of", "parent partofvisit"),
        choice("cancel_reason", CancelReason.values, field="cancel_reason"),
    ),
    building.visit,
)  # fmt: skip

OBSERVATIONS = Kind(
    "observations",
    "Observation",
    Observation,
    (
        *_RECORD,
        time("time", "date datetime taken effective observedat", field="effective"),
        choice("status", ObservationStatus.values, field="status"),
        text("category", Observation),
        *_coded(Observation, "code"),
        text("text", Observation, "description name test observation", field="code_text"),
        other("value", measured, "result", empty=None),
        choice("value_type", ("numeric", "text"), "type", synonyms={"number": "numeric"}),
        text("unit", Observation, "units uom", field="value_unit"),
        text("unit_code", Observation, "ucum", field="value_unit_code"),
        text("interpretation", Observation, "flag"),
        text("range_low", Observation, "low"),
        text("range_high", Observation, "high"),
        text("range_text", Observation, "range referencerange"),
        time("issued", exact=True),
        _AUTHOR,
        text("note", Observation, "notes comment comments"),
    ),
    building.observation,
    ("patient", "visit", "time"),
)  # fmt: skip

DIAGNOSES = Kind(
    "diagnoses",
    "Condition",
    Diagnosis,
    (
        *_RECORD,
        *_coded(Diagnosis, "condition"),
        text("text", Diagnosis, "description diagnosis condition name", field="condition_text"),
        choice("use", Use.values, "diagnosisuse", field="use"),
        other("rank", whole(1, 1000), "diagnosisrank", field="rank", empty=None),
        choice("clinical_status", ClinicalStatus.values, "status"),
        choice("verification", Verification.values, "verificationstatus", field="verification"),
        choice("category", Category.values, synonyms={"problem": Category.PROBLEM.value}),
        time("onset", "start startdate onsetdate"),
        time("abatement", "stop end enddate abatementdate resolved"),
        time("recorded", "recordeddate", exact=True),
        _AUTHOR,
        text("note", Diagnosis, "notes comment comments"),
    ),
    building.diagnosis,
    ("patient", "visit", "onset"),
)  # fmt: skip

PRESCRIPTIONS = Kind(
    "prescriptions",
    "MedicationRequest",
    Prescription,
    (
        *_RECORD,
        time("authored", "date authoredon prescribed", field="effective"),
        choice("status", PrescriptionStatus.values, field="status"),
        choice("intent", Intent.values, field="intent"),
        choice("priority", Urgency.values, field="priority"),
        *_coded(Prescription, "medication"),
        text("text", Prescription, "description medication drug name", field="medication_text"),
        text("dosage", Prescription, "sig instructions", field="dosage_text"),
        text("dose", Prescription),
        text("route", Prescription),
        text("frequency", Prescription),
        time("start", "startdate"),
        time("end", "stop enddate"),
        text("quantity", Prescription),
        text("quantity_unit", Prescription),
        other("refills", whole(0, 10_000), "repeats", field="refills", empty=None),
        text("reason", Prescription, field="reason_text"),
        *_coded(Prescription, "reason", "reason_", display="reasondescription"),
        _AUTHOR,
        text("note", Prescription, "notes comment comments"),
    ),
    building.prescription,
    ("patient", "visit", "authored", "start"),
)  # fmt: skip

ORGANIZATIONS = Kind(
    "organizations",
    "Organization",
    None,
    (
        Column("id", limited(64), "", ("organizationid",), required=True),
        Column("name", limited(1000), "", ("organizationname",), required=True),
        other("phone", limited(100), "telephone"),
        other("address_line", limited(300), "address street"),
        other("city", limited(200), "town"),
        other("state", limited(100), "county province"),
        other("postal_code", limited(40), "zip zipcode postcode"),
        other("country", limited(100)),
    ),
    None,
)

KINDS = {
    kind.name: kind
    for kind in (
        ORGANIZATIONS, PRACTITIONERS, PATIENTS, VISITS, OBSERVATIONS, DIAGNOSES, PRESCRIPTIONS
    )
}  # fmt: skip
