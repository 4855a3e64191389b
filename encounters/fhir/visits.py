"""Encounter (FHIR R4): the visit with its participants, periods, places and hospitalisation."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from clinik.fhir import FhirError, Number, Reference, check_status, parse_reference, read_quantity
from clinik.imports import Mapped, Reading, Row
from encounters.fhir.common import (
    coded,
    coding,
    concept,
    first_concept,
    identifiers,
    keep_unless,
    may_be_practitioner,
    period,
    unsent,
)
from encounters.fhir.write_visits import DIAGNOSIS_ROLE, write_length, write_priority
from encounters.fhir.writing import code_of
from encounters.models import (
    ClassPeriod,
    Encounter,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    StatusPeriod,
)
from encounters.models.diagnosis import Use
from encounters.models.encounter import Status

# UCUM and the units that senders write instead, in minutes.
_MINUTES = {
    "min": Decimal(1), "minutes": Decimal(1), "h": Decimal(60), "hours": Decimal(60),
    "d": Decimal(1440), "days": Decimal(1440), "wk": Decimal(10080), "s": Decimal(1) / 60,
}  # fmt: skip
# The column's limit, and longer than any stay.
_MOST_MINUTES = 2_000_000_000


def read_encounter(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    fields: dict[str, Any] = {
        "status": check_status("Encounter", reading.take("status"), reading.at("status")),
        **coding("class", reading.take("class", known="system code display"), reading.at("class")),
        **coded("type", first_concept(reading, "type")),
        **coded("service_type", concept(reading, "serviceType")),
        **coded("reason", first_concept(reading, "reasonCode")),
        "priority": _priority(reading),
    }
    fields |= _times(reading, fields["status"])
    mapped = Mapped(Encounter, fields, parent="encounter")
    mapped.identifiers = [(system, value) for system, value, _kind in identifiers(reading)]
    reading.keep("identifier")
    for name, key in (("patient", "subject"), ("part_of", "partOf")):
        mapped.links[name] = reading.reference(key)
    provider = mapped.names["service_provider"] = reading.reference("serviceProvider")
    if provider and provider.kind != "display":
        # The column holds what it is called.
        reading.keep("serviceProvider")
    mapped.parts = [*_participants(reading, mapped), *_histories(reading)]
    mapped.parts += _locations(reading, mapped)
    mapped.parts += _hospitalization(reading)
    mapped.conditions = _conditions(reading)
    mapped.fields["length_minutes"] = _length(reading, mapped)
    mapped.raw = reading.rest()
    unsent(reading, mapped, "length")
    return mapped


def _priority(reading: Reading) -> str:
    value = concept(reading, "priority")
    text = value.code or str(value)
    keep_unless(reading, "priority", write_priority(text))
    return text


def _times(reading: Reading, status: str) -> dict[str, Any]:
    """A period on a planned visit is when it was booked for, for how long."""
    sent = period(reading, "period")
    if status != Status.PLANNED:
        return {"planned_start": None, "planned_minutes": None, **sent}
    start, end = sent["start"], sent["end"]
    minutes = None
    if start and end:
        minutes = max(0, int((end - start).total_seconds() // 60))
    exact = {sent.get("start_precision"), sent.get("end_precision")} <= {"instant", None}
    if not exact or (end and not start):
        reading.keep("period")
    return {"planned_start": start, "planned_minutes": minutes, "start": None, "end": None}


def _length(reading: Reading, mapped: Mapped) -> int | None:
    """Encounter.length; else, of a finished visit, from start to end less the time on leave."""
    if reading.obj.get("length") is not None:
        duration = read_quantity(reading.obj["length"], reading.at("length"))
        factor = _MINUTES.get(duration.code) or _MINUTES.get(duration.unit)
        if factor and duration.value and not duration.comparator:
            minutes = Number(duration.value) * factor
            if 0 <= minutes <= _MOST_MINUTES:
                if reading.obj["length"] == write_length(int(minutes)):
                    reading.take("length")
                return int(minutes)
        return None
    start, end = mapped.fields["start"], mapped.fields["end"]
    exact = mapped.fields.get("start_precision") == mapped.fields.get("end_precision") == "instant"
    if mapped.fields["status"] != Status.FINISHED or not (start and end and exact):
        return None
    away = sum(
        (row.fields["end"] - row.fields["start"]).total_seconds()
        for row in mapped.parts
        if row.model is StatusPeriod
        and row.fields["status"] == Status.ONLEAVE
        and row.fields["start"]
        and row.fields["end"]
    )
    return max(0, int(((end - start).total_seconds() - away) // 60))


def _participants(reading: Reading, mapped: Mapped) -> list[Row]:
    """All of them; the responsible one is the attending or primary performer, else the first."""
    rows: list[Row] = []
    for sent in reading.each("participant"):
        reference = sent.reference("individual")
        value = first_concept(sent, "type")
        role = {f"role_{part}": getattr(value, part) for part in ("system", "code", "display")}
        role["role_display"] = role["role_display"] or value.text
        row = Row(EncounterParticipant, {**role, **period(sent, "period")})
        if reference:
            row.links["practitioner"] = reference
            row.names["name"] = reference
        if reference or value.code:
            rows.append(row)
        if reference or sent.rest() or value.more:
            # Of whom it names, columns hold who that is here, or only what they are called.
            reading.keep("participant")
    mapped.links["practitioner"] = _responsible([r for r in rows if _may_be_practitioner(r)])
    return rows


def _may_be_practitioner(row: Row) -> bool:
    reference = row.links.get("practitioner")
    return reference is not None and may_be_practitioner(reference)


def _responsible(rows: list[Row]) -> Reference | None:
    for role in ("ATND", "PPRF"):
        for row in rows:
            if row.fields["role_code"] == role:
                return row.links["practitioner"]
    return rows[0].links["practitioner"] if rows else None


def _histories(reading: Reading) -> list[Row]:
    rows = []
    for sent in reading.each("statusHistory"):
        status = check_status("Encounter", sent.take("status"), sent.at("status"))
        rows.append(Row(StatusPeriod, {"status": status, **period(sent, "period")}))
        if sent.rest():
            reading.keep("statusHistory")
    for sent in reading.each("classHistory"):
        columns = coding("class", sent.take("class"), sent.at("class"))
        rows.append(Row(ClassPeriod, {**columns, **period(sent, "period")}))
        if sent.rest():
            reading.keep("classHistory")
    return rows


def _locations(reading: Reading, mapped: Mapped) -> list[Row]:
    """Every stay; the visit's own place is the active one, else the last."""
    rows: list[Row] = []
    active: Reference | None = None
    for sent in reading.each("location"):
        reference, status = sent.reference("location"), sent.text("status")
        named = reference is not None and reference.kind == "display"
        if not named or sent.obj.keys() - {"location", "period"}:
            reading.keep("location")
        if reference is None:
            continue
        row = Row(LocationPeriod, {"location": "", **period(sent, "period")})
        row.names["location"] = reference
        rows.append(row)
        if status == "active":
            active = reference
    mapped.names["location"] = active or (rows[-1].names["location"] if rows else None)
    return rows


def _hospitalization(reading: Reading) -> list[Row]:
    sent = reading.take("hospitalization")
    if sent is None:
        return []
    stay = Reading(sent, reading.at("hospitalization"))
    admit = concept(stay, "admitSource")
    disposition = concept(stay, "dischargeDisposition")
    fields = {
        "admit_source_system": admit.system,
        "admit_source_code": admit.code,
        "admit_source_text": admit.text or admit.display,
        "re_admission": str(concept(stay, "reAdmission")),
        "diet": _joined(stay, "dietPreference"),
        "special_arrangement": _joined(stay, "specialArrangement"),
        **coded("disposition", disposition, more=False),
    }
    row = Row(Hospitalization, fields)
    for name in ("origin", "destination"):
        row.names[name] = stay.reference(name)
    reading.keep("hospitalization")
    return [row]


def _joined(reading: Reading, key: str) -> str:
    items = reading.obj.get(key) or []
    reading.take(key, known="coding text")
    words = (str(concept(Reading({"one": item}, reading.at(key)), "one")) for item in items)
    return "; ".join(word for word in words if word)


def _conditions(reading: Reading) -> list[tuple[Reference, str, int | None]]:
    found = []
    for sent in reading.each("diagnosis"):
        reference = parse_reference(sent.take("condition"), sent.at("condition"))
        value = concept(sent, "use")
        rank = sent.whole("rank", least=1, most=_MOST_MINUTES)
        use = value.code if value.code in Use.values else ""
        known = sent.obj.get("use") in (None, code_of(DIAGNOSIS_ROLE, use))
        if not known or sent.rest() or not (use or rank):
            # A condition has no column for being named by its visit and no more.
            reading.keep("diagnosis")
        if reference is None:
            raise FhirError(sent.at("condition"), _("is missing"))
        found.append((reference, use, rank))
    return found
