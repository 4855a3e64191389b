"""Rows as Encounter (FHIR R4)."""

import datetime as dt
from typing import Any

from clinik.codes import ACT_PRIORITY, PARTICIPATION, UCUM
from encounters.fhir.writing import (
    Link,
    Parts,
    Resource,
    code_of,
    concept,
    filled,
    in_words,
    period,
    several,
    when,
)
from encounters.models.encounter import Priority, Status

DIAGNOSIS_ROLE = "http://terminology.hl7.org/CodeSystem/diagnosis-role"
PARTICIPANT_TYPE = "http://terminology.hl7.org/CodeSystem/participant-type"
# Why a visit was cancelled: R4 has no element for it.
CANCEL_REASON = "urn:clinik:cancel-reason"
ENTERED_IN_ERROR = "entered-in-error"
_LAST = "9999"


def write_encounter(row: Any, parts: Parts, link: Link) -> Resource:
    return filled(
        {
            "status": row.status,
            "class": filled(
                {
                    "system": row.class_system,
                    "code": row.class_code,
                    "display": row.class_display,
                }
            ),
            "type": several(concept(row, "type")),
            "serviceType": concept(row, "service_type"),
            "priority": write_priority(row.priority),
            "subject": link("Patient", row.patient_id, "patient"),
            "participant": _participants(row, parts, link),
            "period": _period(row),
            "length": write_length(row.length_minutes),
            "reasonCode": several(concept(row, "reason")),
            "diagnosis": _diagnoses(parts, link),
            "hospitalization": _hospitalization(parts),
            "location": _locations(row, parts),
            "serviceProvider": _named(row.service_provider),
            "partOf": link("Encounter", row.part_of_id, "part_of"),
            "statusHistory": _status_history(parts),
            "classHistory": _class_history(parts),
            "extension": _extensions(row),
        }
    )


def _named(text: str) -> Resource | None:
    """A Reference that has only words."""
    return {"display": text} if text else None


def write_priority(text: str) -> Resource | None:
    return code_of(ACT_PRIORITY, text) if text in Priority.values else in_words(text)


def _period(row: Any) -> Resource | None:
    """Of a planned visit: when it is booked for."""
    if row.status != Status.PLANNED or row.planned_start is None:
        return period(row)
    end = None
    if row.planned_minutes is not None:
        end = row.planned_start + dt.timedelta(minutes=row.planned_minutes)
    return filled({"start": when(row.planned_start), "end": when(end)})


def write_length(minutes: int | None) -> Resource | None:
    if minutes is None:
        return None
    return {"value": minutes, "unit": "min", "system": UCUM, "code": "min"}


def _participants(row: Any, parts: Parts, link: Link) -> list[Resource]:
    """The responsible one first, for who reads them takes the first attending one for it."""
    found = []
    for part in parts["participants"]:
        if part.removed:
            continue
        who = link("Practitioner", part.practitioner_id, "participant") or _named(part.name)
        mine = part.practitioner_id is not None and part.practitioner_id == row.practitioner_id
        attends = part.role_code == "ATND"
        sent = {"individual": who, "type": several(_role(part)), "period": period(part)}
        order = (not (mine and attends), not mine, *_order(part), part.role_code, str(who))
        found.append((order, filled(sent)))
    if row.practitioner_id is not None and not any(order[1] is False for order, _one in found):
        role = code_of(PARTICIPATION, "ATND")
        who = link("Practitioner", row.practitioner_id)
        found.append(((False, False, "", "", "", ""), filled({"individual": who, "type": [role]})))
    return [one for _order, one in sorted(found, key=lambda pair: pair[0]) if one]


def _role(part: Any) -> Resource | None:
    system = part.role_system
    if part.role_code and not system:
        system = PARTICIPATION if part.role_code.isupper() else PARTICIPANT_TYPE
    if not part.role_code:
        return in_words(part.role_display)
    return code_of(system, part.role_code, part.role_display)


def _order(part: Any) -> tuple[str, str]:
    """By time, whatever the order in which rows were written."""
    return tuple(  # type: ignore[return-value]
        moment.astimezone(dt.UTC).isoformat() if moment else missing
        for moment, missing in ((part.start, ""), (part.end, _LAST))
    )


def _diagnoses(parts: Parts, link: Link) -> list[Resource]:
    """Those with a use or a rank, and what was found here; in order of use and rank."""
    found = []
    for part in parts["diagnoses"]:
        reference = link("Condition", part.id)
        named = part.use or part.rank or not part.source
        if reference is None or part.verification == ENTERED_IN_ERROR or not named:
            continue
        sent = {
            "condition": reference,
            "use": code_of(DIAGNOSIS_ROLE, part.use),
            "rank": part.rank,
        }
        order = (part.use, part.rank is None, part.rank or 0, str(reference))
        found.append((order, filled(sent)))
    return [one for _order, one in sorted(found, key=lambda pair: pair[0])]


def _hospitalization(parts: Parts) -> Resource | None:
    for part in parts["hospitalization"]:
        source = filled({"system": part.admit_source_system, "code": part.admit_source_code})
        admit = filled({"coding": several(source), "text": part.admit_source_text})
        return filled(
            {
                "origin": _named(part.origin),
                "admitSource": admit,
                "reAdmission": in_words(part.re_admission),
                "dietPreference": several(in_words(part.diet)),
                "specialArrangement": several(in_words(part.special_arrangement)),
                "destination": _named(part.destination),
                "dischargeDisposition": concept(part, "disposition", more=False),
            }
        )
    return None


def _locations(row: Any, parts: Parts) -> list[Resource]:
    """Where it was, in order of time; where it is stands last."""
    stays = [stay for stay in parts["locations"] if stay.location]
    if not stays:
        return [{"location": {"display": row.location}}] if row.location else []
    found = [
        (
            (_order(stay)[0], stay.location == row.location, _order(stay)[1], stay.location),
            filled({"location": _named(stay.location), "period": period(stay)}),
        )
        for stay in stays
    ]
    places = [one for _order, one in sorted(found, key=lambda pair: pair[0])]
    if row.location and places[-1]["location"]["display"] != row.location:
        if all(place["location"]["display"] != row.location for place in places):
            places.append({"location": {"display": row.location}})
        else:
            last = [p for p in places if p["location"]["display"] == row.location][-1]
            last["status"] = "active"
    return places


def _status_history(parts: Parts) -> list[Resource]:
    """Past statuses; the open interval of a visit made here is its status now, no past one."""
    found = [
        ((*_order(part), part.status), {"status": part.status, "period": period(part)})
        for part in parts["statuses"]
        if part.withdrawn_at is None and (part.end is not None or part.source)
    ]
    return [filled(one) for _order, one in sorted(found, key=lambda pair: pair[0])]


def _class_history(parts: Parts) -> list[Resource]:
    found = []
    for part in parts["classes"]:
        if part.end is None and not part.source:
            continue
        coding = filled(
            {
                "system": part.class_system,
                "code": part.class_code,
                "display": part.class_display,
            }
        )
        order = (*_order(part), part.class_code)
        found.append((order, filled({"class": coding, "period": period(part)})))
    return [one for _order, one in sorted(found, key=lambda pair: pair[0])]


def _extensions(row: Any) -> list[Resource]:
    reason = row.cancel_text or row.cancel_reason
    return [{"url": CANCEL_REASON, "valueString": reason}] if reason else []
