"""Wrong patient: the visit stands at the right one; nothing of it counts at the wrong one."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.models import AuditEvent
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from encounters import lifecycle
from encounters.allergies import add_allergy
from encounters.models import Encounter, Patient, StatusPeriod
from records import notes, prescriptions
from records.models import Note, Observation, Prescription
from records.moving import copyable, move_to_patient
from records.notes import sign_note
from records.todo import load_todo
from records.vitals_entry import record_vitals
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


@pytest.fixture
def right() -> Patient:
    return PatientFactory(family="Right", given="Rita")


def opened(doctor: Any, **fields: Any) -> Encounter:
    wrong = PatientFactory(family="Wrong", given="Wanda")
    visit = lifecycle.open_encounter(
        patient=wrong, by=doctor, status="arrived", reason_text="Cough", location="Room 2", **fields
    )
    return lifecycle.start(visit, by=doctor)


def moved(visit: Encounter, right: Patient, by: Any, **kwargs: Any) -> Encounter:
    kwargs = {"id": uuid7(), "reason": "Wrong person", **kwargs}
    return move_to_patient(visit, by=by, to=right, **kwargs)


def statuses(visit: Encounter) -> list[tuple[Any, ...]]:
    rows = StatusPeriod.objects.filter(encounter=visit).standing()
    return list(rows.values_list("status", "start", "end", "by"))


def test_the_same_visit_stands_at_the_right_patient(doctor: Any, right: Patient) -> None:
    visit = opened(doctor)
    before = statuses(visit)
    made = moved(visit, right, doctor)
    visit.refresh_from_db()
    assert (visit.status, visit.error_about) == ("entered-in-error", "somebody-else")
    assert visit.patient_id != right.pk == made.patient_id
    for name in ("status", "start", "reason_text", "location", "practitioner", "class_code"):
        assert getattr(made, name) == getattr(visit, name) or name == "status"
    assert made.status == "in-progress"
    assert statuses(made) == before
    made = lifecycle.finish(made, by=doctor)
    assert lifecycle.step_back(made, by=doctor).status == "in-progress"


def test_a_finished_admission_moves_with_its_stay(doctor: Any, right: Patient) -> None:
    visit = opened(doctor, class_code="EMER")
    visit = lifecycle.finish(visit, by=doctor, disposition_code="home", override_reason="Moved")
    made = moved(visit, right, doctor)
    made.refresh_from_db()
    assert (made.status, made.end) == ("finished", visit.end)
    assert made.hospitalization.disposition_code == "home"


def test_only_chosen_records_are_copied_and_marked(doctor: Any, right: Patient) -> None:
    visit = opened(doctor)
    pressure, pulse = record_vitals(
        visit, by=doctor, id=uuid7(), systolic="120", diastolic="80", pulse="72"
    )
    draft = notes.add_note(visit, by=doctor, content="Coughs.")
    made = moved(visit, right, doctor, copy={pressure.pk, draft.pk})
    copy = Observation.objects.get(encounter=made)
    assert copy.copied_from == pressure
    assert (copy.patient_id, copy.effective) == (right.pk, pressure.effective)
    assert [part.value for part in copy.components.all()] == ["120", "80"]
    note = Note.objects.get(encounter=made)
    assert (note.content, note.status, note.copied_from) == ("Coughs.", "preliminary", draft)
    # What stood there is untouched, and counts for nobody.
    pulse.refresh_from_db()
    assert (pulse.encounter_id, pulse.patient_id) == (visit.pk, visit.patient_id)
    assert not Observation.objects.of_patient(visit.patient).listed().exists()


def test_a_signed_note_is_offered_to_its_author_as_a_draft(doctor: Any, right: Patient) -> None:
    author = UserFactory(role=CLINICIAN)
    visit = opened(doctor)
    signed = sign_note(notes.add_note(visit, by=author, content="Coughs."), by=author)
    made = moved(visit, right, doctor, copy={signed.pk})
    offered = Note.objects.get(encounter=made)
    assert (offered.status, offered.digest, offered.signed_at) == ("preliminary", "", None)
    assert not offered.signatures.exists()
    assert "unsigned" in {group.key for group in load_todo(author).groups}
    with pytest.raises(PermissionDenied):
        sign_note(offered, by=doctor)
    assert sign_note(offered, by=author).status == "final"
    signed.refresh_from_db()
    assert signed.status == "final"
    assert signed.digest == signed.content_digest()


def test_a_prescription_arrives_as_a_draft(doctor: Any, right: Patient) -> None:
    visit = opened(doctor)
    add_allergy(visit.patient, by=doctor, substance_text="Latex", encounter=visit)
    active = prescriptions.add_prescription(
        visit, by=doctor, prescriber=doctor.practitioner, medication_text="X", activate=True
    )
    made = moved(visit, right, doctor, copy={active.pk})
    copy = Prescription.objects.get(encounter=made)
    assert (copy.status, copy.author, copy.copied_from) == ("draft", active.author, active)
    assert not Prescription.objects.of_patient(right).current().exists()


def test_both_patients_trails_tell_it(doctor: Any, right: Patient) -> None:
    visit = opened(doctor)
    made = moved(visit, right, doctor)
    told = set(AuditEvent.objects.filter(act__contains="move").values_list("act", "patient_id"))
    assert told == {
        ("encounter.move_to_patient", visit.patient_id),
        ("encounter.moved_here", right.pk),
        ("encounter.open_moved", right.pk),
    }
    assert made.pk != visit.pk


def test_sent_twice_it_moves_once(doctor: Any, right: Patient) -> None:
    visit = opened(doctor)
    key = uuid7()
    first = moved(visit, right, doctor, id=key, version=visit.version)
    again = moved(visit, right, doctor, id=key, version=visit.version)
    assert first == again
    assert Encounter.objects.of_patient(right).count() == 1


def test_what_is_refused_leaves_everything_as_it_was(doctor: Any, right: Patient) -> None:
    visit = opened(doctor)
    lifecycle.open_encounter(patient=right, by=doctor)
    with pytest.raises(lifecycle.SecondOpen):
        moved(visit, right, doctor)
    with pytest.raises(ValidationError):
        moved(visit, visit.patient, doctor)
    with pytest.raises(ValidationError):
        moved(visit, right, doctor, reason=" ", confirmed_second=True)
    visit.refresh_from_db()
    assert visit.status == "in-progress"
    assert Encounter.objects.of_patient(right).count() == 1
    assert moved(visit, right, doctor, confirmed_second=True).is_open


def test_an_import_is_not_moved(doctor: Any, right: Patient) -> None:
    with pytest.raises(ValidationError):
        moved(EncounterFactory(source="lab"), right, doctor)


def test_the_desk_and_nurses_move_only_what_holds_no_records(right: Patient) -> None:
    for role in (FRONT_DESK, NURSE):
        by = UserFactory(role=role)
        visit = opened(UserFactory(role=CLINICIAN))
        doctor = UserFactory(role=CLINICIAN)
        notes.add_note(visit, by=doctor, content="Coughs.")
        with pytest.raises(PermissionDenied):
            moved(visit, right, by, confirmed_second=True)
        empty = opened(doctor)
        assert moved(empty, right, by, confirmed_second=True).patient == right
    assert copyable(visit, UserFactory(role=FRONT_DESK)) == []


def test_the_page_shows_both_names_and_warns_of_alike_ones(doctor: Any) -> None:
    visit = opened(doctor)
    notes.add_note(visit, by=doctor, content="Coughs.", title="Round")
    twin = PatientFactory(family="Wrong", given="Wandy")
    client = Client()
    client.force_login(doctor)
    url = reverse("records:encounter_move", args=[visit.pk])
    found = client.get(url, {"q": "Wrong Wandy"}).content.decode()
    assert f"?to={twin.pk}" in found
    page = client.get(url, {"to": twin.pk})
    html = page.content.decode()
    assert "WRONG, Wanda" in html
    assert "WRONG, Wandy" in html
    assert "name alert: the two names are alike" in html
    form = page.context["form"]
    sent = {name: field.initial for name, field in form.fields.items() if name != "copy"}
    sent = {name: value() if callable(value) else value for name, value in sent.items()} | {
        "copy": [key for key, _label in form.fields["copy"].choices],
        "version": visit.version,
    }
    other = PatientFactory()
    refused = client.post(f"{url}?to={other.pk}", sent)
    assert refused.status_code == 404
    assert other.family.upper() in refused.content.decode()
    answer = client.post(f"{url}?to={twin.pk}", sent)
    made = Encounter.objects.of_patient(twin).get()
    assert answer["Location"] == reverse("records:encounter_detail", args=[made.pk])
    shown = client.get(answer["Location"]).content.decode()
    assert "copied from a visit opened for the wrong patient" in shown
    assert "taken over from a visit opened for another patient" in shown
    assert "Wanda" not in shown.replace("Moved from WRONG, Wanda", "")


def test_a_copy_has_a_key_of_its_own(doctor: Any, right: Patient) -> None:
    visit = opened(doctor)
    draft = notes.add_note(visit, by=doctor, content="Coughs.")
    made = moved(visit, right, doctor, copy={draft.pk})
    assert Note.objects.get(encounter=made).pk == uuid.uuid5(made.pk, str(draft.pk))
    assert made.date <= clock.now()
