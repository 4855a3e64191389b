"""Patient and Practitioner (FHIR R4), and the names of organisations and places."""

import datetime as dt
import re
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _

from clinik import mrn
from clinik.fhir import FhirError, parse_date, parse_reference
from clinik.imports import Mapped, Reading, Row
from clinik.models import MRN_SYSTEM
from encounters.fhir.common import (
    best,
    concept,
    contact_points,
    identifiers,
    is_restricted,
    keep_unless,
    timed,
    unsent,
    zone,
)
from encounters.fhir.write_people import (
    BIRTH_TIME,
    INTERPRETER,
    write_contacts,
    write_marital_status,
    write_names,
)
from encounters.models import (
    Patient,
    PatientContact,
    PatientIdentifier,
    Practitioner,
    PractitionerIdentifier,
)

# Patient.link.type: how two entries of a person that was merged name each other.
REPLACED_BY, REPLACES = "replaced-by", "replaces"
_GUARDIANS = frozenset({"GUARD", "guardian", "G", "PRN", "MTH", "FTH", "parent"})


def read_patient(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    numbers = identifiers(reading)
    fields: dict[str, Any] = _names(reading) | contact_points(reading) | _address(reading)
    fields["gender"] = _gender(reading)
    fields |= _birth(reading) | _death(reading) | _language(reading)
    fields["marital_status"] = _marital_status(reading)
    active = reading.boolean("active")
    fields["active"] = True if active is None else active
    own = next((mrn.normalise(v) for s, v, _kind in numbers if s == MRN_SYSTEM), "")
    if mrn.is_valid(own):
        fields["mrn"] = own
    mapped = Mapped(Patient, fields, parent="patient")
    mapped.identifiers = [(system, value) for system, value, _kind in numbers]
    mapped.parts = [
        Row(PatientIdentifier, {"system": system, "value": value, "type_text": kind})
        for system, value, kind in numbers
        if system != MRN_SYSTEM
    ]
    mapped.parts += _contacts(reading)
    practitioner = reading.first("generalPractitioner")
    mapped.links["general_practitioner"] = parse_reference(
        practitioner, reading.at("generalPractitioner[0]")
    )
    # The link itself stays in the rest: its target may never come.
    mapped.merges = [
        (parse_reference(item.obj.get("other"), item.at("other")), item.obj["type"])
        for item in reading.each("link")
        if item.obj.get("type") in (REPLACED_BY, REPLACES)
    ]
    reading.keep("link")
    mapped.raw = reading.rest()
    unsent(reading, mapped, "active", "gender")
    if is_restricted(resource):
        said = _("comes as restricted, and is open here until somebody restricts it")
        mapped.remarks.append((reading.at("meta.security"), said))
    return mapped


def read_practitioner(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    numbers = identifiers(reading)
    fields: dict[str, Any] = _names(reading) | contact_points(reading)
    known_as = fields.pop("known_as")
    if known_as and not fields["family"] and not fields["given"]:
        fields["family"] = known_as
    fields["gender"] = reading.text("gender")
    active = reading.boolean("active")
    fields["active"] = True if active is None else active
    mapped = Mapped(Practitioner, fields, parent="practitioner", raw=reading.rest())
    unsent(reading, mapped, "active")
    mapped.identifiers = [(system, value) for system, value, _kind in numbers]
    mapped.parts = [
        Row(PractitionerIdentifier, {"system": system, "value": value})
        for system, value in mapped.identifiers
    ]
    return mapped


def name_of(resource: dict[str, Any]) -> str:
    """What an organisation, a place or a person is called; empty where nothing says it."""
    name = resource.get("name")
    if isinstance(name, str):
        return name
    if isinstance(name, list):
        chosen = best([item for item in name if isinstance(item, dict)], "official", "usual") or {}
        parts = [*(chosen.get("prefix") or []), *(chosen.get("given") or []), chosen.get("family")]
        return str(chosen.get("text") or " ".join(str(part) for part in parts if part))
    return str(resource.get("description") or "")


def _names(reading: Reading) -> dict[str, str]:
    names = reading.take("name") or []
    for number, item in enumerate(names):
        for key in ("family", "text", "use"):
            Reading(item, f"{reading.at('name')}[{number}]").text(key)
    # A maiden or former name is not how the person is called today.
    today = [name for name in names if name.get("use") not in ("maiden", "old", "nickname")]
    chosen = best(today, "official", "usual") or (names[0] if names else {})
    nickname = next((name for name in names if name.get("use") == "nickname"), None)
    fields = {
        "family": str(chosen.get("family", "")),
        "given": " ".join(str(part) for part in chosen.get("given", []) if part),
        "prefix": " ".join(str(part) for part in chosen.get("prefix", []) if part),
        "known_as": _called(nickname) if nickname else "",
    }
    if not any((fields["family"], fields["given"], fields["known_as"])):
        fields["known_as"] = str(chosen.get("text", ""))
    keep_unless(reading, "name", write_names(SimpleNamespace(**fields)))
    return fields


def _called(name: dict[str, Any]) -> str:
    return " ".join(str(part) for part in name.get("given", []) if part) or name.get("text", "")


def _gender(reading: Reading) -> str:
    gender = reading.text("gender")
    if gender and gender not in Patient.Gender.values:
        reason = _("“%(code)s” is no R4 gender") % {"code": gender[:50]}
        raise FhirError(reading.at("gender"), reason)
    return gender or Patient.Gender.UNKNOWN.value


def _address(reading: Reading) -> dict[str, str]:
    addresses = reading.take("address") or []
    chosen = best(addresses, "home")
    if chosen is None:
        return dict.fromkeys(("address_line", "city", "state", "postal_code", "country"), "")
    lines = [str(line) for line in chosen.get("line", []) if line]
    known = {"use", "line", "city", "state", "postalCode", "country"}
    if len(addresses) > 1 or not chosen.keys() <= known - {"use"} or len(lines) > 1:
        reading.keep("address")
    inner = Reading(chosen, reading.at("address"))
    return {
        "address_line": ", ".join(lines) or inner.text("text"),
        "city": inner.text("city"),
        "state": inner.text("state"),
        "postal_code": inner.text("postalCode"),
        "country": inner.text("country"),
    }


def _birth(reading: Reading) -> dict[str, Any]:
    value = reading.take("birthDate")
    fields: dict[str, Any] = {"birth_date": None, "birth_date_unknown": value is None}
    if value is not None:
        day, precision = parse_date(value, reading.at("birthDate"))
        fields |= {"birth_date": day, "birth_date_precision": precision}
    fields["birth_time"] = _birth_time(reading)
    born_as = reading.obj.get("multipleBirthInteger")
    fields["multiple_birth"] = None
    if born_as is not None:
        fields["multiple_birth"] = reading.whole("multipleBirthInteger")
    return fields


def _birth_time(reading: Reading) -> dt.time | None:
    """The clock time of the birth as it was written, whatever its zone."""
    element = reading.obj.get("_birthDate")
    extensions = element.get("extension", []) if isinstance(element, dict) else []
    sent = next((e.get("valueDateTime") for e in extensions if e.get("url") == BIRTH_TIME), None)
    match = re.search(r"T(\d\d):(\d\d)", sent) if isinstance(sent, str) else None
    return dt.time(int(match[1]), int(match[2])) if match and int(match[1]) < 24 else None


def _death(reading: Reading) -> dict[str, Any]:
    at = reading.time("deceasedDateTime", zone())
    if at is not None:
        return {"deceased": True, **timed("deceased_at", at)}
    deceased = reading.boolean("deceasedBoolean") or False
    if not deceased:
        # That somebody said so has no column.
        reading.keep("deceasedBoolean")
    return {"deceased": deceased, "deceased_at": None}


def _language(reading: Reading) -> dict[str, Any]:
    communications = list(reading.each("communication"))
    if len(communications) > 1:
        reading.keep("communication")
    preferred = [c for c in communications if c.obj.get("preferred") is True]
    chosen = next(iter(preferred or communications), None)
    needed = any(
        extension.get("url") == INTERPRETER and extension.get("valueBoolean") is True
        for extension in reading.obj.get("extension") or []
        if isinstance(extension, dict)
    )
    language = str(concept(chosen, "language")) if chosen else ""
    keep_unless(reading, "communication", [{"language": {"text": language}}])
    return {"language": language, "interpreter_needed": needed}


def _marital_status(reading: Reading) -> str:
    value = concept(reading, "maritalStatus")
    if value.code in Patient.MaritalStatus.values:
        keep_unless(reading, "maritalStatus", write_marital_status(value.code))
        return value.code
    reading.keep("maritalStatus")
    return ""


def _contacts(reading: Reading) -> list[Row]:
    rows = []
    for contact in reading.each("contact"):
        name = name_of({"name": [contact.obj["name"]]} if "name" in contact.obj else {})
        if not name:
            reading.keep("contact")
            continue
        codes = set()
        words = []
        for relation in contact.obj.get("relationship") or []:
            codes |= {coding.get("code") for coding in relation.get("coding", [])}
            inner = Reading({"relation": relation}, contact.at("relationship"))
            words.append(str(concept(inner, "relation")))
        fields = {
            "name": name,
            "relationship": ", ".join(word for word in words if word),
            "phone": contact_points(contact)["phone"],
            "is_guardian": bool(codes & _GUARDIANS),
        }
        rows.append(Row(PatientContact, fields))
    known = [SimpleNamespace(active=True, **row.fields) for row in rows]
    keep_unless(reading, "contact", write_contacts(known))
    return rows
