"""Everything of a restricted chart goes out labelled, and comes in again as it went out."""

import json
from pathlib import Path
from typing import Any

import pytest

from encounters.models import Patient, PatientAlert
from tests import factories
from tests.exports import empty_database, exported, refused_by_r4b, resources, take_in_again

LABEL = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    "code": "R",
    "display": "restricted",
}
# About nobody in particular.
SHARED = {"Practitioner", "Organization", "Location"}


def chart(family: str, *, restricted: bool) -> Patient:
    patient = factories.PatientFactory(family=family)
    visit = factories.EncounterFactory(patient=patient)
    for make in (
        factories.DiagnosisFactory,
        factories.NoteFactory,
        factories.ObservationFactory,
        factories.PrescriptionFactory,
    ):
        make(encounter=visit, patient=patient)
    factories.AllergyFactory(patient=patient)
    PatientAlert.objects.create(patient=patient, text="Falls", start=visit.created)
    Patient.objects.filter(pk=patient.pk).update(restricted=restricted)
    return patient


def labelled(text: str) -> dict[str, bool]:
    """ "Type/id" -> whether it bears the label, of what is about a person."""
    return {
        name: LABEL in one.get("meta", {}).get("security", [])
        for name, one in resources(text).items()
        if one["resourceType"] not in SHARED
    }


def is_of(patient: Patient, name: str, resource: dict[str, Any]) -> bool:
    own = f"Patient/{patient.pk}"
    return name == own or f'"reference": "{own}"' in json.dumps(resource)


@pytest.mark.django_db(transaction=True)
def test_restricted_chart_goes_out_labelled_and_comes_back_the_same(tmp_path: Path) -> None:
    quiet, loud = chart("Quiet", restricted=True), chart("Loud", restricted=False)
    first = exported()
    assert refused_by_r4b(first) == []
    told = resources(first)
    for patient, wanted in ((quiet, True), (loud, False)):
        own = [name for name, one in told.items() if is_of(patient, name, one)]
        assert len(own) == 8
        assert {labelled(first)[name] for name in own} == {wanted}
    empty_database()
    report = take_in_again(first, tmp_path)
    assert report.failures == []
    assert [remark.place for remark in report.warnings if "restricted" in remark.reason]
    # The label is kept, and whom the chart is open to is said here.
    assert not Patient.objects.filter(restricted=True).exists()
    assert exported() == first
    # Where a name is mended here, the label goes on.
    again = Patient.objects.get(family="Quiet")
    again.family = "Quieter"
    again.save()
    assert labelled(exported())[f"Patient/{quiet.pk}"]


@pytest.mark.django_db
def test_label_stands_beside_those_that_were_sent(tmp_path: Path) -> None:
    sent = {"system": "urn:x", "code": "HIV"}
    resource = {"resourceType": "Patient", "id": "1", "meta": {"security": [sent]}}
    take_in_again(json.dumps(resource), tmp_path)
    Patient.objects.update(restricted=True)
    (told,) = resources(exported()).values()
    assert told["meta"]["security"] == [sent, LABEL]
