"""Flags and classes of vital signs: hints that name their source, never a diagnosis.

Values are in the vital's first unit (`vitals.in_band_unit`) and without a comparator. Temperature
is rounded to 0.1 and the rest to whole numbers first, halves up.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from django.utils.translation import gettext as _

from clinik.ages import Age
from records.news2 import Value, sign_points
from records.vitals import as_decimal, rounded

Code = Literal["LL", "L", "H", "HH"]
Range = tuple[int, int]

ADULT_FROM = 16
PREGNANCY_AFTER_DUE = timedelta(weeks=6)
_SEVERITY = {"LL": 2, "HH": 2, "L": 1, "H": 1}


@dataclass(frozen=True)
class Flag:
    """An interpretation (HL7 v3-ObservationInterpretation), in words, with where it comes from."""

    code: Code
    words: str
    source: str

    @property
    def critical(self) -> bool:
        return self.code in ("LL", "HH")


@dataclass(frozen=True)
class Class:
    """A named range. `code` is stable, `words` are for people."""

    code: str
    words: str


@dataclass(frozen=True)
class ChildBand:
    """Normal ranges of an awake child; both ends are normal. `below_years` ends the band."""

    below_years: int
    pulse: Range
    respiration: Range
    systolic: Range


# PALS (American Heart Association), after Hazinski 2013. The newborn band ends with day 28.
_NEWBORN = ChildBand(1, (100, 205), (30, 53), (67, 84))
_CHILDREN = (
    ChildBand(1, (100, 180), (30, 53), (72, 104)),
    ChildBand(3, (98, 140), (22, 37), (86, 106)),
    ChildBand(6, (80, 120), (20, 28), (89, 112)),
    ChildBand(10, (75, 118), (18, 25), (97, 115)),
    ChildBand(12, (75, 118), (18, 25), (102, 120)),
    ChildBand(16, (60, 100), (12, 20), (110, 131)),
)
_NEWBORN_DAYS = 28


def why_no_bands(age: Age | None) -> str:
    """Why values of this person get no flags; empty where they do."""
    if age is None:
        return _("No flags: age unknown")
    if _band(age.youngest) != _band(age.oldest):
        return _("No flags: age not known exactly enough")
    return ""


def flag(
    vital: str, value: Value, *, age: Age | None, pregnant: bool, scale2: bool = False
) -> Flag | None:
    """The flag of one value; None where it is unremarkable, no number, or `why_no_bands` says why.

    `vital` is pulse, respiration, spo2, temperature, systolic, diastolic or consciousness (a letter
    of A C V P U; adults only); others have no bands. Oxygen is a treatment and is not flagged.
    In pregnancy the upper limits of blood pressure are its own, the rest stays as by age. With
    `scale2` a saturation counts by that scale as on air: from 88 on it is unremarkable.
    """
    if age is None or why_no_bands(age):
        return None
    band = _band(age.youngest)
    if vital == "consciousness":
        return _consciousness_flag(str(value or "")) if band is None else None
    number = as_decimal(value)
    if number is None:
        return None
    number = rounded(number, tenths=vital == "temperature")
    if pregnant and vital in ("systolic", "diastolic"):
        raised = _pregnancy_flag(vital, number)
        found = raised or _by_age(vital, number, age, band)
        return found if raised or (found and found.code in ("L", "LL")) else None
    if band is None:
        return _adult_flag(vital, number, scale2=scale2)
    return _by_age(vital, number, age, band)


def bp_flag(systolic: Value, diastolic: Value, *, age: Age | None, pregnant: bool) -> Flag | None:
    """The graver flag of both; the systolic one where they are alike."""
    flags = (
        flag("systolic", systolic, age=age, pregnant=pregnant),
        flag("diastolic", diastolic, age=age, pregnant=pregnant),
    )
    return max((f for f in flags if f), key=lambda f: _SEVERITY[f.code], default=None)


def _band(age: tuple[int, int, int]) -> ChildBand | None:
    """The band of (years, months, days); None for adults, 16 and over."""
    years, _months, days = age
    if years < 1 and days <= _NEWBORN_DAYS:
        return _NEWBORN
    return next((band for band in _CHILDREN if years < band.below_years), None)


def _by_age(vital: str, number: Decimal, age: Age, band: ChildBand | None) -> Flag | None:
    if band is None:
        return _adult_flag(vital, number)
    code = _child_code(vital, number, age, band)
    return _flag(code, _child_source(vital, code)) if code in _SEVERITY else None


def _child_source(vital: str, code: str) -> str:
    """The table where it is one; else the limit itself (ours)."""
    if vital == "temperature":
        return _("temperature below 36 or from 38")
    if vital == "spo2":
        return _("SpO2 of a child up to 95")
    if vital == "respiration" and code == "HH":
        return _("respiration above 60, under 5 years")
    return _("PALS, after Hazinski 2013")


def _flag(code: str, source: str) -> Flag:
    if code == "LL":
        return Flag("LL", _("very low"), source)
    if code == "L":
        return Flag("L", _("low"), source)
    if code == "HH":
        return Flag("HH", _("very high"), source)
    return Flag("H", _("high"), source)


def _consciousness_flag(letter: str) -> Flag | None:
    if letter.strip().upper() not in ("C", "V", "P", "U"):
        return None
    return Flag("LL", _("not alert"), _("NEWS2, Royal College of Physicians 2017"))


def _adult_flag(vital: str, number: Decimal, *, scale2: bool = False) -> Flag | None:
    """Ours: LL and HH for 3 NEWS2 points or a blood pressure above 180 or 120; L and H for 2
    points, a temperature from 38.1, a blood pressure from 140 or 90."""
    limits = {"systolic": (180, 140), "diastolic": (120, 90)}.get(vital)
    if limits:
        critical, high = limits
        if number > critical:
            return _flag("HH", _("blood pressure above 180 or 120"))
        if number >= high:
            return _flag("H", _("blood pressure from 140 or 90"))
    if vital == "temperature" and number >= Decimal("38.1"):
        return _flag("H", _("temperature from 38.1"))
    # Any normal value tells the low side of a sign from its high one; SpO2 has no high side.
    middles = {"pulse": 70, "respiration": 16, "systolic": 150, "temperature": 37, "spo2": 101}
    if vital not in middles:
        return None
    points = sign_points(vital, number, scale2=scale2)
    if points not in (2, 3):
        return None
    side = "L" if number < middles[vital] else "H"
    source = _("NEWS2, Royal College of Physicians 2017")
    return _flag(side * 2 if points == 3 else side, source)


def _pregnancy_flag(vital: str, number: Decimal) -> Flag | None:
    severe, high = (160, 140) if vital == "systolic" else (110, 90)
    if number >= severe:
        return _flag("HH", _("in pregnancy: from 160 or 110"))
    return _flag("H", _("in pregnancy: from 140 or 90")) if number >= high else None


def _child_code(vital: str, number: Decimal, age: Age, band: ChildBand) -> str:
    """The flag's code, empty for none."""
    if vital == "temperature":
        if number >= 38:
            return "HH" if age.youngest[1] < 3 else "H"
        return "L" if number < 36 else ""
    if vital == "spo2":
        return "LL" if number < 92 else "L" if number <= 95 else ""
    if vital == "respiration" and number > 60 and age.oldest[0] < 5:
        return "HH"
    if vital == "systolic" and number < _hypotension(age, band):
        return "LL"
    if vital not in ("pulse", "respiration", "systolic"):
        return ""
    low, high = getattr(band, vital)
    return "L" if number < low else "H" if number > high else ""


def _hypotension(age: Age, band: ChildBand) -> int:
    """Below this a systolic pressure is hypotension (PALS). Of two ages the older one counts."""
    years = age.oldest[0]
    if years < 1:
        return 60 if band is _NEWBORN else 70
    return 70 + 2 * years if years <= 10 else 90


def pregnant_on(due: date, day: date) -> bool:
    """Whether somebody due on `due` counts as pregnant on `day`: until 6 weeks past the date."""
    return day <= due + PREGNANCY_AFTER_DUE


def bp_class(systolic: Value, diastolic: Value, *, age: Age | None, pregnant: bool) -> Class | None:
    """The range of one reading (ACC/AHA 2017), the higher of both counts.

    None under 18, at an age not surely 18, in pregnancy, and without two numbers.
    """
    upper, lower = as_decimal(systolic), as_decimal(diastolic)
    if upper is None or lower is None or pregnant or age is None or not age.at_least(18):
        return None
    upper, lower = rounded(upper), rounded(lower)
    if upper > 180 or lower > 120:
        return Class("crisis", _("in crisis range"))
    if upper >= 140 or lower >= 90:
        return Class("stage-2", _("in stage 2 range"))
    if upper >= 130 or lower >= 80:
        return Class("stage-1", _("in stage 1 range"))
    if upper >= 120:
        return Class("elevated", _("elevated"))
    return Class("normal", _("normal"))


def bmi(weight: Value, height: Value) -> Decimal | None:
    """kg/m2 to 0.1 from kg and cm; None without two numbers above 0."""
    kilos, centimetres = as_decimal(weight), as_decimal(height)
    if kilos is None or centimetres is None or kilos <= 0 or centimetres <= 0:
        return None
    return rounded(kilos * 10_000 / (centimetres * centimetres), tenths=True)


def bmi_class(value: Value, *, age: Age | None) -> Class | None:
    """The range of a BMI (WHO), rounded to 0.1; None under 18 and at an age not surely 18."""
    number = as_decimal(value)
    if number is None or age is None or not age.at_least(18):
        return None
    number = rounded(number, tenths=True)
    if number < Decimal("18.5"):
        return Class("under", _("below 18.5: underweight"))
    if number < 25:
        return Class("normal", _("18.5-24.9: normal range"))
    if number < 30:
        return Class("over", _("25-29.9: overweight"))
    return Class("obese", _("30 and over: obesity"))
