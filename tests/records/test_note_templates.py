"""Templates: standard, own, and parts of the chart; typed words stay, copied ones are marked."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik.ids import uuid7
from clinik.models import AuditEvent, Draft
from encounters import diagnoses
from encounters.models import Practitioner
from records.models import Note, NoteTemplate
from records.models.note import Type
from records.note_parts import medication, previous, problems, vitals
from records.note_templates import (
    STANDARD,
    add_template,
    change_template,
    insertion,
    joined,
    menu,
    remove_template,
)
from records.notes import DRAFT_NEW, add_note, sign_note
from records.vitals_entry import record_vitals
from tests.factories import EncounterFactory, PatientFactory, PrescriptionFactory, UserFactory

pytestmark = pytest.mark.django_db

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role="Clinician")


@pytest.fixture
def visit(doctor: Any) -> Any:
    """A visit of somebody of whom the chart knows something."""
    made = EncounterFactory()
    record_vitals(made, by=doctor, id=uuid7(), pulse="88", systolic="120", diastolic="80")
    PrescriptionFactory(encounter=made, status="active", dosage_text="1 in the morning")
    row = diagnoses.add_diagnosis(made, by=doctor, text="Asthma")
    diagnoses.promote(row, by=doctor)
    return made


@pytest.fixture
def signed_in(client: Client, doctor: Any) -> Client:
    client.force_login(doctor)
    return client


def test_every_type_but_none_has_a_standard_template() -> None:
    assert {each.type for each in STANDARD.values()} == set(Type)
    for each in STANDARD.values():
        assert str(each.body).rstrip("\n").splitlines()[0].endswith(":")


def test_parts_are_marked_on_every_line(visit: Any, doctor: Any) -> None:
    for part, words in (
        (vitals(visit, doctor), "88"),
        (problems(visit, doctor), "Asthma"),
        (medication(visit, doctor), "Amlodipine 5 mg 1 in the morning"),
    ):
        assert words in part
        lines = part.split("\n")
        assert lines[0].startswith("> copied from ")
        assert all(line.startswith("> ") for line in lines)


def test_a_part_of_which_the_chart_knows_nothing_is_empty(doctor: Any) -> None:
    nobody = EncounterFactory()
    assert [part(nobody, doctor) for part in (vitals, problems, medication)] == ["", "", ""]
    with pytest.raises(ValidationError):
        insertion("vitals", encounter=nobody, user=doctor, type="other")
    text = insertion("soap", encounter=nobody, user=doctor, type="other").text
    assert "copied from" not in text
    assert "{" not in text


def test_a_standard_template_brings_the_facts(visit: Any, doctor: Any) -> None:
    for key in STANDARD:
        found = insertion(key, encounter=visit, user=doctor, type="other")
        assert "{" not in found.text
        assert found.type == STANDARD[key].type
        facts = [name for name in ("vitals", "problems", "medication") if name in
                 str(STANDARD[key].body)]  # fmt: skip
        assert found.text.count("copied from") == len(facts)


def test_the_previous_note_is_the_last_signed_one_of_this_type_and_patient(
    visit: Any, doctor: Any
) -> None:
    def write(content: str, of: Any = visit, *, sign: bool = True, type: str = "other") -> None:
        note = add_note(of, by=doctor, content=content, type=type)
        if sign:
            sign_note(note, by=doctor)

    assert previous(visit, doctor, "other") == ""
    write("Older.")
    write(
        "Own words.\n> copied from vitals:\n> 120/80\nMore.",
        EncounterFactory(patient=visit.patient),
    )
    write("Not signed.", sign=False)
    write("Another type.", type="progress-note")
    write("Somebody else's.", EncounterFactory(patient=PatientFactory()))
    text = previous(visit, doctor, "other")
    assert text.split("\n")[0].startswith("> copied from other of ")
    assert text.split("\n")[1:] == ["> Own words.", "> More."]
    assert AuditEvent.objects.filter(act="note.view", by=doctor).count() == 1


def test_choosing_keeps_what_was_typed() -> None:
    assert joined("Mine.\n", "Plan:\n") == "Mine.\n\nPlan:\n"
    assert joined(" \n", "Plan:\n") == "Plan:\n"


def send(client: Client, visit: Any, act: str, headers: Any = None, **values: str) -> Any:
    url = reverse("records:note_add", args=[visit.pk])
    data = {"id": str(uuid7()), "patient": str(visit.patient_id), "act": act, "type": "other"}
    return client.post(url, data | values, headers=headers)


def test_without_script_the_form_comes_back_with_both_and_undo(
    signed_in: Client, visit: Any
) -> None:
    answer = send(signed_in, visit, "template", template="soap", content="Typed\r\nbefore.")
    form = answer.context["adding"].form
    inserted = answer.context["adding"].more["inserted"]
    assert form.initial["content"].startswith("Typed\nbefore.\n\nSubjective:")
    assert form.initial["type"] == "progress-note"
    assert not Note.objects.exists()
    back = send(
        signed_in,
        visit,
        "undo-template",
        content=form.initial["content"].replace("Typed", "Typed well"),
        undo_text=inserted.text,
        undo_type=inserted.type_before,
    )
    assert back.context["adding"].form.initial["content"] == "Typed well\nbefore."
    assert back.context["adding"].form.initial["type"] == "other"


def test_undo_takes_nothing_out_that_was_written_into(signed_in: Client, visit: Any) -> None:
    answer = send(signed_in, visit, "undo-template", content="A\nmine\nB", undo_text="A\nB")
    assert answer.context["adding"].form.initial["content"] == "A\nmine\nB"
    assert "nothing was taken out" in answer.content.decode()


def test_script_gets_the_bare_text(signed_in: Client, visit: Any) -> None:
    found = send(signed_in, visit, "template", FETCH, template="vitals", content="x").json()
    assert found["text"].startswith("> copied from vitals")
    assert found["type"] == "other"
    refused = send(signed_in, visit, "template", FETCH, template="own-nothing")
    assert refused.status_code == 422
    other = send(signed_in, visit, "template", FETCH, template="vitals", patient=str(uuid7()))
    assert other.status_code == 404
    patient = PatientFactory(family="Other")
    other = send(signed_in, visit, "template", FETCH, template="vitals", patient=str(patient.pk))
    assert other.status_code == 404
    assert "OTHER" in other.json()["error"]
    assert "text" not in other.json()


def test_own_templates_are_their_makers_alone(doctor: Any, visit: Any) -> None:
    row = add_template(by=doctor, type="other", name=" Knee ", body="Knee:\r\n{vitals}")
    assert (row.name, row.body) == ("Knee", "Knee:\n{vitals}")
    assert "88" in insertion(f"own-{row.pk}", encounter=visit, user=doctor, type="other").text
    other = UserFactory(role="Nurse")
    assert all(label != "My templates" for label, _choices in menu(other))
    with pytest.raises(ValidationError):
        insertion(f"own-{row.pk}", encounter=visit, user=other, type="other")
    with pytest.raises(PermissionDenied):
        change_template(row, by=other, version=None, type="other", name="x", body="x")
    with pytest.raises(PermissionDenied):
        remove_template(row, by=other)


def test_a_name_is_used_once_and_removing_can_be_undone(signed_in: Client, doctor: Any) -> None:
    row = add_template(by=doctor, type="other", name="Knee", body="Knee:")
    with pytest.raises(ValidationError):
        add_template(by=doctor, type="other", name="Knee", body="Else")
    page = signed_in.post(reverse("records:template_remove", args=[row.pk]), follow=True)
    undo = reverse("records:template_restore", args=[row.pk])
    assert undo in page.content.decode()
    signed_in.post(undo)
    row.refresh_from_db()
    assert not row.removed
    remove_template(row, by=doctor)
    add_template(by=doctor, type="other", name="Knee", body="New")
    answer = signed_in.post(undo, follow=True)
    assert "of this name" in answer.content.decode()
    assert NoteTemplate.objects.of(Practitioner.objects.get(user=doctor)).count() == 1


def test_a_template_begins_with_the_note_being_written(
    signed_in: Client, doctor: Any, visit: Any
) -> None:
    payload = {"content": "Half a note", "type": "other"}
    Draft.objects.create(user=doctor, form=DRAFT_NEW, target=str(visit.pk), payload=payload)
    url = reverse("records:template_add") + f"?of={DRAFT_NEW}&target={visit.pk}"
    page = signed_in.get(url).content.decode()
    assert "Half a note" in page
    assert "Take out everything about the patient" in page
    signed_in.force_login(UserFactory(role="Clinician"))
    assert "Half a note" not in signed_in.get(url).content.decode()
