from datetime import UTC, date, datetime

import pytest

from clinik.ages import age_at

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("birth", "words"),
    [
        (date(2026, 11, 22), "0 d"),
        (date(2026, 11, 9), "13 d"),
        (date(2026, 11, 8), "2 w"),
        (date(2026, 8, 31), "11 w"),
        (date(2026, 8, 30), "2 mo"),
        (date(2024, 11, 23), "23 mo"),
        (date(2024, 11, 22), "2 y"),
        (date(1962, 11, 22), "64 y"),
        (date(1962, 11, 23), "63 y"),
    ],
)
def test_age_is_said_in_the_unit_that_fits(birth, words):
    age = age_at(birth, "day", TODAY)
    assert age is not None
    assert age.words == words


def test_age_counts_completed_years_months_and_days():
    age = age_at(date(2025, 9, 23), "day", TODAY)
    assert age is not None
    assert (age.years, age.months, age.days) == (1, 13, 425)
    assert age.youngest == age.oldest == (1, 13, 425)


def test_birthday_on_29_february_is_the_first_of_march():
    assert age_at(date(2008, 2, 29), "day", date(2026, 2, 28)).years == 17
    assert age_at(date(2008, 2, 29), "day", date(2026, 3, 1)).years == 18


def test_birth_month_gives_exact_years_except_around_the_birthday():
    assert age_at(date(1962, 3, 1), "month", TODAY).years == 64
    assert age_at(date(1962, 3, 1), "month", TODAY).words == "64 y"
    age = age_at(date(1962, 11, 1), "month", TODAY)
    assert age.years is None
    assert age.words == "63-64 y"
    assert (age.youngest[0], age.oldest[0]) == (63, 64)


def test_birth_year_gives_two_ages():
    age = age_at(date(2010, 1, 1), "year", TODAY)
    assert (age.years, age.months, age.days) == (None, None, None)
    assert age.words == "15-16 y"
    assert age.at_least(15) is True
    assert age.at_least(16) is None
    assert age.at_least(17) is False


def test_birth_year_on_the_last_day_of_the_year_is_exact():
    assert age_at(date(2010, 1, 1), "year", date(2026, 12, 31)).years == 16


def test_infant_known_by_month_is_said_in_months():
    assert age_at(date(2025, 9, 1), "month", date(2026, 11, 30)).words == "14 mo"
    assert age_at(date(2025, 9, 1), "month", date(2026, 11, 10)).words == "13-14 mo"


def test_estimated_age_says_about_and_is_wide():
    age = age_at(date(1986, 1, 1), "year", TODAY, estimated=True)
    assert age.words == "about 40 y"
    assert age.years is None
    assert (age.youngest[0], age.oldest[0]) == (37, 42)


@pytest.mark.parametrize(
    ("birth", "precision"),
    [(None, "day"), (None, ""), (date(1962, 1, 1), "unknown"), (date(2026, 11, 23), "day")],
)
def test_unknown_birth_or_day_before_it_has_no_age(birth, precision):
    assert age_at(birth, precision, TODAY) is None


def test_born_this_month_is_never_negative():
    age = age_at(date(2026, 11, 1), "month", TODAY)
    assert age.youngest == (0, 0, 0)
    assert age.oldest == (0, 0, 21)


def test_odd_years_have_an_age():
    assert age_at(date(1, 1, 1), "year", TODAY, estimated=True).words == "about 2025 y"
    assert age_at(date(9999, 12, 1), "month", TODAY) is None


def test_instant_counts_as_its_day_in_the_clinics_zone(settings):
    settings.TIME_ZONE = "Australia/Sydney"
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert age_at(date(2008, 11, 22), "day", late).years == 18
