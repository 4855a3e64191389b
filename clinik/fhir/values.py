"""CodeableConcept and Quantity, in and out."""

import math
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from clinik.codes import Coded
from clinik.fhir.errors import FhirError
from clinik.fhir.wire import Number

# A CodeableConcept in four parts and a remainder is what the rows store.
Coding4 = Coded

EMPTY = Coded()
COMPARATORS = frozenset({"<", "<=", ">=", ">"})


@dataclass(frozen=True)
class Quantity:
    """`value` is the digits as given, `value_number` the same for bands and charts.

    `value_number` is None without a value, or where no float can hold it.
    """

    value: str = ""
    value_number: float | None = None
    comparator: str = ""
    unit: str = ""
    code: str = ""
    system: str = ""


def read_codeable(obj: Any, place: str) -> Coded:
    """A CodeableConcept: the coding its user chose, else the first, the others in `more`.

    None reads as an empty value.
    """
    if obj is None:
        return EMPTY
    concept = as_object(obj, place)
    codings = concept.get("coding") or []
    if not isinstance(codings, list):
        raise FhirError(f"{place}.coding", _("an object where a list belongs"))
    codings = [as_object(c, f"{place}.coding[{n}]") for n, c in enumerate(codings)]
    chosen = next((n for n, c in enumerate(codings) if c.get("userSelected") is True), 0)
    first = codings[chosen] if codings else {}
    where = f"{place}.coding[{chosen}]"
    return Coded(
        system=as_text(first, "system", where),
        code=as_text(first, "code", where),
        display=as_text(first, "display", where),
        text=as_text(concept, "text", place),
        more=[coding for n, coding in enumerate(codings) if n != chosen],
    )


def write_codeable(value: Coded) -> dict[str, Any] | None:
    """The CodeableConcept of a coded value; None where it is empty."""
    coding = _filled(system=value.system, code=value.code, display=value.display)
    codings = ([coding] if coding else []) + list(value.more)
    concept: dict[str, Any] = {"coding": codings} if codings else {}
    return concept | _filled(text=value.text) or None


def read_quantity(obj: Any, place: str) -> Quantity:
    """A Quantity with its digits; raises FhirError where the value is no JSON number."""
    quantity = as_object(obj, place)
    comparator = as_text(quantity, "comparator", place)
    if comparator and comparator not in COMPARATORS:
        reason = _("“%(code)s” is no R4 comparator") % {"code": comparator}
        raise FhirError(f"{place}.comparator", reason)
    number = quantity.get("value")
    if number is not None and not isinstance(number, Number):
        raise FhirError(f"{place}.value", _("a number belongs here"))
    value_number = None if number is None else float(number)
    if value_number is not None and not math.isfinite(value_number):
        value_number = None
    return Quantity(
        value="" if number is None else number.text,
        value_number=value_number,
        comparator=comparator,
        unit=as_text(quantity, "unit", place),
        code=as_text(quantity, "code", place),
        system=as_text(quantity, "system", place),
    )


def write_quantity(quantity: Quantity) -> dict[str, Any] | None:
    """The Quantity for `dump_json`, digits intact; None where it is empty."""
    value = {"value": Number(quantity.value)} if quantity.value else {}
    rest = _filled(
        comparator=quantity.comparator,
        unit=quantity.unit,
        system=quantity.system,
        code=quantity.code,
    )
    return {**value, **rest} or None


def as_object(obj: Any, place: str) -> dict[str, Any]:
    """`obj` itself; FhirError unless it is a JSON object."""
    if not isinstance(obj, dict):
        raise FhirError(place, _("an object belongs here"))
    return obj


def as_text(obj: dict[str, Any], key: str, place: str) -> str:
    """The string at `key`, empty where there is none; FhirError where it is anything else."""
    value = obj.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FhirError(f"{place}.{key}", _("text belongs here"))
    return value


def _filled(**parts: str) -> dict[str, str]:
    return {key: value for key, value in parts.items() if value}
