"""Fields that read what staff type."""

import datetime as dt

import pytest
from django import forms

from encounters.fields import PartialDate, PartialDateField, PractitionerField
from tests.factories import PractitionerFactory

pytestmark = pytest.mark.django_db


class OneForm(forms.Form):
    who = PractitionerField(required=False)
    since = PartialDateField(required=False)


def form(**data: str) -> OneForm:
    return OneForm(data)


def test_text_that_names_one_practitioner_is_taken() -> None:
    one = PractitionerFactory(given="Rosa", family="Sample")
    PractitionerFactory(given="Rosa", family="Other")
    read = form(who="sample")
    assert read.is_valid()
    assert read.cleaned_data["who"] == one


def test_exact_name_wins_over_names_that_contain_it() -> None:
    one = PractitionerFactory(given="Rosa", family="Sample")
    PractitionerFactory(given="Rosa", family="Samples")
    read = form(who="Dr Rosa Sample")
    assert read.is_valid()
    assert read.cleaned_data["who"] == one


def test_several_are_offered_and_the_choice_is_taken() -> None:
    PractitionerFactory(given="Rosa", family="Sample", specialty="Surgery")
    two = PractitionerFactory(given="Rita", family="Sample")
    read = form(who="sample")
    assert not read.is_valid()
    html = str(read["who"])
    assert html.count('type="radio"') == 2
    assert "Surgery" in html
    chosen = form(who="sample", who_choice=str(two.pk), who_choice_for="sample")
    assert chosen.is_valid()
    assert chosen.cleaned_data["who"] == two


def test_choice_for_an_older_text_is_not_taken() -> None:
    one = PractitionerFactory(given="Rosa", family="Sample")
    other = PractitionerFactory(given="Rita", family="Other")
    read = form(who="sample", who_choice=str(other.pk), who_choice_for="other")
    assert read.is_valid()
    assert read.cleaned_data["who"] == one


def test_key_left_over_from_another_name_is_not_taken() -> None:
    one = PractitionerFactory(given="Rosa", family="Sample")
    other = PractitionerFactory(given="Rita", family="Other")
    read = form(who="Rosa Sample", who_id=str(other.pk))
    assert read.is_valid()
    assert read.cleaned_data["who"] == one


def test_initial_practitioner_comes_back_unchanged() -> None:
    gone = PractitionerFactory(active=False)
    read = OneForm({"who": str(gone), "who_id": str(gone.pk)}, initial={"who": gone})
    assert read.is_valid()
    assert read.cleaned_data["who"] == gone
    assert not read.has_changed()


@pytest.mark.parametrize("text", ["nobody", "Practice gone"])
def test_unknown_or_inactive_practitioner_is_refused(text: str) -> None:
    PractitionerFactory(family="Practice", given="Gone", active=False)
    assert not form(who=text).is_valid()


def test_empty_practitioner_is_none() -> None:
    read = form(who="")
    assert read.is_valid()
    assert read.cleaned_data["who"] is None


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("3.4.2020", dt.date(2020, 4, 3), "day"),
        ("Apr 2020", dt.date(2020, 4, 1), "month"),
        ("2020", dt.date(2020, 1, 1), "year"),
    ],
)
def test_partial_date_reads_and_shows_what_it_knows(
    text: str, day: dt.date, precision: str
) -> None:
    read = form(since=text)
    assert read.is_valid()
    assert read.cleaned_data["since"] == PartialDate(day, precision)
    again = form(since=str(read.cleaned_data["since"]))
    assert again.is_valid()
    assert again.cleaned_data["since"] == read.cleaned_data["since"]


@pytest.mark.parametrize("text", ["about 40", "soon", "2.2.2099", "31.2.2020"])
def test_partial_date_refuses_what_is_no_past_day(text: str) -> None:
    assert not form(since=text).is_valid()
