"""The LOINC codes that ship: vital signs and common laboratory tests, and which share a trend.

Names are short ones of our own beside LOINC's codes; units are UCUM's, the usual ones first. A unit
is offered, never assumed.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from records.vitals import DIASTOLIC, SYSTOLIC, VITALS, as_decimal

NOTICE = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief"
    " Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and"
    " is available at no cost under the license at http://loinc.org/license. LOINC® is a registered"
    " United States trademark of Regenstrief Institute, Inc."
)


@dataclass(frozen=True)
class Lab:
    """A test of serum or plasma unless its name says otherwise. `older` codes join its trend."""

    code: str
    name: str
    units: tuple[str, ...]
    older: tuple[str, ...] = ()


LABS: dict[str, Lab] = {
    lab.code: lab
    for lab in (
        Lab("2345-7", "Glucose", ("mg/dL", "mmol/L"), ("2339-0",)),
        Lab("3094-0", "Urea nitrogen", ("mg/dL", "mmol/L"), ("6299-2",)),
        Lab("2160-0", "Creatinine", ("mg/dL", "umol/L"), ("38483-4",)),
        Lab("17861-6", "Calcium", ("mg/dL", "mmol/L"), ("49765-1",)),
        Lab("2951-2", "Sodium", ("mmol/L",), ("2947-0",)),
        Lab("2823-3", "Potassium", ("mmol/L",), ("6298-4",)),
        Lab("2075-0", "Chloride", ("mmol/L",), ("2069-3",)),
        Lab("2028-9", "Carbon dioxide", ("mmol/L",), ("20565-8",)),
        Lab("2093-3", "Cholesterol", ("mg/dL", "mmol/L")),
        Lab("2571-8", "Triglycerides", ("mg/dL", "mmol/L")),
        Lab("18262-6", "LDL cholesterol", ("mg/dL", "mmol/L")),
        Lab("2085-9", "HDL cholesterol", ("mg/dL", "mmol/L")),
        Lab("4548-4", "HbA1c (blood)", ("%",)),
        Lab("98979-8", "eGFR", ("mL/min/{1.73_m2}",), ("33914-3",)),
        Lab("718-7", "Haemoglobin (blood)", ("g/dL", "g/L")),
        Lab("4544-3", "Haematocrit (blood)", ("%",)),
        Lab("6690-2", "White cells (blood)", ("10*3/uL", "10*9/L")),
        Lab("789-8", "Red cells (blood)", ("10*6/uL", "10*12/L")),
        Lab("777-3", "Platelets (blood)", ("10*3/uL", "10*9/L")),
    )
}

# What imports use besides, and how it stands beside the code whose trend it joins.
OLDER_LABELS = {
    "2339-0": "Glucose (whole blood)",
    "6299-2": "Urea nitrogen (whole blood)",
    "38483-4": "Creatinine (whole blood)",
    "49765-1": "Calcium (whole blood)",
    "2947-0": "Sodium (whole blood)",
    "6298-4": "Potassium (whole blood)",
    "2069-3": "Chloride (whole blood)",
    "20565-8": "Carbon dioxide (whole blood)",
    "33914-3": "eGFR (MDRD)",
    "2708-6": "SpO2 (arterial)",
    "55284-4": "Blood pressure (older code)",
    SYSTOLIC: "Systolic and diastolic sent apart",
    DIASTOLIC: "Systolic and diastolic sent apart",
    "8889-8": "Pulse (by oximeter)",
    "8893-0": "Pulse (felt)",
    "8331-1": "Temperature (oral)",
    "8332-9": "Temperature (rectal)",
    "8328-7": "Temperature (armpit)",
    "8333-7": "Temperature (ear)",
    "3137-7": "Height (measured)",
    "8306-3": "Length (lying)",
    "3141-9": "Weight (measured)",
}

_TREND = {older: lab.code for lab in LABS.values() for older in lab.older} | {
    older: vital.codes[0] for vital in VITALS.values() for older in vital.codes[1:]
}


# How much of a test's first unit one of its other unit is. Molar masses in g/mol: glucose 180.16,
# two nitrogen atoms of urea 28.013, creatinine 113.12, calcium 40.078, cholesterol 386.65,
# triglycerides 885.7 (triolein, as laboratories use it).
_FACTORS = {
    ("2345-7", "mmol/L"): "18.016",
    ("3094-0", "mmol/L"): "2.8013",
    ("2160-0", "umol/L"): "0.011312",
    ("17861-6", "mmol/L"): "4.0078",
    ("2093-3", "mmol/L"): "38.665",
    ("2571-8", "mmol/L"): "88.57",
    ("18262-6", "mmol/L"): "38.665",
    ("2085-9", "mmol/L"): "38.665",
    ("718-7", "g/L"): "0.1",
    ("6690-2", "10*9/L"): "1",
    ("789-8", "10*12/L"): "1",
    ("777-3", "10*9/L"): "1",
}


def in_lab_unit(code: str, value: Any) -> Decimal | None:
    """The number of a result in its test's first unit, for drawing; what is stored stays.

    `code` is a key of LABS. None with a comparator, without a number, in a unit nobody knows: a
    unit is never assumed.
    """
    number = as_decimal(value.value) if value.value and not value.value_comparator else None
    unit = value.value_unit_code or value.value_unit
    if number is None:
        return None
    if unit == LABS[code].units[0]:
        return number
    factor = _FACTORS.get((code, unit))
    return number * Decimal(factor) if factor else None


def trend_code(code: str) -> str:
    """The code under which this one's values are drawn in one trend; itself where it stands alone.

    Only what is measured joins: units may differ and must be compared before values are drawn.
    """
    return _TREND.get(code, code)


def trend_codes(code: str) -> tuple[str, ...]:
    """Every code whose values belong to the trend of this one, the offered code first."""
    first = trend_code(code)
    return (first, *(older for older, offered in _TREND.items() if offered == first))
