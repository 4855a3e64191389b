"""Rows as Patient, Flag and Practitioner (FHIR R4)."""

import datetime as dt
from typing import Any

from clinik import clock
from clinik.models import MRN_SYSTEM
from encounters.fhir.common import zone
from encounters.fhir.writing import (
    Link,
    Parts,
    Resource,
    code_of,
    day,
    filled,
    in_words,
    several,
    telecom,
    when,
    words,
)
from encounters.models.encounter import DATE_UNKNOWN

ENTERED_IN_ERROR = "entered-in-error"
BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
INTERPRETER = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
MARITAL_STATUS = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
NULL_FLAVOR = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
# What R4 has no element for.
ESTIMATED = "urn:clinik:birth-date-estimated"
UNVERIFIED = "urn:clinik:identity-not-verified"


def write_patient(row: Any, parts: Parts, link: Link) -> Resource:
    numbers = sorted((one.system, one.value, one.type_text) for one in parts["identifiers"])
    return filled(
        {
            "identifier": [
                {"system": MRN_SYSTEM, "value": row.mrn},
                *(
                    filled({"system": system, "value": value, "type": in_words(kind)})
                    for system, value, kind in numbers
                ),
            ],
            "active": row.active,
            "name": write_names(row),
            "telecom": telecom(row),
            "gender": row.gender,
            **_birth(row),
            **_death(row),
            "address": several(_address(row)),
            "maritalStatus": write_marital_status(row.marital_status),
            "contact": write_contacts(parts["contacts"]),
            "communication": several(row.language and {"language": {"text": row.language}}),
            "generalPractitioner": several(
                link("Practitioner", row.general_practitioner_id, "general_practitioner")
            ),
            "link": _links(row, parts, link),
            "extension": _extensions(row),
        }
    )


def write_names(row: Any) -> list[Resource]:
    known_as = row.known_as
    if not (row.family or row.given):
        return [{"use": "usual", "text": known_as}] if known_as else []
    name = filled(
        {
            "use": "official",
            "family": row.family,
            "given": words(row.given),
            "prefix": words(row.prefix),
        }
    )
    return [name, {"use": "nickname", "text": known_as}] if known_as else [name]


def _birth(row: Any) -> Resource:
    if row.birth_date is None:
        return {"multipleBirthInteger": row.multiple_birth}
    found: Resource = {
        "birthDate": day(row.birth_date, row.birth_date_precision),
        "multipleBirthInteger": row.multiple_birth,
    }
    if row.birth_time is not None and row.birth_date_precision == clock.Precision.DAY:
        at = dt.datetime.combine(row.birth_date, row.birth_time, tzinfo=zone())
        found["_birthDate"] = {"extension": [{"url": BIRTH_TIME, "valueDateTime": when(at)}]}
    return found


def _death(row: Any) -> Resource:
    if row.deceased_at is not None:
        return {"deceasedDateTime": when(row.deceased_at, row.deceased_at_precision)}
    return {"deceasedBoolean": True} if row.deceased else {}


def _address(row: Any) -> Resource:
    return filled(
        {
            "line": several(row.address_line),
            "city": row.city,
            "state": row.state,
            "postalCode": row.postal_code,
            "country": row.country,
        }
    )


def write_marital_status(code: str) -> Resource | None:
    return code_of(NULL_FLAVOR if code == "UNK" else MARITAL_STATUS, code)


def write_contacts(contacts: Any) -> list[Resource]:
    """Those of today; a guardian is one by a code, for the words may say anything."""
    rows = sorted(
        (one.name, one.relationship, one.phone, one.is_guardian) for one in contacts if one.active
    )
    return [
        filled(
            {
                "name": {"text": name},
                "relationship": several(_relationship(relationship, guardian)),
                "telecom": [{"system": "phone", "value": phone}] if phone else None,
            }
        )
        for name, relationship, phone, guardian in rows
    ]


def _relationship(text: str, guardian: bool) -> Resource | None:
    if not guardian:
        return in_words(text)
    return {"coding": [{"system": ROLE_CODE, "code": "GUARD"}], "text": text or "guardian"}


def _links(row: Any, parts: Parts, link: Link) -> list[Resource]:
    """A merge: the entry that stands for this one, or those that this one stands for."""
    found = []
    if row.merged_into_id:
        found.append(("replaced-by", link("Patient", row.merged_into_id)))
    found += [("replaces", link("Patient", other.id)) for other in parts["merged"]]
    pairs = [(str(other["reference"]), kind) for kind, other in found if other]
    return [{"other": {"reference": text}, "type": kind} for text, kind in sorted(pairs)]


def _extensions(row: Any) -> list[Resource]:
    told = (
        (INTERPRETER, row.interpreter_needed),
        (ESTIMATED, row.birth_date_estimated),
        (UNVERIFIED, row.identity_unverified),
    )
    return [{"url": url, "valueBoolean": True} for url, true in told if true]


def write_flag(row: Any, parts: Parts, link: Link) -> Resource:
    """An alert."""
    over = row.end is not None and row.end <= max(clock.now(), row.start)
    return filled(
        {
            "status": "inactive" if over else "active",
            "code": in_words(row.text),
            "subject": link("Patient", row.patient_id, "patient"),
            "encounter": link("Encounter", row.encounter_id, "encounter"),
            "period": write_alert_period(row.start, row.end),
            "author": link("Practitioner", row.author_id, "author"),
        }
    )


def write_alert_period(start: dt.datetime, end: dt.datetime | None) -> Resource | None:
    known = start if start > DATE_UNKNOWN else None
    return filled({"start": when(known), "end": when(end if end != DATE_UNKNOWN else None)}) or None


def write_practitioner(row: Any, parts: Parts, link: Link) -> Resource:
    numbers = sorted((one.system, one.value) for one in parts["identifiers"])
    name = {"family": row.family, "given": words(row.given), "prefix": words(row.prefix)}
    return filled(
        {
            "identifier": [filled({"system": system, "value": value}) for system, value in numbers],
            "active": row.active,
            "name": several(filled(name)),
            "telecom": telecom(row),
            "gender": row.gender,
            "qualification": several(row.specialty and {"code": {"text": row.specialty}}),
        }
    )
