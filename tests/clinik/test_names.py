from datetime import date

import pytest

from clinik.names import (
    birth_date_candidates,
    likeness,
    mistakable,
    normalise_name,
    parse_birth_date,
)
from clinik.names import sounds_alike as alike


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bernardo ORDÓÑEZ", "bernardo ordonez"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Þór Ægir Œuvre", "thor aegir oeuvre"),
        ("İpek Işık", "ipek isik"),
        ("Đặng Søren", "dang soren"),
        ("O'Brien-Smith", "obrien smith"),
        ("O\u2019Brien", "obrien"),
        ("  van   der\tBerg, J. ", "van der berg j"),
        ("김철수", "김철수"),
        ("Mejía64", "mejia64"),
        ("", ""),
    ],
)
def test_name_is_folded_for_search(text, expected):
    assert normalise_name(text) == expected


def test_folding_twice_changes_nothing():
    for text in ("Ordóñez", "Đặng", "김철수", "ΣΊΣΥΦΟΣ", "O'Brien"):
        assert normalise_name(normalise_name(text)) == normalise_name(text)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Bryan Breitenberg", "Brian Breitenberg"),
        ("Catherine O'Brien", "Katherine OBrien"),
        ("Maria Garcia", "García López, María"),
        ("Mary Ann Jones", "Maryann Jones"),
        ("Li Wang", "Wang Li"),
        ("Meera Patel", "Mira Patel"),
    ],
)
def test_names_that_could_be_mistaken_are_alike(a, b):
    assert alike(a, b)
    assert alike(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("John Smith", "Jane Smith"),
        ("Maria Garcia", "Maria Huber"),
        ("Anna Berg", ""),
        ("", ""),
        ("Peter Weiss", "Weiss Paula"),
    ],
)
def test_different_names_are_not_alike(a, b):
    assert not alike(a, b)


def test_likeness_orders_candidates():
    typed = "Jon Smith"
    assert likeness(typed, "Jon Smith") == 1.0
    assert 1.0 > likeness(typed, "John Smith") > likeness(typed, "Joan Smithers")
    assert likeness(typed, "") == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "1962-03-11", "1962/3/11", "1962.03.11", "11.03.1962", "11/03/1962", "11-3-1962",
        "11 03 1962", "11 Mar 1962", "11 march 1962", "Mar 11, 1962", "11Mar1962", "11-MAR-1962",
        "11031962", "19620311", " 11.3.1962 ",
    ],
)  # fmt: skip
def test_birth_date_is_read_in_any_usual_form(text):
    assert parse_birth_date(text) == (date(1962, 3, 11), "day")
    assert birth_date_candidates(text)[0] == date(1962, 3, 11)


@pytest.mark.parametrize("text", ["Mar 1962", "March 1962", "03/1962", "1962-03", "3.1962"])
def test_birth_month_is_read(text):
    assert parse_birth_date(text) == (date(1962, 3, 1), "month")
    assert birth_date_candidates(text) == []


def test_birth_year_is_read():
    assert parse_birth_date("1962") == (date(1962, 1, 1), "year")


@pytest.mark.parametrize(
    "text",
    ["", "hello", "3", "31.02.1962", "0421", "11.03.62", "Garcia 1962", "1962-13-01", "45129982",
     "3000", "11.03.1962 x", "1.2.3.1962", "ma 1962", "+49 1962"],
)  # fmt: skip
def test_what_is_no_birth_date_is_none(text):
    assert parse_birth_date(text) is None


def test_ambiguous_birth_date_is_read_day_first_and_searched_both_ways():
    assert parse_birth_date("03/04/1962") == (date(1962, 4, 3), "day")
    assert birth_date_candidates("03/04/1962") == [date(1962, 4, 3), date(1962, 3, 4)]
    assert birth_date_candidates("03041962") == [date(1962, 4, 3), date(1962, 3, 4)]
    assert birth_date_candidates("05/05/1962") == [date(1962, 5, 5)]


def test_birth_date_that_only_fits_month_first_is_read_so():
    assert parse_birth_date("03/25/1962") == (date(1962, 3, 25), "day")


def test_year_of_two_digits_is_searched_in_both_centuries():
    assert birth_date_candidates("25.03.12") == [date(2012, 3, 25), date(1912, 3, 25)]


def test_iso_date_has_one_reading():
    assert birth_date_candidates("1962-03-11") == [date(1962, 3, 11)]


@pytest.mark.parametrize(
    ("one", "other", "alert"),
    [
        (("Meier", "Katharina"), ("Maier", "Katarina"), True),
        (("Haugen", "Ingrid"), ("Haugen", "Ingeborg"), True),
        (("Haugen", "Ingrid"), ("Haugen", "Solveig"), False),
        (("Haugen", "Ingrid"), ("Diallo", "Ingrid"), False),
    ],
)
def test_people_of_one_day_who_may_be_taken_for_each_other(
    one: tuple[str, str], other: tuple[str, str], alert: bool
) -> None:
    assert mistakable(*one, *other) is alert
    assert mistakable(*other, *one) is alert
