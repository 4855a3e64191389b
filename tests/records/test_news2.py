"""One value either side of each edge of the chart (Royal College of Physicians, NEWS2, 2017)."""

from datetime import date, timedelta
from typing import Any

import pytest

from clinik.ages import age_at
from records.news2 import News2, NewsInput, news2, overdue_after, why_not_scored

DAY = date(2026, 11, 22)
ADULT = age_at(date(1962, 3, 11), "day", DAY)
NORMAL: dict[str, Any] = {
    "respiration": "16", "spo2": "98", "oxygen": False, "systolic": "120", "pulse": "72",
    "consciousness": "A", "temperature": "36.8",
}  # fmt: skip


def score(scale2=False, **changes):
    result = news2(NewsInput(**{**NORMAL, **changes}), age=ADULT, pregnant=False, scale2=scale2)
    assert result is not None
    return result


def edges(sign, *pairs):
    return [(sign, value, points) for value, points in pairs]


@pytest.mark.parametrize(
    ("sign", "value", "points"),
    [
        *edges("respiration", ("8", 3), ("9", 1), ("11", 1), ("12", 0), ("20", 0), ("21", 2),
               ("24", 2), ("25", 3), ("0", 3), ("8.4", 3), ("8.5", 1), ("20.4", 0), ("20.5", 2)),
        *edges("spo2", ("91", 3), ("92", 2), ("93", 2), ("94", 1), ("95", 1), ("96", 0),
               ("100", 0), ("95.4", 1), ("95.5", 0)),
        *edges("systolic", ("90", 3), ("91", 2), ("100", 2), ("101", 1), ("110", 1), ("111", 0),
               ("219", 0), ("220", 3)),
        *edges("pulse", ("40", 3), ("41", 1), ("50", 1), ("51", 0), ("90", 0), ("91", 1),
               ("110", 1), ("111", 2), ("130", 2), ("131", 3)),
        *edges("temperature", ("35.0", 3), ("35.1", 1), ("36.0", 1), ("36.1", 0), ("38.0", 0),
               ("38.1", 1), ("39.0", 1), ("39.1", 2), ("38.04", 0), ("38.05", 1), ("35.04", 3),
               ("35.05", 1), (38.05, 1)),
        *edges("oxygen", (False, 0), (True, 2)),
        *edges("consciousness", ("A", 0), ("C", 3), ("V", 3), ("P", 3), ("U", 3), ("a", 0)),
    ],
)  # fmt: skip
def test_sign_scores_as_in_the_chart(sign, value, points):
    result = score(**{sign: value})
    assert result.points[sign] == points
    assert result.total == points
    assert result.complete


@pytest.mark.parametrize(
    ("spo2", "oxygen", "points"),
    [
        ("83", False, 3), ("84", False, 2), ("85", False, 2), ("86", False, 1), ("87", False, 1),
        ("88", False, 0), ("92", False, 0), ("93", False, 0), ("100", False, 0),
        ("83", True, 3), ("84", True, 2), ("85", True, 2), ("86", True, 1), ("87", True, 1),
        ("88", True, 0), ("92", True, 0),
        ("93", True, 1), ("94", True, 1), ("95", True, 2), ("96", True, 2), ("97", True, 3),
    ],
)  # fmt: skip
def test_scale_2_scores_by_target(spo2, oxygen, points):
    assert score(scale2=True, spo2=spo2, oxygen=oxygen).points["spo2"] == points


def test_scale_2_without_oxygen_is_at_least():
    result = score(scale2=True, spo2="97", oxygen=None)
    assert result.points["spo2"] == 0
    assert result.missing == ("oxygen",)


@pytest.mark.parametrize(
    ("changes", "total", "band", "words", "due"),
    [
        ({}, 0, "low", "", timedelta(hours=12)),
        ({"pulse": "91"}, 1, "low", "", timedelta(hours=6)),
        ({"oxygen": True, "pulse": "111"}, 4, "low", "", timedelta(hours=6)),
        ({"pulse": "131"}, 3, "low-medium", "urgent review", timedelta(hours=1)),
        ({"oxygen": True, "pulse": "111", "spo2": "95"}, 5, "medium", "urgent review",
         timedelta(hours=1)),
        ({"consciousness": "V", "pulse": "131"}, 6, "medium", "urgent review", timedelta(hours=1)),
        ({"oxygen": True, "pulse": "111", "spo2": "92", "respiration": "9"}, 7, "high",
         "emergency", timedelta(minutes=15)),
    ],
)  # fmt: skip
def test_total_says_how_urgent_it_is(changes, total, band, words, due):
    result = score(**changes)
    assert (result.total, result.band, result.words) == (total, band, words)
    assert overdue_after(result) == due


def test_missing_part_is_said_and_never_taken_as_normal():
    result = score(consciousness="", oxygen=True, pulse="111", spo2="95")
    assert result.text == "NEWS2 at least 5, without consciousness"
    assert not result.complete
    assert "consciousness" not in result.points
    assert str(result) == "NEWS2 at least 5, without consciousness: urgent review"


def test_complete_score_is_said_with_its_word():
    assert str(score(consciousness="U", systolic="80", spo2="93")) == "NEWS2 8: emergency"
    assert str(score()) == "NEWS2 0"


def test_what_is_no_number_is_missing():
    assert score(pulse="fast").missing == ("pulse",)


def test_nothing_measured_has_no_score():
    assert news2(NewsInput(), age=ADULT, pregnant=False) is None
    assert why_not_scored(ADULT, pregnant=False) == ""


@pytest.mark.parametrize(
    ("birth", "precision", "pregnant", "reason"),
    [
        (date(2010, 11, 23), "day", False, "under 16"),
        (date(2010, 11, 22), "day", False, ""),
        (date(2010, 1, 1), "year", False, "exactly"),
        (date(2009, 1, 1), "year", False, ""),
        (None, "day", False, "unknown"),
        (date(1990, 1, 1), "day", True, "pregnant"),
        (date(1990, 1, 1), "day", False, ""),
    ],
)
def test_score_is_for_adults_of_known_age_who_are_not_pregnant(birth, precision, pregnant, reason):
    age = age_at(birth, precision, DAY)
    result = news2(NewsInput(**NORMAL), age=age, pregnant=pregnant)
    assert reason in why_not_scored(age, pregnant=pregnant)
    assert (result is None) == bool(reason)
    assert isinstance(result, News2) == (not reason)
