"""Who signed a note and when, what adds to it, and why a record was wrong: out and in again."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik.models import ImportedResource
from clinik.roles import CLINICIAN
from records.errors import enter_record_in_error
from records.fhir.signatures import ATTESTER
from records.models import Note, NoteSignature, Observation
from records.note_section import NotesSection
from records.notes import add_addendum, add_note, sign_note
from tests.bundles import DOCTOR, PATIENT, VISIT, about, take_in, write
from tests.exports import empty_database, exported, refused_by_r4b, resources, take_in_again
from tests.factories import (
    AssessmentFactory,
    EncounterFactory,
    ObservationFactory,
    PrescriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
WHO, VISITED = {"reference": "Patient/p"}, {"encounter": [{"reference": "Encounter/e"}]}


def note(key: str, code: str = "", target: str = "", **parts: Any) -> dict[str, Any]:
    sent = {
        "resourceType": "DocumentReference",
        "id": key,
        "status": "current",
        "docStatus": "final",
        "subject": WHO,
        "context": VISITED,
        "content": [{"attachment": {"contentType": "text/plain", "data": "U2Vlbi4="}}],
        **parts,
    }
    if code:
        sent["relatesTo"] = [{"code": code, "target": {"reference": f"DocumentReference/{target}"}}]
    return sent


def rows() -> dict[str, Note]:
    keys = ImportedResource.objects.filter(resource_type="DocumentReference")
    return {key.resource_id: Note.objects.get(pk=str(key.row_id)) for key in keys}


@pytest.mark.django_db(transaction=True)
def test_signed_note_with_addendum_comes_back_and_goes_out_the_same(tmp_path: Path) -> None:
    doctor = UserFactory(role=CLINICIAN, practitioner=True)
    visit = EncounterFactory()
    signed = sign_note(add_note(visit, by=doctor, content="Seen."), by=doctor)
    add_addendum(signed, by=doctor, content="And again.")
    first = exported()
    assert not refused_by_r4b(first)
    told = resources(first)[f"DocumentReference/{signed.pk}"]
    assert [one["url"] for one in told["extension"]] == [ATTESTER]
    at = NoteSignature.objects.get().at
    empty_database()
    take_in_again(first, tmp_path)
    again = rows()
    assert again[str(signed.pk)].signed_at == at
    (added,) = [one for one in again.values() if one.relation]
    assert (added.relation, added.about) == ("addendum", again[str(signed.pk)])
    assert exported() == first


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_addendum_stands_under_its_note_whichever_comes_first(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    whose = PATIENT, DOCTOR, VISIT
    files = [
        write(tmp_path, "a", *whose, note("n")),
        write(tmp_path, "b", *whose, note("m", "appends", "n"), note("o", "replaces", "m")),
    ]
    for number in order:
        take_in(files[number])
    found = rows()
    assert (found["m"].about, found["o"].about) == (found["n"], found["m"])
    section = NotesSection.load(found["n"].encounter, UserFactory(role=CLINICIAN))  # type: ignore[arg-type]
    ((main, more),) = section.threads
    # What adds to an addition stands in the same thread: no note is hidden.
    assert (main.pk, {row.pk for row in more}) == (found["n"].pk, {found["m"].pk, found["o"].pk})
    assert section.amended == {found["m"].pk}


def test_notes_that_add_to_each_other_or_to_themselves_all_stand(tmp_path: Path) -> None:
    sent = note("a", "appends", "b"), note("b", "appends", "a"), note("c", "appends", "c")
    report = take_in(write(tmp_path, "a", PATIENT, DOCTOR, VISIT, *sent))
    assert [one.reason for one in report.warnings if "itself" in one.reason]
    visit = rows()["a"].encounter
    assert visit is not None
    client = Client()
    client.force_login(UserFactory(role=CLINICIAN))
    shown = client.get(reverse("records:encounter_detail", args=[visit.pk])).content.decode()
    assert all(f'id="note-{one.pk}"' in shown for one in rows().values())


def test_note_of_another_patient_is_added_to_by_none(tmp_path: Path) -> None:
    other = about(PATIENT, id="q")
    strange = note("m", "appends", "n", subject={"reference": "Patient/q"})
    del strange["context"]
    report = take_in(write(tmp_path, "a", PATIENT, DOCTOR, VISIT, other, note("n"), strange))
    assert rows()["m"].about is None
    assert "another patient" in " ".join(one.reason for one in report.warnings)


def test_odd_attester_is_kept_and_says_nothing(tmp_path: Path) -> None:
    odd = [{"url": ATTESTER, "extension": [{"url": "time", "valueDateTime": "2025"}]}]
    take_in(write(tmp_path, "a", PATIENT, DOCTOR, VISIT, note("n", extension=odd)))
    assert rows()["n"].signed_at is None
    assert resources(exported())["DocumentReference/n"]["extension"] == odd


@pytest.mark.django_db(transaction=True)
def test_why_a_record_was_wrong_comes_back_and_goes_out_the_same(tmp_path: Path) -> None:
    doctor = UserFactory(role=CLINICIAN, practitioner=True)
    visit = EncounterFactory()
    made: list[Any] = [
        factory(encounter=visit, author=doctor.practitioner)
        for factory in (ObservationFactory, PrescriptionFactory, AssessmentFactory)
    ]
    made.append(add_note(visit, by=doctor, content="Seen."))
    for row in made:
        enter_record_in_error(row, by=doctor, reason="Wrong arm", version=row.version)
    first = exported()
    assert first.count("Wrong arm") == len(made)
    assert not refused_by_r4b(first)
    empty_database()
    take_in_again(first, tmp_path)
    for model in {type(row) for row in made}:
        assert model.objects.get().error_reason == "Wrong arm"
    assert exported() == first


def test_reason_of_another_status_stays_as_sent(tmp_path: Path) -> None:
    sent = {
        "resourceType": "Observation", "id": "o", "status": "cancelled", "code": {"text": "X"},
        "subject": WHO,
        "extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/event-statusReason",
            "valueCodeableConcept": {"text": "haemolysed"},
        }],
    }  # fmt: skip
    take_in(write(tmp_path, "a", PATIENT, sent))
    assert Observation.objects.get().error_reason == ""
    assert resources(exported())["Observation/o"] == sent
