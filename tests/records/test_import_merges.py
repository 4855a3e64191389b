"""Patient.link: entries that the source has merged are merged here, and told so again."""

from pathlib import Path
from typing import Any

import pytest

from clinik.models import AuditEvent, ImportedResource, PendingReference
from clinik.roles import ADMINISTRATOR
from encounters.merging import merge_patients, unmerge_patients
from encounters.models import NotSamePerson, Patient, PatientMerge
from encounters.patients import change_patient
from tests.bundles import PATIENT, about, take_in, write
from tests.exports import empty_database, exported, resources, take_in_again
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def link(kind: str, *others: str) -> list[dict[str, Any]]:
    return [{"other": {"reference": f"Patient/{other}"}, "type": kind} for other in others]


def person(key: str, kind: str = "", *others: str, **parts: Any) -> dict[str, Any]:
    return about(PATIENT, id=key, **({"link": link(kind, *others)} if kind else {}), **parts)


def row(key: str) -> Patient:
    found = ImportedResource.objects.get(resource_type="Patient", resource_id=key)
    return Patient.objects.get(pk=str(found.row_id))


def told() -> dict[str, Any]:
    return {name: one.get("link") for name, one in resources(exported()).items()}


@pytest.mark.django_db(transaction=True)
def test_merge_made_here_comes_back_and_goes_out_the_same(tmp_path: Path) -> None:
    admin = UserFactory(role=ADMINISTRATOR)
    gone, kept = PatientFactory(), PatientFactory()
    merge_patients(gone, into=kept, by=admin, reason="Twice", version=1, into_version=1)
    first = exported()
    empty_database()
    take_in_again(first, tmp_path)
    assert row(str(gone.pk)).merged_into == row(str(kept.pk))
    assert exported() == first
    again = take_in_again(first, tmp_path)
    assert again.counts["Patient"] == {"unchanged": 2}
    assert not again.warnings
    assert PatientMerge.objects.count() == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_it_is_merged_when_the_other_comes(tmp_path: Path, order: tuple[int, int]) -> None:
    files = [
        write(tmp_path, "old", person("a", "replaced-by", "b")),
        write(tmp_path, "b", person("b")),
    ]
    for number in order:
        take_in(files[number])
    assert row("a").merged_into == row("b")
    (merge,) = PatientMerge.objects.all()
    assert (merge.by, merge.source, merge.who) == (None, "fhir", "an import")
    assert AuditEvent.objects.filter(act="patient.merge", patient_id=row("a").pk).exists()
    assert not PendingReference.objects.exists()
    assert told() == {
        "Patient/a": link("replaced-by", "b"),
        "Patient/b": link("replaces", "a"),
    }


def test_chain_leads_to_its_last_and_a_circle_to_one(tmp_path: Path) -> None:
    take_in(
        write(
            tmp_path,
            "a",
            person("a", "replaced-by", "b"),
            person("b", "replaced-by", "c"),
            person("c"),
            person("x", "replaced-by", "y"),
            person("y", "replaced-by", "x"),
        )
    )
    assert row("a").merged_into == row("b").merged_into == row("c")
    assert row("x").merged_into == row("y")
    assert row("y").merged_into is None


def test_merged_entry_is_brought_up_to_date_all_the_same(tmp_path: Path) -> None:
    both = person("a", "replaced-by", "b"), person("b")
    take_in(write(tmp_path, "a", *both))
    changed = about(both[0], birthDate="1970-01-01")
    report = take_in(write(tmp_path, "b", changed, both[1]))
    assert report.counts["Patient"] == {"updated": 1, "unchanged": 1}
    assert row("a").merged_into == row("b")


def test_what_staff_have_changed_is_not_merged_and_said(tmp_path: Path) -> None:
    take_in(write(tmp_path, "a", person("a"), person("b")))
    admin = UserFactory(role=ADMINISTRATOR)
    change_patient(row("b"), by=admin, version=1, phone="555")
    report = take_in(write(tmp_path, "b", person("a", "replaced-by", "b"), person("b")))
    assert [note.reason for note in report.warnings] == [
        "is not merged: staff have changed one of the two entries"
    ]
    assert row("a").merged_into is None
    assert told() == {"Patient/a": None, "Patient/b": None}


def test_two_people_stay_two(tmp_path: Path) -> None:
    take_in(write(tmp_path, "a", person("a"), person("b")))
    first, second = sorted([row("a").pk, row("b").pk])
    NotSamePerson.objects.create(first_id=first, second_id=second)
    report = take_in(write(tmp_path, "b", person("a", "replaced-by", "b"), person("b")))
    assert "two people" in report.warnings[0].reason
    assert row("a").merged_into is None


def test_merge_that_staff_took_back_is_neither_made_again_nor_told(tmp_path: Path) -> None:
    path = write(tmp_path, "a", person("a", "replaced-by", "b"), person("b", "replaces", "a"))
    take_in(path)
    admin = UserFactory(role=ADMINISTRATOR)
    merge = PatientMerge.objects.get()
    unmerge_patients(merge, by=admin, reason="Two people", version=merge.version)
    take_in(path)
    assert row("a").merged_into is None
    assert told() == {"Patient/a": None, "Patient/b": None}


def test_link_to_nobody_here_and_other_links_stay_as_sent(tmp_path: Path) -> None:
    sent = person("a", "replaced-by", "z")
    sent["link"] += link("seealso", "b")
    take_in(write(tmp_path, "a", sent, person("b")))
    assert told()["Patient/a"] == sent["link"]
    assert not PatientMerge.objects.exists()
