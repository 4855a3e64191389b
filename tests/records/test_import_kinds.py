"""import_fhir on what other senders write: odd references, addresses, attachments, arguments."""

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clinik.models import ImportedResource
from encounters.models import Encounter, Patient, Practitioner
from records.bundle import BadArgument, find_files
from records.models import Note, Observation, Prescription
from tests.bundles import (
    CONDITION,
    DOCTOR,
    PATIENT,
    PRESSURE,
    VISIT,
    about,
    contents,
    entry,
    take_in,
    write,
)

pytestmark = pytest.mark.django_db

HOSPITAL = "http://hospital.example/numbers"
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "m",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "urn:uuid:p"},
}
NOTE = {
    "resourceType": "DocumentReference",
    "id": "n",
    "status": "current",
    "subject": {"reference": "urn:uuid:p"},
}


def attachment(content: bytes, **parts: str) -> dict[str, Any]:
    return {"attachment": {"data": base64.b64encode(content).decode(), **parts}}


def rest_of(kind: str) -> Any:
    return ImportedResource.objects.get(resource_type=kind).raw


# -- references ---------------------------------------------------------------------------------


def test_what_a_reference_names_in_words_or_elsewhere_is_kept(tmp_path: Path) -> None:
    parent = {"reference": "Encounter/elsewhere", "display": "The stay"}
    diagnosis = [{"condition": {"display": "Gout"}, "rank": 2}]
    visit = about(VISIT, partOf=parent, diagnosis=diagnosis)
    observation = about(PRESSURE, performer=[{"display": "Dr. Words"}])
    take_in(write(tmp_path, "one", PATIENT, DOCTOR, visit, observation))
    rest = rest_of("Encounter")
    assert rest["$encounter.part_of"] == parent
    assert rest["diagnosis"] == diagnosis
    assert rest_of("Observation")["$observation.author"] == {"display": "Dr. Words"}
    before = contents()
    take_in(tmp_path / "one.json")
    assert contents() == before


def test_author_is_the_first_person_not_the_organisation(tmp_path: Path) -> None:
    those = [{"reference": "Organization/o"}, {"reference": "urn:uuid:d"}]
    observation = about(PRESSURE, performer=those)
    take_in(write(tmp_path, "one", PATIENT, DOCTOR, VISIT, observation, about(NOTE, author=those)))
    doctor = Practitioner.objects.get()
    assert Observation.objects.get().author == doctor
    assert Note.objects.get().author == doctor


def test_conditional_reference_without_a_system_finds_the_only_one(tmp_path: Path) -> None:
    visit = about(VISIT, participant=[{"individual": {"reference": "Practitioner?identifier=580"}}])
    take_in(write(tmp_path, "one", PATIENT, DOCTOR, visit))
    assert Encounter.objects.get().practitioner == Practitioner.objects.get()


@pytest.mark.parametrize(
    ("medication", "words"),
    [
        ({"code": {"text": "Paracetamol"}}, "Paracetamol"),
        ({"ingredient": [{"itemCodeableConcept": {"text": w}} for w in ("A", "B")]}, "A + B"),
    ],
)
def test_medication_is_found_by_its_identifier(
    medication: dict[str, Any], words: str, tmp_path: Path
) -> None:
    found = {"resourceType": "Medication", "id": "x", **medication}
    found["identifier"] = [{"system": HOSPITAL, "value": "7"}]
    order = about(ORDER, medicationReference={"reference": f"Medication?identifier={HOSPITAL}|7"})
    take_in(write(tmp_path, "one", order, found, PATIENT))
    assert Prescription.objects.get().medication_text == words


def test_order_of_an_unknown_medication_is_taken_and_said(tmp_path: Path) -> None:
    order = about(ORDER, medicationReference={"reference": "Medication/none"})
    report = take_in(write(tmp_path, "one", PATIENT, order))
    assert Prescription.objects.count() == 1
    assert [w.reason for w in report.warnings] == ["names no medication that is known, left empty"]


# -- who is who ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "/Patient"),
        ("POST", "http://server.example/fhir/Patient"),
        ("PUT", "/Patient/p"),
        ("PUT", "https://server.example/fhir/Patient/p"),
        ("PUT", f"Patient?identifier={HOSPITAL}|1"),
    ],
)
def test_address_may_be_written_in_full(method: str, url: str, tmp_path: Path) -> None:
    report = take_in(write(tmp_path, "one", entry(PATIENT, method=method, url=url)))
    assert report.counts["Patient"] == Counter({"created": 1})


@pytest.mark.parametrize(("method", "url"), [("POST", "Observation"), ("PUT", "x://s/Patient/q")])
def test_address_of_something_else_is_refused(method: str, url: str, tmp_path: Path) -> None:
    report = take_in(write(tmp_path, "one", entry(PATIENT, method=method, url=url)))
    assert report.failures[0].place == "Bundle.entry[0].request.url"


def test_addresses_that_hold_no_id_tell_resources_apart(tmp_path: Path) -> None:
    nameless = {name: value for name, value in PATIENT.items() if name != "id"}
    entries = [
        {
            "fullUrl": url,
            "resource": nameless,
            "request": {"method": "POST", "url": "Patient"},
        }
        for url in ("http://one.example/", "http://two.example/", "http://x.example/" + "y" * 300)
    ]
    file = write(tmp_path, "one", *entries)
    take_in(file)
    report = take_in(file)
    assert report.counts["Patient"] == Counter({"unchanged": 3})


def test_conditional_create_finds_by_the_identifier_it_asks_for(tmp_path: Path) -> None:
    number = [{"system": HOSPITAL, "value": "1"}]
    take_in(write(tmp_path, "one", about(PATIENT, identifier=number)))
    again = entry(
        about(PATIENT, id="other", identifier=number), ifNoneExist=f"identifier={HOSPITAL}|1"
    )
    visit = about(VISIT, subject={"reference": "urn:uuid:other"})
    report = take_in(write(tmp_path, "two", again, visit, DOCTOR))
    assert report.counts["Patient"] == Counter({"unchanged": 1})
    assert Encounter.objects.get().patient == Patient.objects.get()


def test_conditional_create_that_finds_several_refuses_the_file(tmp_path: Path) -> None:
    number = [{"system": HOSPITAL, "value": "1"}]
    people = [about(PATIENT, id=name, identifier=number) for name in "ab"]
    take_in(write(tmp_path, "one", *people))
    third = entry(about(PATIENT, id="c"), ifNoneExist=f"identifier={HOSPITAL}|1")
    report = take_in(write(tmp_path, "two", third, DOCTOR))
    assert report.failures[0].place == "Bundle.entry[0].resource(Patient)"
    assert Practitioner.objects.count() == 0


def test_files_of_one_run_that_disagree_are_told_and_settle(tmp_path: Path) -> None:
    one = write(tmp_path, "one", PATIENT, CONDITION | {"encounter": None})
    two = write(tmp_path, "two", about(PATIENT, gender="male"))
    first = take_in(one, two)
    assert first.counts["Patient"] == Counter({"created": 1, "conflict": 1})
    before = contents()
    second = take_in(one, two)
    assert second.counts["Patient"] == Counter({"unchanged": 1, "conflict": 1})
    assert contents() == before
    # By itself the other file is what the source says now.
    take_in(two)
    assert Patient.objects.get().gender == "male"


# -- attachments --------------------------------------------------------------------------------


def test_note_is_the_attachment_that_is_text(tmp_path: Path) -> None:
    picture = attachment(b"%PDF\xff", contentType="application/pdf")
    text = attachment("Grüße".encode(), contentType="text/plain; charset=utf-8")
    take_in(write(tmp_path, "one", PATIENT, about(NOTE, content=[picture, text])))
    assert Note.objects.get().content == "Grüße"
    assert rest_of("DocumentReference")["content"] == [
        picture,
        {"attachment": {**text["attachment"], "data": "$content"}},
    ]


def test_attachment_of_no_said_type_that_is_no_text_is_kept_as_sent(tmp_path: Path) -> None:
    content = [attachment(b"\xff\xfe\x00")]
    take_in(write(tmp_path, "one", PATIENT, about(NOTE, content=content)))
    assert Note.objects.get().content == ""
    assert rest_of("DocumentReference")["content"] == content


# -- files --------------------------------------------------------------------------------------


def test_path_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="cannot be read"):
        find_files([tmp_path / ("n" * 300)])


def test_folder_gives_its_files_below_in_a_stable_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("z.json", "b/a.JSON", "notes.txt"):
        (tmp_path / name).write_text(json.dumps(PATIENT))
    assert find_files([tmp_path, tmp_path / "z.json"]) == [
        tmp_path / "b" / "a.JSON",
        tmp_path / "z.json",
    ]
