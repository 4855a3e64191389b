"""Rows as Observation (FHIR R4)."""

import re
from typing import Any

from clinik.codes import UCUM
from clinik.fhir.canonical import digits
from encounters.fhir.writing import (
    Link,
    Parts,
    Resource,
    code_of,
    concept,
    filled,
    in_words,
    notes,
    quantity,
    several,
    when,
)
from records.fhir.error_reasons import write_error_reason
from records.models.observation import Category

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_CATEGORIES = frozenset(Category.values)
_INTERPRETED = re.compile(r"[A-Z]{1,4}|[<>]|HX|LX")
_ABSENT = frozenset(
    {
        *("unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked"),
        *("not-applicable", "unsupported", "as-text", "error", "not-a-number"),
        *("negative-infinity", "positive-infinity", "not-performed", "not-permitted"),
    }
)


def write_observation(row: Any, parts: Parts, link: Link) -> Resource:
    components = sorted(parts["components"], key=lambda part: part.position)
    return filled(
        {
            "status": row.status,
            "category": several(write_category(row.category)),
            "code": concept(row, "code"),
            "subject": link("Patient", row.patient_id, "patient"),
            "encounter": link("Encounter", row.encounter_id, "encounter"),
            "effectiveDateTime": when(row.effective, row.effective_precision),
            "issued": when(row.issued),
            "performer": several(link("Practitioner", row.author_id, "author")),
            **_value(row, row.source),
            "note": notes(row.note),
            "bodySite": _site(row.body_site_code, row.body_site_text),
            "method": _site(row.method_code, row.method_text),
            "component": [
                filled({"code": concept(part, "code"), **_value(part, row.source)})
                for part in components
            ],
            "hasMember": _members(parts, link),
            "extension": write_error_reason(row),
        }
    )


def write_category(text: str) -> Resource | None:
    return code_of(CATEGORY, text) if text in _CATEGORIES else in_words(text)


def write_absent_reason(text: str) -> Resource | None:
    return code_of(ABSENT, text) if text in _ABSENT else in_words(text)


def write_interpretation(text: str) -> Resource | None:
    return code_of(INTERPRETATION, text) if _INTERPRETED.fullmatch(text) else in_words(text)


def _site(code: str, text: str) -> Resource | None:
    if not code:
        return in_words(text)
    return filled({"coding": [{"code": code}], "text": text})


def _members(parts: Parts, link: Link) -> list[Resource]:
    rows = sorted(parts["members"], key=lambda part: part.position)
    sent = (link("Observation", part.observation_id) for part in rows)
    return [reference for reference in sent if reference]


def _value(row: Any, source: str) -> Resource:
    found: Resource = {}
    if row.value:
        found |= _number(row)
    elif row.value_text:
        found["valueString"] = row.value_text
    elif row.value_boolean is not None:
        found["valueBoolean"] = row.value_boolean
    elif coded := concept(row, "value_coded"):
        found["valueCodeableConcept"] = coded
    elif row.value_other:
        found |= row.value_other
    elif row.value_unit and not row.absent_reason:
        # A quantity that was sent without its number.
        found |= _number(row)
    if row.absent_reason:
        found["dataAbsentReason"] = write_absent_reason(row.absent_reason)
    if row.interpretation:
        found["interpretation"] = [write_interpretation(row.interpretation)]
    if row.range_low or row.range_high or row.range_text:
        found["referenceRange"] = [_range(row, source)]
    return found


def _number(row: Any) -> Resource:
    unit = row.value_unit or row.value_unit_code
    if row.value and digits(row.value) is None:
        return {"valueString": f"{row.value_comparator}{row.value} {unit}".strip()}
    code = row.value_unit_code
    coded = {"system": UCUM, "code": code} if code else {}
    return {"valueQuantity": quantity(row.value, unit, comparator=row.value_comparator, **coded)}


def _range(row: Any, source: str) -> Resource:
    """A range that was typed here is one of the value's unit; of one that came, only as it came."""
    units = {}
    if not source:
        units = {"unit": row.value_unit}
        if row.value_unit_code:
            units |= {"system": UCUM, "code": row.value_unit_code}
    return filled(
        {
            "low": row.range_low and quantity(row.range_low, **units),
            "high": row.range_high and quantity(row.range_high, **units),
            "text": row.range_text,
        }
    )
