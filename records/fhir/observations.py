"""Observation (FHIR R4) with its components."""

from typing import Any

from django.utils.translation import gettext as _

from clinik.codes import LOINC, UCUM, Coded
from clinik.fhir import FhirError, Number, check_status, parse_reference, read_quantity
from clinik.imports import Mapped, Reading, Row, storable
from encounters.fhir.common import (
    coded,
    concept,
    effective,
    first_concept,
    first_person,
    keep_unless,
    link,
    notes,
    zone,
)
from records.fhir.error_reasons import read_error_reason
from records.fhir.write_observations import (
    write_absent_reason,
    write_category,
    write_interpretation,
)
from records.loinc import LABS, OLDER_LABELS
from records.models import (
    Observation,
    ObservationComponent,
    ObservationMember,
)
from records.vitals import BY_CODE

# LOINC's codes of vital signs and of what has a trend.
_SOUGHT = frozenset({*BY_CODE, *LABS, *OLDER_LABELS})
# The kinds of value[x] that have no columns of their own; kept as sent in `value_other`.
_OTHER_VALUES = (
    "valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod",
)  # fmt: skip


def read_observation(resource: dict[str, Any], place: str) -> Mapped:
    reading = Reading(resource, place)
    fields: dict[str, Any] = {
        "status": check_status("Observation", reading.take("status"), reading.at("status")),
        "category": _category(reading),
        **coded("code", _code(reading)),
        **effective(reading),
        **_value(reading),
        "note": notes(reading),
    }
    if not any(fields[f"code_{part}"] for part in ("code", "display", "text")):
        raise FhirError(reading.at("code"), _("is missing"))
    issued = reading.time("issued", zone())
    fields["issued"] = issued.instant if issued else None
    for name, key in (("body_site", "bodySite"), ("method", "method")):
        value = concept(reading, key)
        fields |= {f"{name}_code": value.code, f"{name}_text": value.text or value.display}
        if value.code:
            reading.keep(key)
    fields |= read_error_reason(reading, fields["status"])
    mapped = Mapped(Observation, fields, parent="observation")
    link(reading, mapped, patient="subject", author=())
    mapped.links["author"] = first_person(reading, "performer")
    for position, component in enumerate(reading.each("component")):
        columns = {**coded("code", _code(component)), **_value(component)}
        mapped.parts.append(Row(ObservationComponent, {"position": position, **columns}))
        if component.rest():
            reading.keep("component")
    mapped.parts += references(reading, "hasMember", ObservationMember, "panel")
    mapped.raw = reading.rest()
    return mapped


def _code(reading: Reading) -> Coded:
    """What was observed. Of several codings the one by which the chart looks for it stands in the
    columns, though a sender put one of their own before it: the element then goes out as it came.
    """
    value = concept(reading, "code")
    if not value.more or value.code in _SOUGHT:
        return value
    for place, coding in enumerate(value.more):
        if coding.get("system") == LOINC and coding.get("code") in _SOUGHT:
            reading.keep("code")
            first = {"system": value.system, "code": value.code, "display": value.display}
            others = [*value.more[:place], *value.more[place + 1 :]]
            return Coded(
                LOINC,
                coding["code"],
                str(coding.get("display") or ""),
                value.text,
                [{key: text for key, text in first.items() if text}, *others],
            )
    return value


def references(reading: Reading, key: str, model: Any, owner: str) -> list[Row]:
    """A row for each observation that a panel or a report names, in the order sent.

    The list also stays in the rest, for those that nobody ever brings.
    """
    rows = []
    for position, sent in enumerate(reading.take(key) or []):
        reference = parse_reference(sent, f"{reading.at(key)}[{position}]")
        row = Row(model, {"position": position}, owner=owner)
        row.links["observation"] = reference
        rows.append(row)
        reading.keep(key)
    return rows


def _category(reading: Reading) -> str:
    value = first_concept(reading, "category")
    text = value.code or str(value)
    keep_unless(reading, "category", [write_category(text)])
    return text


def _value(reading: Reading) -> dict[str, Any]:
    """value[x], or why there is none, with interpretation and reference range."""
    boolean = reading.boolean("valueBoolean")
    fields: dict[str, Any] = {
        "value_text": reading.text("valueString"),
        "value_boolean": boolean,
        "value_other": _other_value(reading),
        "absent_reason": str(concept(reading, "dataAbsentReason")),
        **coded("value_coded", concept(reading, "valueCodeableConcept")),
        **_quantity(reading),
    }
    interpretation = first_concept(reading, "interpretation")
    text = fields["interpretation"] = interpretation.code or str(interpretation)
    keep_unless(reading, "interpretation", [write_interpretation(text)])
    keep_unless(reading, "dataAbsentReason", write_absent_reason(fields["absent_reason"]))
    return fields | _range(reading)


def _other_value(reading: Reading) -> dict[str, Any] | None:
    for key in _OTHER_VALUES:
        if reading.obj.get(key) is not None:
            return {key: storable(reading.take(key))}
    return None


def _quantity(reading: Reading) -> dict[str, Any]:
    names = ("value", "value_comparator", "value_unit", "value_unit_code")
    empty: dict[str, Any] = {**dict.fromkeys(names, ""), "value_number": None}
    whole = reading.obj.get("valueInteger")
    if whole is not None:
        if not isinstance(whole, Number):
            raise FhirError(reading.at("valueInteger"), _("a number belongs here"))
        # Kept as well: a column does not say that it was no quantity.
        return empty | {"value": whole.text, "value_number": float(whole)}
    sent = reading.take("valueQuantity", known="value comparator unit system code")
    if sent is None:
        return empty
    quantity = read_quantity(sent, reading.at("valueQuantity"))
    if quantity.system not in ("", UCUM) or bool(quantity.system) != bool(quantity.code):
        reading.keep("valueQuantity")
    return empty | {
        "value": quantity.value,
        "value_number": quantity.value_number,
        "value_comparator": quantity.comparator,
        "value_unit": quantity.unit or quantity.code,
        "value_unit_code": quantity.code if quantity.system in ("", UCUM) else "",
    }


def _range(reading: Reading) -> dict[str, str]:
    sent = reading.first("referenceRange", known="low high text")
    if sent is None:
        return {"range_low": "", "range_high": "", "range_text": ""}
    inner = Reading(sent, f"{reading.at('referenceRange')}[0]")
    ends = {}
    for end in ("low", "high"):
        value = inner.take(end)
        ends[end] = read_quantity(value, inner.at(end)).value if value is not None else ""
        if value is not None and value.keys() - {"value"}:
            # The unit of a bound has no column.
            reading.keep("referenceRange")
    return {"range_low": ends["low"], "range_high": ends["high"], "range_text": inner.text("text")}
