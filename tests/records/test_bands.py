"""One value either side of each edge. Sources: NEWS2 2017, PALS after Hazinski 2013, ACC/AHA 2017,
WHO; what is ours is marked so in records/bands.py."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinik.ages import age_at
from records.bands import bmi, bmi_class, bp_class, bp_flag, flag, pregnant_on, why_no_bands

DAY = date(2026, 11, 22)


def aged(years=0, days=0):
    return age_at(date(DAY.year - years, DAY.month, DAY.day) - timedelta(days=days), "day", DAY)


ADULT = aged(40)


def code(vital, value, age=ADULT, pregnant=False):
    found = flag(vital, value, age=age, pregnant=pregnant)
    return found.code if found else ""


@pytest.mark.parametrize(
    ("vital", "value", "expected"),
    [
        ("respiration", "8", "LL"), ("respiration", "9", ""), ("respiration", "20", ""),
        ("respiration", "21", "H"), ("respiration", "24", "H"), ("respiration", "25", "HH"),
        ("respiration", "11", ""), ("respiration", "12", ""),
        ("temperature", "36.0", ""), ("temperature", "36.1", ""),
        ("systolic", "219", "HH"), ("systolic", "110", ""), ("systolic", "111", ""),
        ("pulse", "50", ""), ("pulse", "51", ""), ("pulse", "90", ""), ("pulse", "91", ""),
        ("spo2", "95", ""), ("spo2", "96", ""),
        ("spo2", "91", "LL"), ("spo2", "92", "L"), ("spo2", "93", "L"), ("spo2", "94", ""),
        ("systolic", "90", "LL"), ("systolic", "91", "L"), ("systolic", "100", "L"),
        ("systolic", "101", ""), ("systolic", "139", ""), ("systolic", "140", "H"),
        ("systolic", "180", "H"), ("systolic", "181", "HH"), ("systolic", "220", "HH"),
        ("systolic", "139.4", ""), ("systolic", "139.5", "H"),
        ("diastolic", "20", ""), ("diastolic", "89", ""), ("diastolic", "90", "H"),
        ("diastolic", "120", "H"), ("diastolic", "121", "HH"),
        ("pulse", "40", "LL"), ("pulse", "41", ""), ("pulse", "110", ""), ("pulse", "111", "H"),
        ("pulse", "130", "H"), ("pulse", "131", "HH"),
        ("temperature", "35.0", "LL"), ("temperature", "35.1", ""), ("temperature", "38.0", ""),
        ("temperature", "38.04", ""), ("temperature", "38.05", "H"), ("temperature", "38.1", "H"),
        ("temperature", "39.1", "H"), ("temperature", "42", "H"),
        ("consciousness", "A", ""), ("consciousness", "C", "LL"), ("consciousness", "u", "LL"),
        ("weight", "300", ""), ("oxygen", "15", ""), ("pulse", "", ""), ("pulse", "fast", ""),
    ],
)  # fmt: skip
def test_adult_value_is_flagged(vital, value, expected):
    assert code(vital, value) == expected


# age, pulse, respiration, systolic; both ends are normal
NEWBORN, OLD_NEWBORN = aged(days=0), aged(days=28)
INFANT = aged(days=29)
CHILDREN = [
    (NEWBORN, (100, 205), (30, 53), (67, 84), 60),
    (OLD_NEWBORN, (100, 205), (30, 53), (67, 84), 60),
    (INFANT, (100, 180), (30, 53), (72, 104), 70),
    (aged(1, -1), (100, 180), (30, 53), (72, 104), 70),
    (aged(1), (98, 140), (22, 37), (86, 106), 72),
    (aged(3, -1), (98, 140), (22, 37), (86, 106), 74),
    (aged(3), (80, 120), (20, 28), (89, 112), 76),
    (aged(6, -1), (80, 120), (20, 28), (89, 112), 80),
    (aged(6), (75, 118), (18, 25), (97, 115), 82),
    (aged(10, -1), (75, 118), (18, 25), (97, 115), 88),
    (aged(10), (75, 118), (18, 25), (102, 120), 90),
    (aged(12, -1), (75, 118), (18, 25), (102, 120), 90),
    (aged(12), (60, 100), (12, 20), (110, 131), 90),
    (aged(16, -1), (60, 100), (12, 20), (110, 131), 90),
]


@pytest.mark.parametrize(("age", "pulse", "respiration", "systolic", "hypotension"), CHILDREN)
def test_child_value_is_flagged_by_age(age, pulse, respiration, systolic, hypotension):
    for vital, (low, high) in (
        ("pulse", pulse),
        ("respiration", respiration),
        ("systolic", systolic),
    ):
        assert code(vital, low, age) == code(vital, high, age) == ""
        assert code(vital, low - 1, age) == "L"
        assert code(vital, high + 1, age) == "H"
    assert code("systolic", hypotension, age) == "L"
    assert code("systolic", hypotension - 1, age) == "LL"


def test_sixteenth_birthday_ends_the_childrens_bands():
    assert code("pulse", "105", aged(16, -1)) == "H"
    assert code("pulse", "105", aged(16)) == ""


@pytest.mark.parametrize(
    ("vital", "value", "age", "expected"),
    [
        ("temperature", "35.9", aged(4), "L"), ("temperature", "36.0", aged(4), ""),
        ("temperature", "37.94", aged(4), ""), ("temperature", "37.95", aged(4), "H"),
        ("temperature", "38.0", age_at(date(2026, 8, 22), "day", DAY), "H"),
        ("temperature", "38.0", age_at(date(2026, 8, 23), "day", DAY), "HH"),
        ("spo2", "96", aged(4), ""), ("spo2", "95", aged(4), "L"), ("spo2", "92", aged(4), "L"),
        ("spo2", "91", aged(4), "LL"),
        ("respiration", "60", aged(5, -1), "H"), ("respiration", "61", aged(5, -1), "HH"),
        ("respiration", "61", aged(5), "H"),
        ("diastolic", "130", aged(4), ""), ("consciousness", "U", aged(4), ""),
    ],
)  # fmt: skip
def test_child_limits_of_our_own_hold(vital, value, age, expected):
    assert code(vital, value, age) == expected


@pytest.mark.parametrize(
    ("vital", "value", "expected"),
    [
        ("systolic", "139", ""), ("systolic", "140", "H"), ("systolic", "159", "H"),
        ("systolic", "160", "HH"), ("diastolic", "89", ""), ("diastolic", "90", "H"),
        ("diastolic", "109", "H"), ("diastolic", "110", "HH"), ("systolic", "90", "LL"),
        ("pulse", "131", "HH"),
    ],
)  # fmt: skip
def test_pregnancy_has_its_own_upper_blood_pressures(vital, value, expected):
    assert code(vital, value, aged(30), pregnant=True) == expected


def test_flag_names_its_words_and_source():
    found = flag("pulse", "131", age=ADULT, pregnant=False)
    assert (found.words, found.critical) == ("very high", True)
    assert "NEWS2" in found.source
    assert "PALS" in flag("pulse", "200", age=aged(4), pregnant=False).source
    assert "pregnancy" in flag("systolic", "140", age=ADULT, pregnant=True).source


@pytest.mark.parametrize(
    ("vital", "value"), [("temperature", "38.5"), ("spo2", "94"), ("respiration", "61")]
)
def test_limits_of_ours_do_not_name_pals(vital, value):
    assert "PALS" not in flag(vital, value, age=aged(4), pregnant=False).source


def test_blood_pressure_takes_the_graver_flag():
    assert bp_flag("150", "125", age=ADULT, pregnant=False).code == "HH"
    assert bp_flag("85", "92", age=ADULT, pregnant=False).code == "LL"
    assert bp_flag("120", "80", age=ADULT, pregnant=False) is None


def test_unknown_age_has_no_flags_and_says_so():
    assert code("pulse", "200", None) == ""
    assert code("systolic", "200", None, pregnant=True) == ""
    assert "unknown" in why_no_bands(None)
    assert why_no_bands(ADULT) == ""


def test_age_across_two_bands_has_no_flags_and_says_so():
    between = age_at(date(2010, 1, 1), "year", DAY)
    assert code("pulse", "200", between) == ""
    assert "exactly" in why_no_bands(between)
    assert code("pulse", "200", age_at(date(2009, 1, 1), "year", DAY)) == "HH"
    assert code("pulse", "200", age_at(date(1986, 1, 1), "year", DAY, estimated=True)) == "HH"


@pytest.mark.parametrize(
    ("systolic", "diastolic", "expected"),
    [
        ("119", "79", "normal"), ("120", "79", "elevated"), ("129", "79", "elevated"),
        ("130", "79", "stage-1"), ("119", "80", "stage-1"), ("139", "89", "stage-1"),
        ("140", "79", "stage-2"), ("119", "90", "stage-2"), ("180", "120", "stage-2"),
        ("181", "80", "crisis"), ("120", "121", "crisis"), ("129.5", "79", "stage-1"),
    ],
)  # fmt: skip
def test_blood_pressure_is_classed_by_the_higher(systolic, diastolic, expected):
    assert bp_class(systolic, diastolic, age=ADULT, pregnant=False).code == expected


def test_blood_pressure_has_no_class_under_18_in_pregnancy_or_unknown_age():
    assert bp_class("120", "80", age=aged(18), pregnant=False) is not None
    assert bp_class("120", "80", age=aged(18, -1), pregnant=False) is None
    assert bp_class("120", "80", age=ADULT, pregnant=True) is None
    assert bp_class("120", "80", age=None, pregnant=False) is None
    assert bp_class("120", "", age=ADULT, pregnant=False) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("18.4", "under"), ("18.44", "under"), ("18.45", "normal"), ("18.5", "normal"),
     ("24.9", "normal"), ("25", "over"), ("29.9", "over"), ("29.95", "obese"), ("30", "obese")],
)  # fmt: skip
def test_bmi_is_classed(value, expected):
    assert bmi_class(value, age=ADULT).code == expected


def test_bmi_has_no_class_under_18():
    assert bmi_class("22", age=aged(18, -1)) is None
    assert bmi_class("22", age=None) is None
    assert bmi_class("22", age=aged(18)) is not None


def test_bmi_is_computed_to_a_tenth():
    assert bmi("70", "175") == Decimal("22.9")
    assert bmi("70", "0") is None
    assert bmi("", "175") is None


def test_pregnancy_lasts_until_six_weeks_past_the_due_date():
    assert pregnant_on(date(2026, 10, 11), DAY)
    assert not pregnant_on(date(2026, 10, 10), DAY)
