"""The three guards of every form: act once, no lost update, right patient."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django import forms
from django.http import Http404

from clinik.forms import (
    DateInput,
    DateTimeInput,
    NewRowForm,
    OtherPatient,
    PatientGuard,
    Repeated,
    VersionedForm,
    already_made,
)
from encounters.models import Patient
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db


class TownForm(VersionedForm, forms.ModelForm):
    class Meta:
        model = Patient
        fields = ["city", "phone"]


class GuardedForm(PatientGuard, NewRowForm, forms.Form):
    text = forms.CharField()


def town(patient: Patient, **data: Any) -> TownForm:
    return TownForm(
        {"city": "", "phone": "", "version": "1"} | data,
        instance=Patient.objects.get(pk=patient.pk),
    )


def test_a_form_filled_from_the_present_version_saves() -> None:
    form = town(PatientFactory(), city="Springfield")
    assert form.is_valid()
    assert form.base_version == 1
    assert form.conflict == ()


def test_a_stale_form_is_refused_with_before_theirs_and_mine() -> None:
    patient = PatientFactory(city="Old Town")
    patient.city = "Their Town"
    patient.save()
    form = town(patient, city="My Town")
    assert not form.is_valid()
    (difference,) = form.conflict
    assert (difference.before, difference.theirs, difference.mine) == (
        "Old Town",
        "Their Town",
        "My Town",
    )
    assert Patient.objects.get(pk=patient.pk).city == "Their Town"


def test_a_refused_form_carries_the_new_version_and_what_was_typed() -> None:
    patient = PatientFactory()
    patient.city = "Their Town"
    patient.save()
    form = town(patient, city="My Town")
    assert not form.is_valid()
    assert form["version"].value() == "2"
    assert form["city"].value() == "My Town"


def test_a_new_row_form_draws_one_key_a_showing() -> None:
    patient = PatientFactory()
    first, second = GuardedForm(patient=patient), GuardedForm(patient=patient)
    assert first["id"].value() == first["id"].value()
    assert first["id"].value() != second["id"].value()


def test_a_form_for_another_patient_is_refused_with_what_was_typed() -> None:
    here, other = PatientFactory(family="Here"), PatientFactory(family="Other")
    form = GuardedForm({"id": uuid.uuid4(), "text": "x", "patient": other.pk}, patient=here)
    with pytest.raises(OtherPatient) as caught:
        form.is_valid()
    assert (caught.value.sent, caught.value.here) == (other.pk, here)
    assert caught.value.typed == (("Text", "x"),)


def test_a_row_not_yet_made_is_none() -> None:
    assert already_made(Patient, uuid.uuid4(), owners={}, same={}) is None


def test_the_same_form_twice_gives_the_row_it_made() -> None:
    made = PatientFactory(city="Springfield")
    assert already_made(Patient, made.pk, owners={}, same={"city": "Springfield"}) == made


def test_the_same_form_with_other_content_is_a_conflict() -> None:
    made = PatientFactory(city="Springfield")
    with pytest.raises(Repeated) as caught:
        already_made(Patient, made.pk, owners={}, same={"city": "Shelbyville"})
    assert caught.value.row == made


def test_somebody_elses_key_is_not_found() -> None:
    made = PatientFactory(city="Springfield")
    with pytest.raises(Http404):
        already_made(Patient, made.pk, owners={"family": "Else"}, same={"city": "Springfield"})


def test_native_date_inputs_are_filled_in_iso() -> None:
    assert 'value="2025-01-15"' in DateInput().render("d", dt.date(2025, 1, 15))
    moment = dt.datetime(2025, 1, 15, 9, 5)
    assert 'value="2025-01-15T09:05"' in DateTimeInput().render("d", moment)
