"""The vital signs Clinik knows: codes, units, what typed entry refuses and what it asks once.

LOINC codes and UCUM units as in the FHIR R4 vital signs profiles; the limits are ours and bind what
is typed, never what is imported. Flags stand in `records.bands`, the early warning score in
`records.news2`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik.ages import Age

SYSTOLIC = "8480-6"
DIASTOLIC = "8462-4"
PREGNANCY_STATUS = "82810-3"
PREGNANCY_DUE = "11778-8"
# Our own: the saturation a clinician aims at. FHIR and LOINC have no code for it that is in use.
OWN_CODES = "urn:clinik:observation"
SPO2_TARGET = "spo2-target"
# The text of that target which NEWS2's scale 2 is for, and of the usual one, which ends it.
SCALE_2_TARGET, USUAL_TARGET = "88-92 %", "94-98 %"
# What is noted of a person that decides how vital signs are judged.
NOTED = (PREGNANCY_STATUS, PREGNANCY_DUE, SPO2_TARGET)

CONSCIOUSNESS = {
    "A": gettext_lazy("alert"),
    "C": gettext_lazy("new confusion"),
    "V": gettext_lazy("responds to voice"),
    "P": gettext_lazy("responds to pain"),
    "U": gettext_lazy("unresponsive"),
}


@dataclass(frozen=True)
class Vital:
    """One vital sign. `codes` are LOINC's, the one that is written first; `units` UCUM's, the one
    that limits and bands are meant in first; `letter` introduces it in typed entry, empty where it
    is told by its form (120/80, a letter of ACVPU) or computed. `low` and `high` (None: no limit)
    are still accepted.
    """

    key: str
    label: Any
    codes: tuple[str, ...]
    units: tuple[str, ...]
    letter: str = ""
    decimals: int = 0
    low: Decimal | None = None
    high: Decimal | None = None


VITALS: dict[str, Vital] = {
    vital.key: vital
    for vital in (
        # The last two: a blood pressure that came as two observations (readings.paired).
        Vital(
            "bp",
            gettext_lazy("Blood pressure"),
            ("85354-9", "55284-4", SYSTOLIC, DIASTOLIC),
            ("mm[Hg]",),
            "b",
        ),
        Vital(
            "pulse",
            gettext_lazy("Pulse"),
            ("8867-4", "8889-8", "8893-0"),
            ("/min",),
            "p",
            low=Decimal("0"),
            high=Decimal("350"),
        ),
        Vital(
            "temperature",
            gettext_lazy("Temperature"),
            # Anywhere; in the mouth, rectum, armpit, ear.
            ("8310-5", "8331-1", "8332-9", "8328-7", "8333-7"),
            ("Cel", "[degF]"),
            "t",
            1,
            low=Decimal("25"),
            high=Decimal("45"),
        ),
        Vital(
            "spo2",
            gettext_lazy("SpO2"),
            ("59408-5", "2708-6"),
            ("%",),
            "s",
            low=Decimal("0"),
            high=Decimal("100"),
        ),
        Vital(
            "respiration",
            gettext_lazy("Respiration"),
            ("9279-1",),
            ("/min",),
            "r",
            low=Decimal("0"),
            high=Decimal("120"),
        ),
        Vital("oxygen", gettext_lazy("Oxygen"), ("3151-8",), ("L/min",), "o", 1, low=Decimal("0")),
        Vital("consciousness", gettext_lazy("Consciousness"), ("80288-4",), ()),
        Vital(
            "height",
            gettext_lazy("Height"),
            # The last is a length, lying.
            ("8302-2", "3137-7", "8306-3"),
            ("cm", "[in_i]"),
            "h",
            1,
            low=Decimal("20"),
            high=Decimal("272"),
        ),
        Vital(
            "weight",
            gettext_lazy("Weight"),
            ("29463-7", "3141-9"),
            ("kg", "[lb_av]"),
            "w",
            2,
            low=Decimal("0.2"),
            high=Decimal("650"),
        ),
        Vital("bmi", gettext_lazy("BMI"), ("39156-5",), ("kg/m2",), "", 1),
        Vital(
            "head",
            gettext_lazy("Head circumference"),
            ("9843-4",),
            ("cm",),
            "hc",
            1,
            low=Decimal("0"),
        ),
        Vital(
            "pain",
            gettext_lazy("Pain"),
            ("72514-3",),
            ("{score}",),
            "pain",
            low=Decimal("0"),
            high=Decimal("10"),
        ),
    )
}
BY_CODE: dict[str, Vital] = {code: vital for vital in VITALS.values() for code in vital.codes}

# UCUM codes and the spellings that imports bring instead of them.
_UNITS = {
    "beats/minute": "/min", "beats/min": "/min", "bpm": "/min", "{beats}/min": "/min",
    "breaths/minute": "/min", "breaths/min": "/min", "{breaths}/min": "/min", "per minute": "/min",
    "mmHg": "mm[Hg]", "mm Hg": "mm[Hg]", "°C": "Cel", "C": "Cel", "degC": "Cel", "°F": "[degF]",
    "degF": "[degF]", "F": "[degF]", "in": "[in_i]", "lb": "[lb_av]", "lbs": "[lb_av]",
    "l/min": "L/min",
}  # fmt: skip


def as_decimal(value: str | int | float | Decimal | None) -> Decimal | None:
    """A finite number from its digits; None for anything else. A float counts as it is printed."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def rounded(number: Decimal, *, tenths: bool = False) -> Decimal:
    """To a whole number, or to 0.1, halves up: 38.05 is 38.1. What bands are looked up with."""
    return number.quantize(Decimal("0.1") if tenths else Decimal(1), ROUND_HALF_UP)


def in_band_unit(key: str, value: str | int | float | Decimal, unit: str) -> Decimal | None:
    """The value in the first of the vital's units, for limits and bands; what is stored stays.

    `unit` is a UCUM code or a usual spelling of it. None where value or unit cannot be understood:
    a unit is never assumed, also not where it is missing.
    """
    number = as_decimal(value)
    unit = _UNITS.get(unit.strip(), unit.strip())
    if number is None or unit not in VITALS[key].units:
        return None
    if unit == "[degF]":
        return (number - 32) * 5 / 9
    if unit == "[in_i]":
        return number * Decimal("2.54")
    if unit == "[lb_av]":
        return number * Decimal("0.45359237")
    return number


def refusal(key: str, value: str | int | float | Decimal, unit: str = "") -> str:
    """Why typed entry refuses the value, as a sentence; empty where it does not.

    `unit` is a UCUM code, the vital's first where it is empty. Blood pressure: `bp_refusal`.
    """
    vital = VITALS[key]
    if key == "consciousness":
        return "" if value in CONSCIOUSNESS else _("Consciousness is one of A, C, V, P, U.")
    number = as_decimal(value)
    if number is None:
        return _("%(vital)s: a number belongs here.") % {"vital": vital.label}
    banded = in_band_unit(key, number, unit or vital.units[0])
    if banded is None:
        return _("%(vital)s: the unit %(unit)s is not known.") % {
            "vital": vital.label,
            "unit": unit,
        }
    if key == "pain" and number != number.to_integral_value():
        return _("Pain is a whole number from 0 to 10.")
    if (vital.low is None or banded >= vital.low) and (vital.high is None or banded <= vital.high):
        return ""
    return _out_of_limits(vital, number, unit or vital.units[0])


def _out_of_limits(vital: Vital, number: Decimal, unit: str) -> str:
    if vital.high is None:
        reason = _("%(vital)s cannot be below %(low)s.")
        return reason % {"vital": vital.label, "low": vital.low}
    reason = _("%(vital)s must be from %(low)s to %(high)s %(unit)s.") % {
        "vital": vital.label,
        "low": vital.low,
        "high": vital.high,
        "unit": vital.units[0],
    }
    # 77 to 113 degrees Fahrenheit are 25 to 45 degrees Celsius.
    if vital.key == "temperature" and unit == "Cel" and 77 <= number <= 113:
        return f"{reason} {_('Fahrenheit?')}"
    if vital.key == "height" and unit == "cm" and Decimal("0.2") <= number <= Decimal("2.72"):
        return f"{reason} {_('metres?')}"
    return reason


def bp_refusal(systolic: str | int | Decimal, diastolic: str | int | Decimal) -> str:
    """Why typed entry refuses the blood pressure (mm[Hg]); empty where it does not."""
    upper, lower = as_decimal(systolic), as_decimal(diastolic)
    if upper is None or lower is None or lower < 0:
        return _("Blood pressure: two numbers belong here, such as 120/80.")
    if not 30 <= upper <= 350:
        return _("Systolic must be from 30 to 350 mm[Hg].")
    if upper <= lower:
        return _("Systolic must be above diastolic. Swapped?")
    return ""


def questions(
    now: Mapping[str, Decimal], last: Mapping[str, Decimal], age: Age | None
) -> dict[str, str]:
    """What typed entry asks once before it saves, by vital; a second save answers it.

    Values are by vital, in the vital's first unit; `last` are the patient's last ones before. An
    infant (surely under one year old) may differ by up to 20 % in weight, others by up to 10 %.
    """
    asked = {}
    weight, last_weight = now.get("weight"), last.get("weight")
    if weight is not None and last_weight:
        infant = age is not None and age.oldest[0] < 1
        change = abs(weight - last_weight) / last_weight
        if change >= Decimal("0.2" if infant else "0.1"):
            asked["weight"] = _("The last weight was %(last)s kg. Right?") % {"last": last_weight}
    height, last_height = now.get("height"), last.get("height")
    if height is not None and last_height is not None and height < last_height:
        asked["height"] = _("The last height was %(last)s cm. Right?") % {"last": last_height}
    spo2, pulse = now.get("spo2"), now.get("pulse")
    if spo2 is not None and pulse is not None and spo2 < 75 and pulse > 90:
        asked["spo2"] = _("SpO2 %(spo2)s with pulse %(pulse)s: swapped?") % {
            "spo2": spo2,
            "pulse": pulse,
        }
    return asked
