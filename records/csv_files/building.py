"""What the columns of a row mean together: a name, a birth date, the end of a visit, a value."""

import datetime as dt
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from clinik import codes, mrn
from clinik.clock import Precision
from clinik.imports import Mapped, Row
from clinik.models import MRN_SYSTEM
from encounters.fhir.common import UNSENT
from encounters.models import PatientIdentifier, PractitionerIdentifier
from encounters.models.diagnosis import Category, ClinicalStatus
from encounters.models.encounter import EncounterClass, Status
from encounters.opening import class_columns
from records.bundle.targets import Target
from records.csv_files.values import BadCell, Measured

Values = dict[str, Any]

# The columns of identifiers are numbered from the second on.
NUMBERED = ("", "_2", "_3", "_4")
_CLASSES = {code.casefold(): code for code in EncounterClass.values} | {
    "ambulatory": "AMB", "outpatient": "AMB", "inpatient": "IMP", "emergency": "EMER",
    "home": "HH", "home health": "HH", "virtual": "VR",
}  # fmt: skip


def patient(row: Mapped, values: Values) -> None:
    if values.get("name"):
        _split_name(row, values["name"])
    if not any(row.fields.get(name) for name in ("family", "given", "known_as")):
        raise BadCell(_("there is no name: fill in one of them"), "family, given, known_as, name")
    if "gender" in row.fields:
        row.fields["gender"] = row.fields["gender"] or "unknown"
    _birth(row, values)
    if "deceased" in values or "deceased_at" in values:
        at = values.get("deceased_at")
        died = bool(at or values.get("deceased"))
        row.fields |= {"deceased": died, "deceased_at": at.instant if at else None}
        row.fields["deceased_at_precision"] = at.precision if at else Precision.INSTANT.value
    _unsent(row, active=values.get("active"), gender=values.get("gender"))
    row.parent = "patient"
    _identifiers(row, values, PatientIdentifier)
    if number := values.get("mrn"):
        if not mrn.is_valid(mrn.normalise(number)):
            raise BadCell(_("is no clinic number of ours: its check digit is wrong"), "mrn")
        row.fields["mrn"] = mrn.normalise(number)
        row.identifiers.append((MRN_SYSTEM, number))
    if "general_practitioner" in values:
        row.links["general_practitioner"] = to("Practitioner", values["general_practitioner"])


def practitioner(row: Mapped, values: Values) -> None:
    if values.get("name"):
        _split_name(row, values["name"])
        # Practitioners have no name to be called by: the whole of it is the family name.
        if called := row.fields.pop("known_as", ""):
            row.fields["family"] = row.fields.get("family") or called
    if not (row.fields.get("family") or row.fields.get("given")):
        raise BadCell(_("there is no name: fill in one of them"), "family, given, name")
    _unsent(row, active=values.get("active"))
    row.parent = "practitioner"
    _identifiers(row, values, PractitionerIdentifier)
    if number := values.get("npi"):
        row.identifiers.append((codes.NPI, number))
        row.parts.append(Row(PractitionerIdentifier, {"system": codes.NPI, "value": number}))


def visit(row: Mapped, values: Values) -> None:
    fields = row.fields
    fields["status"] = fields.get("status") or Status.UNKNOWN.value
    _unsent(row, length=values.get("minutes"))
    row.parent = "encounter"
    if "class" in values:
        fields |= _class(values["class"])
    _visit_times(fields, values)
    row.links["patient"] = to("Patient", values["patient"])
    if "practitioner" in values:
        row.links["practitioner"] = to("Practitioner", values["practitioner"])
    if "part_of" in values:
        row.links["part_of"] = to("Encounter", values["part_of"])
    if "service_provider" in values:
        # The name of the organisation with that id, where one was imported; else these words.
        row.names["service_provider"] = to("Organization", values["service_provider"])


def observation(row: Mapped, values: Values) -> None:
    fields = row.fields
    if not any(fields.get(f"code_{part}") for part in ("code", "display", "text")):
        raise BadCell(_("it is not said what was observed"), "code, display, text")
    fields["status"] = fields.get("status") or "unknown"
    if "value" in values:
        fields |= _value(values["value"], values.get("value_type", ""))
    _record(row, values)


def diagnosis(row: Mapped, values: Values) -> None:
    fields = row.fields
    if not any(fields.get(f"condition_{part}") for part in ("code", "display", "text")):
        raise BadCell(_("it is not said what was diagnosed"), "code, display, text")
    place = Category.ENCOUNTER if values.get("visit") else Category.PROBLEM
    fields["category"] = values.get("category") or place.value
    status = values.get("clinical_status", "")
    if not status and fields.get("abatement"):
        # R4 (con-4) wants one of three where it is over; this one says no more than that.
        status = ClinicalStatus.RESOLVED.value
    fields["clinical_status"] = status
    for name in ("use", "verification"):
        fields.setdefault(name, "")
    _unsent(row, category=values.get("category") or None, recordedDate=values.get("recorded"))
    if fields.get("recorded") is None:
        fields.pop("recorded", None)
    _record(row, values)


def prescription(row: Mapped, values: Values) -> None:
    fields = row.fields
    for part in ("code", "display", "text"):
        fields.setdefault(f"medication_{part}", "")
    if not any(fields[f"medication_{part}"] for part in ("code", "display", "text")):
        raise BadCell(_("it is not said what was prescribed"), "code, display, text")
    fields["status"] = fields.get("status") or "unknown"
    _record(row, values)


def organization(values: Values) -> dict[str, Any]:
    """The FHIR resource: an organisation becomes no row, its name is looked up by its id."""
    address = {
        "line": [values["address_line"]] if values.get("address_line") else [],
        "city": values.get("city", ""),
        "state": values.get("state", ""),
        "postalCode": values.get("postal_code", ""),
        "country": values.get("country", ""),
    }
    address = {name: value for name, value in address.items() if value}
    phone = values.get("phone")
    return {
        "resourceType": "Organization",
        "id": values["id"],
        "name": values["name"],
        **({"telecom": [{"system": "phone", "value": phone}]} if phone else {}),
        **({"address": [address]} if address else {}),
    }


def to(kind: str, id: str) -> Target | None:
    """What the source calls `id`, which may be any text; None for an empty one."""
    return Target(kind, id, sent=(f"{kind}/{id}", id, None)) if id else None


def _record(row: Mapped, values: Values) -> None:
    row.links["patient"] = to("Patient", values["patient"])
    row.links["encounter"] = to("Encounter", values.get("visit", ""))
    if "practitioner" in values:
        row.links["author"] = to("Practitioner", values["practitioner"])


def _unsent(row: Mapped, **elements: Any) -> None:
    """Elements that a row fills all the same, and an export does not tell."""
    if names := [name for name, value in elements.items() if value is None or value == ""]:
        row.raw[UNSENT] = names


def _split_name(row: Mapped, name: str) -> None:
    """ "Family, Given" is taken apart; a name without a comma is not guessed at."""
    family, comma, given = (part.strip() for part in name.partition(","))
    found = {"family": family, "given": given} if comma else {"known_as": name}
    for field, words in found.items():
        if len(words) > 200:
            reason = _("is longer than %(most)s characters: shorten it, or has the row slipped?")
            raise BadCell(reason % {"most": 200}, "name")
        row.fields[field] = row.fields.get(field) or words


def _birth(row: Mapped, values: Values) -> None:
    """The birth date, else one estimated from an age and the day it was true on."""
    if not {"birth_date", "age"} & values.keys():
        return
    found, age = values.get("birth_date"), values.get("age")
    estimated = found is None and age is not None
    if estimated:
        on = values.get("age_on")
        if on is None:
            reason = _("needs the day it was true on: a column or a constant of the map, age_on")
            raise BadCell(reason, "age")
        year = on[0].year - age
        if year < 1:
            raise BadCell(_("is before the year 1"), "age_on")
        found = (dt.date(year, 1, 1), Precision.YEAR.value)
    row.fields |= {
        "birth_date": found[0] if found else None,
        "birth_date_precision": found[1] if found else Precision.DAY.value,
        "birth_date_estimated": estimated,
        "birth_date_unknown": found is None,
    }


def _identifiers(row: Mapped, values: Values, model: type[models.Model]) -> None:
    seen = set()
    for n in NUMBERED:
        value = values.get(f"identifier{n}", "")
        where = values.get(f"identifier_system{n}", "")
        if not value or (where, value) in seen:
            continue
        seen.add((where, value))
        row.identifiers.append((where, value))
        fields = {"system": where, "value": value}
        if model is PatientIdentifier:
            fields["type_text"] = values.get(f"identifier_type{n}", "")
        row.parts.append(Row(model, fields))


def _class(text: str) -> dict[str, str]:
    """One of the classes offered here, by its code or in words; any other as it was sent."""
    code = _CLASSES.get(text.casefold())
    if code is None:
        return {"class_system": "", "class_code": text, "class_display": ""}
    return class_columns(code)


def _visit_times(fields: dict[str, Any], values: Values) -> None:
    start, end, minutes = fields.get("start"), fields.get("end"), values.get("minutes")
    precisions = [fields.get(f"{name}_precision") for name in ("start", "end") if fields.get(name)]
    exact = all(precision == Precision.INSTANT for precision in precisions)
    if start and not end and minutes is not None and exact:
        end = fields["end"] = _later(start, minutes)
        fields["end_precision"] = Precision.INSTANT.value
    if start and end and exact and end < start:
        raise BadCell(_("is before the start"), "end")
    if fields["status"] == Status.PLANNED and start:
        # As FHIR has it: the period of a planned visit is what it was booked for.
        if not fields.get("planned_start"):
            fields["planned_start"] = start
            span = (end - start).total_seconds() // 60 if end else None
            fields["planned_minutes"] = fields.get("planned_minutes") or (span and int(span))
        fields |= {"start": None, "end": None}
    elif minutes is None and start and end and exact and fields["status"] == Status.FINISHED:
        minutes = int((end - start).total_seconds() // 60)
    if "minutes" in values or {"start", "end"} <= fields.keys():
        fields["length_minutes"] = minutes


def _later(start: dt.datetime, minutes: int) -> dt.datetime:
    try:
        return start + dt.timedelta(minutes=minutes)
    except OverflowError as error:
        raise BadCell(_("is out of range"), "minutes") from error


def _value(measured: Measured | None, kind: str) -> dict[str, Any]:
    """A number with its digits, else words. What looks like a number and is none is refused, or it
    would be missing from every chart without anybody knowing."""
    empty = {"value": "", "value_number": None, "value_comparator": "", "value_text": ""}
    if measured is None or kind == "text":
        return empty | {"value_text": measured.text if measured else ""}
    if measured.digits:
        return empty | {
            "value": measured.digits,
            "value_number": float(measured.digits),
            "value_comparator": measured.comparator,
        }
    if kind == "numeric" or measured.like_a_number:
        reason = _(
            'is no number: write 37.5 (for a decimal comma say  decimal = ","  in the map), or'
            " “text” in the column value_type"
        )
        raise BadCell(reason, "value")
    return empty | {"value_text": measured.text}
