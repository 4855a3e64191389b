"""record_vitals(): one taking of vital signs, typed by fields, stored as observations of one time.

The limits and the questions are domain.md's, section 6 (ours): they bind what is typed here, never
what is imported. Flags and scores are computed where they are shown and never stored.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from clinik import clock
from clinik.codes import LOINC
from clinik.forms import Repeated
from encounters.models import Encounter, Patient
from records.models import Observation, ObservationComponent
from records.models.observation import Category, Status
from records.observations import as_digits, as_number, shown_unit
from records.recording import fill, insert, open_for_records, require, save_by

# What is stored for breathing room air: an inhaled oxygen flow of nothing.
ON_AIR = "0"

ACVPU = {"A": "alert", "C": "confused", "V": "voice", "P": "pain", "U": "unresponsive"}


@dataclass(frozen=True)
class Sign:
    """One sign: its LOINC code and what a typed value may be, in its first unit."""

    name: str
    code: str
    display: str
    low: float
    high: float
    units: tuple[str, ...]


SIGNS: dict[str, Sign] = {
    sign.name: sign
    for sign in (
        Sign("systolic", "8480-6", "Systolic blood pressure", 30, 350, ("mm[Hg]",)),
        Sign("diastolic", "8462-4", "Diastolic blood pressure", 0, 349, ("mm[Hg]",)),
        Sign("pulse", "8867-4", "Heart rate", 0, 350, ("/min",)),
        Sign("temperature", "8310-5", "Body temperature", 25, 45, ("Cel", "[degF]")),
        Sign("spo2", "59408-5", "Oxygen saturation by pulse oximetry", 0, 100, ("%",)),
        Sign("respiration", "9279-1", "Respiratory rate", 0, 120, ("/min",)),
        Sign("oxygen", "3151-8", "Inhaled oxygen flow rate", 0, 80, ("L/min",)),
        Sign("height", "8302-2", "Body height", 20, 272, ("cm", "[in_i]")),
        Sign("weight", "29463-7", "Body weight", 0.2, 650, ("kg", "[lb_av]")),
        Sign("pain", "72514-3", "Pain severity 0-10", 0, 10, ("{score}",)),
    )
}
BLOOD_PRESSURE = ("85354-9", "Blood pressure panel")
CONSCIOUSNESS = ("80288-4", "Level of consciousness ACVPU")
NAMES = (*SIGNS, "consciousness")
# Everything one form can make: BP is one observation of two components.
_ROWS = ("blood-pressure", *[name for name in NAMES if name not in ("systolic", "diastolic")])


@dataclass(frozen=True)
class Typed:
    """One value as typed, checked: the digits to keep and what they are in the first unit."""

    sign: Sign
    digits: str
    number: float
    unit: str

    @property
    def standard(self) -> float:
        """The number in the sign's first unit: Cel, cm, kg."""
        return to_standard(self.number, self.unit)


def to_standard(number: float, unit: str) -> float:
    """Degrees Celsius, centimetres, kilograms; other units are theirs already."""
    if unit == "[degF]":
        return (number - 32) * 5 / 9
    return number * {"[in_i]": 2.54, "[lb_av]": 0.45359237}.get(unit, 1)


def record_vitals(
    encounter: Encounter,
    *,
    by: Any,
    id: uuid.UUID,
    effective: dt.datetime | None = None,
    confirmed: bool = False,
    **values: str,
) -> list[Observation]:
    """Store what was taken; `values` are texts named as in NAMES, and `<name>_unit` (UCUM).

    `id` is the form's key: each row's is derived from it, so that sending twice stores once.
    `confirmed` answers the questions (code "confirm") that a surprising value raises. Raises
    PermissionDenied, ValidationError keyed by field, Repeated (sent before with other content).
    """
    require(by, "records.add_observation")
    typed, consciousness = read_values(values)
    before = _made_before(encounter, by, id)
    if before:
        return _same_as(before, typed, consciousness, id)
    when = effective or clock.now()
    if not confirmed:
        _ask_once(encounter.patient, typed, when)
    with transaction.atomic():
        fresh = open_for_records(encounter)
        made = []
        for name, row, parts in _rows(typed, consciousness):
            fill(row, fresh, by=by, id=uuid.uuid5(id, name), effective=when)
            insert(row, by=by)
            for part in parts:
                part.id = uuid.uuid5(id, f"{name}-{part.code_code}")
                part.observation = row
                save_by(part, by=by)
            made.append(row)
    return made


def read_values(values: Mapping[str, str]) -> tuple[dict[str, Typed], str]:
    """({name: Typed}, consciousness letter or ""); raises ValidationError keyed by field."""
    errors: dict[str, Any] = {}
    typed: dict[str, Typed] = {}
    for name, sign in SIGNS.items():
        text = (values.get(name) or "").strip()
        if not text:
            continue
        try:
            typed[name] = _read(sign, text, values.get(f"{name}_unit") or sign.units[0])
        except ValidationError as error:
            errors[name] = error
    consciousness = (values.get("consciousness") or "").strip().upper()
    if consciousness and consciousness not in ACVPU:
        errors["consciousness"] = _("One of A, C, V, P, U: alert, confused, voice, pain, none.")
    errors |= {name: text for name, text in _pressure(typed).items() if name not in errors}
    if errors:
        raise ValidationError(errors)
    if not typed and not consciousness:
        raise ValidationError(_("Enter at least one value."))
    return typed, consciousness


def _read(sign: Sign, text: str, unit: str) -> Typed:
    if sign.name == "oxygen" and text.lower() in ("air", _("air")):
        return Typed(sign, ON_AIR, 0, unit)
    if unit not in sign.units:
        raise ValidationError(_("This unit is not one of this sign."))
    number = as_number(text)
    if number is None:
        raise ValidationError(_("“%(text)s” is not a number.") % {"text": text[:20]})
    typed = Typed(sign, as_digits(text), number, unit)
    if not sign.low <= round(typed.standard, 6) <= sign.high:
        raise ValidationError(_outside(typed))
    if sign.name == "pain" and number != int(number):
        raise ValidationError(_("Pain is a whole number from 0 to 10."))
    return typed


def _outside(typed: Typed) -> str:
    sign, low, high = typed.sign, typed.sign.low, typed.sign.high
    limits = _("%(value)s is outside %(low)s to %(high)s %(unit)s.") % {
        "value": typed.digits,
        "low": f"{low:g}",
        "high": f"{high:g}",
        "unit": shown_unit(sign.units[0]),
    }
    meant = _meant(typed)
    return f"{limits} {meant}" if meant else limits


def _meant(typed: Typed) -> str:
    """What was probably meant, as a question; empty where nothing suggests itself."""
    name, number, unit = typed.sign.name, typed.number, typed.unit
    if name == "temperature":
        if unit == "Cel" and 77 <= number <= 113:
            return _("Fahrenheit? Then choose °F.")
        if unit == "[degF]" and 25 <= number <= 45:
            return _("Celsius? Then choose °C.")
        if unit == "Cel" and 250 <= number <= 450:
            return _("Is the point missing? %(value)s?") % {"value": f"{number / 10:g}"}
    if name == "height":
        if 0.2 <= number <= 2.72 and unit == "cm":
            return _("Metres? Then it is %(value)s cm.") % {"value": f"{number * 100:g}"}
        if 3 <= number < 8 and unit == "[in_i]":
            return _("Feet? Enter inches.")
    if name == "weight" and unit == "kg" and 650 < number <= 10_000:
        return _("Grams? Then it is %(value)s kg.") % {"value": f"{number / 1000:g}"}
    if name == "spo2" and number > 100:
        return _("Is it the pulse?")
    return ""


def _pressure(typed: Mapping[str, Typed]) -> dict[str, str]:
    """The errors of a blood pressure whose halves do not fit together."""
    upper, lower = typed.get("systolic"), typed.get("diastolic")
    if upper and lower and upper.number <= lower.number:
        return {
            "systolic": _("%(upper)s is not above %(lower)s. Were the two swapped?")
            % {"upper": upper.digits, "lower": lower.digits}
        }
    return {}


def _ask_once(patient: Patient, typed: Mapping[str, Typed], when: dt.datetime) -> None:
    """Raises ValidationError with code "confirm" at each value that surprises."""
    questions: dict[str, Any] = {}
    last = _last_sizes(patient, when) if typed.keys() & {"weight", "height"} else {}
    weight, height = typed.get("weight"), typed.get("height")
    if weight and "weight" in last:
        age = patient.age_at(when)
        share = 0.2 if age is not None and age.years == 0 else 0.1
        if abs(weight.standard - last["weight"]) > share * last["weight"]:
            questions["weight"] = _("The last weight was %(last)s kg. Is this one right?") % {
                "last": f"{last['weight']:.4g}"
            }
    # A centimetre less is how people stand; more is a wrong digit.
    if height and "height" in last and height.standard < last["height"] - 1:
        questions["height"] = _("The last height was %(last)s cm. Is this one right?") % {
            "last": f"{last['height']:.4g}"
        }
    spo2, pulse = typed.get("spo2"), typed.get("pulse")
    if spo2 and pulse and spo2.number < 75 and pulse.number > 90:
        questions["spo2"] = _("SpO₂ %(spo2)s with pulse %(pulse)s: were the two swapped?") % {
            "spo2": spo2.digits,
            "pulse": pulse.digits,
        }
    if questions:
        raise ValidationError(
            {name: ValidationError(text, code="confirm") for name, text in questions.items()}
        )


def _last_sizes(patient: Patient, when: dt.datetime) -> dict[str, float]:
    """The last weight in kg and height in cm before `when`; one query of a few rows."""
    by_code = {SIGNS[name].code: name for name in ("weight", "height")}
    found: dict[str, float] = {}
    rows = (
        Observation.objects.of_patient(patient)
        .listed()
        .with_codes(by_code)
        .filter(effective__lte=when)
        .newest_first()
        .values_list("code_code", "value_number", "value_unit_code")[:20]
    )
    for code, number, unit in rows:
        if number is not None:
            found.setdefault(by_code[code], to_standard(number, unit))
    return found


def _rows(
    typed: Mapping[str, Typed], consciousness: str
) -> list[tuple[str, Observation, list[ObservationComponent]]]:
    """(name, observation, components) of everything typed, not saved yet."""
    made: list[tuple[str, Observation, list[ObservationComponent]]] = []
    halves = [typed[name] for name in ("systolic", "diastolic") if name in typed]
    if halves:
        parts = [
            ObservationComponent(position=place, **_code(half.sign), **_quantity(half))
            for place, half in enumerate(halves)
        ]
        code, display = BLOOD_PRESSURE
        made.append(("blood-pressure", _vital(code, display), parts))
    for name, value in typed.items():
        if value not in halves:
            row = _vital(value.sign.code, value.sign.display, **_quantity(value))
            made.append((name, row, []))
    if consciousness:
        code, display = CONSCIOUSNESS
        words = ACVPU[consciousness]
        row = _vital(code, display, value_coded_code=consciousness, value_coded_display=words)
        made.append(("consciousness", row, []))
    return made


def _vital(code: str, display: str, **fields: Any) -> Observation:
    return Observation(
        status=Status.FINAL,
        category=Category.VITAL_SIGNS,
        code_system=LOINC,
        code_code=code,
        code_display=display,
        **fields,
    )


def _code(sign: Sign) -> dict[str, str]:
    return {"code_system": LOINC, "code_code": sign.code, "code_display": sign.display}


def _quantity(typed: Typed) -> dict[str, Any]:
    return {
        "value": typed.digits,
        "value_number": typed.number,
        "value_unit": shown_unit(typed.unit),
        "value_unit_code": typed.unit,
    }


def _made_before(encounter: Encounter, by: Any, id: uuid.UUID) -> list[Observation]:
    """What an earlier sending of the same form made; 404 for somebody else's key."""
    keys = [uuid.uuid5(id, name) for name in _ROWS]
    found = list(Observation.objects.filter(pk__in=keys).prefetch_related("components"))
    for row in found:
        if row.encounter_id != encounter.pk or row.entered_by_id != by.pk:
            raise Http404
    return found


def _same_as(
    before: list[Observation], typed: Mapping[str, Typed], consciousness: str, id: uuid.UUID
) -> list[Observation]:
    """`before`, if it says the same; raises Repeated."""
    stored = {row.pk: row for row in before}
    wanted = {
        uuid.uuid5(id, name): (row, parts) for name, row, parts in _rows(typed, consciousness)
    }
    if stored.keys() != wanted.keys():
        raise Repeated(before[0])
    for key, (row, parts) in wanted.items():
        old = stored[key]
        same = _content(old) == _content(row) and [
            _content(part) for part in old.components.all()
        ] == [_content(part) for part in parts]
        if not same:
            raise Repeated(old)
    return before


def _content(row: Observation | ObservationComponent) -> tuple[str, ...]:
    return row.code_code, row.value, row.value_unit_code, row.value_coded_code
