from datetime import date
from decimal import Decimal

import pytest

from clinik.ages import age_at
from records.loinc import LABS, NOTICE, OLDER_LABELS, trend_code, trend_codes
from records.vitals import BY_CODE, VITALS, bp_refusal, in_band_unit, questions, refusal

DAY = date(2026, 11, 22)
ADULT = age_at(date(1962, 3, 11), "day", DAY)


@pytest.mark.parametrize(
    ("key", "accepted", "refused"),
    [
        ("pulse", ["0", "350"], ["-1", "351", "fast", ""]),
        ("respiration", ["0", "120"], ["121"]),
        ("spo2", ["0", "100"], ["101"]),
        ("temperature", ["25", "45", "36.8"], ["24.9", "45.1", "NaN"]),
        ("weight", ["0.2", "650"], ["0.19", "650.1"]),
        ("height", ["20", "272"], ["19.9", "272.1"]),
        ("pain", ["0", "10", "5.0"], ["10.5", "3.5", "11", "-1"]),
        ("oxygen", ["0", "15"], ["-1"]),
        ("consciousness", ["A", "C", "V", "P", "U"], ["X", ""]),
    ],
)
def test_typed_entry_refuses_what_cannot_be(key, accepted, refused):
    assert [refusal(key, value) for value in accepted] == [""] * len(accepted)
    assert all(refusal(key, value) for value in refused)


def test_refusal_guesses_the_slip():
    assert "Fahrenheit?" in refusal("temperature", "98.6")
    assert "Fahrenheit?" not in refusal("temperature", "368")
    assert "metres?" in refusal("height", "1.75")
    assert "metres?" not in refusal("height", "500")


def test_refusal_holds_in_every_unit():
    assert refusal("temperature", "98.6", "[degF]") == ""
    assert refusal("temperature", "36.8", "[degF]")
    assert refusal("height", "69", "[in_i]") == ""
    assert refusal("weight", "1500", "[lb_av]")
    assert "stone" in refusal("weight", "12", "stone")


@pytest.mark.parametrize(
    ("systolic", "diastolic", "fine"),
    [("120", "80", True), ("30", "29", True), ("29", "20", False), ("350", "80", True),
     ("351", "80", False), ("80", "80", False), ("80", "120", False), ("81", "80", True),
     ("120", "", False), ("120", "-1", False)],
)  # fmt: skip
def test_blood_pressure_is_refused_outside_its_limits(systolic, diastolic, fine):
    assert (bp_refusal(systolic, diastolic) == "") is fine


def test_values_are_banded_in_one_unit():
    assert in_band_unit("temperature", "100.4", "[degF]") == Decimal("38.0")
    assert in_band_unit("height", "70", "[in_i]") == Decimal("177.80")
    assert in_band_unit("weight", "154", "lb") == Decimal("69.85322498")
    assert in_band_unit("pulse", "72", "beats/minute") == 72
    assert in_band_unit("bp", "120", "mmHg") == 120


def test_unit_is_never_assumed():
    assert in_band_unit("bp", "120", "") is None
    assert in_band_unit("temperature", "98.6", "kg") is None
    assert in_band_unit("pulse", "fast", "/min") is None


def ask(now, last=None, age=ADULT):
    def numbers(values):
        return {key: Decimal(value) for key, value in (values or {}).items()}

    return set(questions(numbers(now), numbers(last), age))


def test_weight_far_from_the_last_is_asked_once():
    assert ask({"weight": "76.9"}, {"weight": "70"}) == set()
    assert ask({"weight": "77"}, {"weight": "70"}) == {"weight"}
    assert ask({"weight": "63"}, {"weight": "70"}) == {"weight"}
    assert ask({"weight": "77"}) == set()


def test_weight_of_an_infant_may_differ_more():
    infant = age_at(date(2026, 1, 22), "day", DAY)
    assert ask({"weight": "5.9"}, {"weight": "5"}, infant) == set()
    assert ask({"weight": "6"}, {"weight": "5"}, infant) == {"weight"}
    assert ask({"weight": "5.9"}, {"weight": "5"}, None) == {"weight"}


def test_shrinking_height_is_asked_once():
    assert ask({"height": "174.9"}, {"height": "175"}) == {"height"}
    assert ask({"height": "175"}, {"height": "175"}) == set()


def test_saturation_and_pulse_that_look_swapped_are_asked_once():
    assert ask({"spo2": "74", "pulse": "91"}) == {"spo2"}
    assert ask({"spo2": "75", "pulse": "91"}) == set()
    assert ask({"spo2": "74", "pulse": "90"}) == set()


def test_catalogue_knows_every_code_once():
    codes = [code for vital in VITALS.values() for code in vital.codes]
    assert len(codes) == len(set(codes)) == len(BY_CODE)
    letters = [vital.letter for vital in VITALS.values() if vital.letter]
    assert len(letters) == len(set(letters))
    assert BY_CODE["55284-4"].key == "bp"


def test_older_codes_join_the_trend_of_the_offered_one():
    assert trend_code("2339-0") == "2345-7"
    assert trend_code("2708-6") == "59408-5"
    assert trend_code("8867-4") == "8867-4"
    assert trend_codes("2339-0") == ("2345-7", "2339-0")
    assert trend_codes("xyz") == ("xyz",)


def test_every_older_code_is_labelled_and_no_other():
    older = {code for lab in LABS.values() for code in lab.older}
    older |= {code for vital in VITALS.values() for code in vital.codes[1:]}
    assert older == set(OLDER_LABELS)
    assert len(LABS) == 19


def test_loinc_notice_begins_as_its_licence_says():
    assert NOTICE.startswith("This material contains content from LOINC (http://loinc.org).")
