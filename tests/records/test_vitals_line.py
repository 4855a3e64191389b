"""One line of vital signs: what is understood, and what is refused with what was probably meant."""

import pytest
from django.test import override_settings
from django.utils import translation

from records.vitals_entry import read_values
from records.vitals_line import read_line

FULL = {
    "systolic": "120", "diastolic": "80", "pulse": "72", "temperature": "36.8", "spo2": "98",
    "respiration": "16",
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("120/80 72 36.8 98 r16", FULL),
        ("120/80 72 36.8 98 r16 w70 h175", FULL | {"weight": "70", "height": "175"}),
        ("  120 / 80, 72, 36.8; 98 % R 16 ", FULL),
        ("bp120/80 hr72 temp36.8 sat98 rr16/min", FULL),
        ("p72 t36.8 s98 r16 w70kg o2", {"pulse": "72", "temperature": "36.8", "spo2": "98",
         "respiration": "16", "weight": "70", "weight_unit": "kg", "oxygen": "2"}),
        ("120/80 p72 36.8 98", {k: v for k, v in FULL.items() if k != "respiration"}),
        ("120/80 98 36.8", {"systolic": "120", "diastolic": "80", "pulse": "98",
                            "temperature": "36.8"}),
        ("120/80 37 36.8 98", {"systolic": "120", "diastolic": "80", "pulse": "37",
                               "temperature": "36.8", "spo2": "98"}),
        ("t98.6f", {"temperature": "98.6", "temperature_unit": "[degF]"}),
        ("98.6 F 154 lb 69in", {"temperature": "98.6", "temperature_unit": "[degF]",
         "weight": "154", "weight_unit": "[lb_av]", "height": "69", "height_unit": "[in_i]"}),
        ("a air", {"consciousness": "A", "oxygen": "air"}),
        ("s91 o2l v", {"spo2": "91", "oxygen": "2", "consciousness": "V"}),
        ("p40 p", {"pulse": "40", "consciousness": "P"}),
        ("c t36.8", {"consciousness": "C", "temperature": "36.8"}),
        ("b90", {"systolic": "90"}),
        ("pain3 hc35.5", {"pain": "3", "head": "35.5"}),
        ("t36.80", {"temperature": "36.80"}),
        ("", {}),
    ],
)  # fmt: skip
def test_line_is_understood(line, values):
    found = read_line(line)
    assert (found.values, found.problems) == (values, [])
    if values:
        read_values(found.values)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("98", "p98 (Pulse) or s98 (SpO2)"),
        ("72 36.8", "“72” fits more than one sign: p72 (Pulse) or w72 (Weight) or h72 (Height)?"),
        ("120/80 98", "p98 (Pulse) or s98 (SpO2)"),
        ("120/80 37", "p37 (Pulse) or t37 (Temperature)"),
        ("120/80 36.8", "t36.8 (Temperature)"),
        ("120/80 72 98", "s98 (SpO2)"),
        ("120/80 72 98.6", "t98.6f (Temperature, °F)"),
        ("120/80 72 98 36.8", "s98 (SpO2)"),
        ("120/80 t36.8 72", "p72 (Pulse)"),
        ("120/80 72 36.8 98 16", "r16 (Respiration)"),
        ("120/80 72 36.8 36.9", "t36.9 (Temperature)"),
        ("p 72", "p72 for the pulse"),
        ("t36.8 c", "t36.8c for °C"),
        ("120/80 72 37 c", "t37c for °C"),
        ("120/80 72 36,8", "write 36.8 with a point"),
        ("p72 p80", "stands twice: 72 and 80"),
        ("120/80 118/79", "Two blood pressures"),
        ("120/80 b118", "Two blood pressures"),
        ("120/80/60", "“120/80/60” is not understood"),
        ("w70cm", "Weight is in kg or lb"),
        ("35cm", "h35 (Height) or hc35 (Head circumference)"),
        ("120/80 fine", "“fine” is not understood"),
        ("-5", "“-5” is not understood"),
        ("9999", "say with a letter"),
        ("p72 " * 60, "too long"),
    ],
)  # fmt: skip
def test_what_fits_two_signs_or_none_is_refused_saying_what_was_meant(line, words):
    assert words in " ".join(read_line(line).problems)


def test_decimal_comma_is_read_where_the_language_writes_it():
    known = override_settings(LANGUAGES=[("en", "English"), ("de", "German")])
    with known, translation.override("de"):
        found = read_line("120/80, 72, 36,8 98 w70,5")
    assert found.problems == []
    assert (found.values["temperature"], found.values["weight"]) == ("36.8", "70.5")
