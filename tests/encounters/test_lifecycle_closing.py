"""Closing with what is missing; admission, rooms, hand-over, and the fields that describe."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinik import clock
from clinik.models import AuditEvent, User
from clinik.transitions import StaleVersion, TransitionError
from encounters import lifecycle
from encounters.models import ClassPeriod, Encounter, Hospitalization, LocationPeriod
from tests.factories import (
    DiagnosisFactory,
    EncounterFactory,
    PatientFactory,
    PractitionerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse() -> User:
    return UserFactory(role="Nurse")


@pytest.fixture
def clinician() -> User:
    return UserFactory(role="Clinician")


def ago(minutes: float) -> dt.datetime:
    return clock.now() - dt.timedelta(minutes=minutes)


def in_progress(by: User, class_code: str = "AMB", **kwargs: Any) -> Encounter:
    return lifecycle.open_encounter(
        patient=PatientFactory(),
        by=by,
        status="in-progress",
        start=ago(30),
        class_code=class_code,
        **kwargs,
    )


def keys(visit: Encounter) -> list[str]:
    return [obstacle.key for obstacle in lifecycle.missing(visit)]


def test_ambulatory_visit_closes_without_more(nurse: User) -> None:
    visit = in_progress(nurse)
    assert lifecycle.missing(visit) == []
    assert lifecycle.finish(visit, by=nurse).length_minutes == 30


@pytest.mark.parametrize("class_code", ["EMER", "IMP"])
def test_discharge_asks_for_diagnosis_and_disposition(clinician: User, class_code: str) -> None:
    visit = in_progress(clinician, class_code)
    assert keys(visit) == ["discharge-diagnosis", "disposition"]
    DiagnosisFactory(encounter=visit, use="DD", verification="entered-in-error")
    DiagnosisFactory(encounter=visit, use="AD")
    with pytest.raises(lifecycle.Missing) as caught:
        lifecycle.finish(visit, by=clinician, disposition_code="home")
    assert caught.value.code == "missing"
    assert [obstacle.key for obstacle in caught.value.obstacles] == ["discharge-diagnosis"]
    DiagnosisFactory(encounter=visit, use="DD")
    closed = lifecycle.finish(visit, by=clinician, disposition_code="home")
    assert closed.status == "finished"
    assert Hospitalization.objects.get().disposition_words == "home"


def test_override_asks_for_permission_and_keeps_its_reason(nurse: User, clinician: User) -> None:
    visit = in_progress(nurse, "EMER")
    with pytest.raises(PermissionDenied):
        lifecycle.finish(visit, by=nurse, override_reason="Shift ends")
    closed = lifecycle.finish(visit, by=clinician, override_reason="Patient ran off")
    assert closed.status_history.standing().last().reason == "Patient ran off"
    event = AuditEvent.objects.get(act="encounter.finish")
    assert (event.reason, event.detail["overridden"]) == ("Patient ran off", True)


def test_chart_says_what_is_missing_too(nurse: User) -> None:
    visit = in_progress(nurse)
    obstacle = lifecycle.Obstacle("A note is not signed.", "records:note_edit", {}, "unsigned-note")

    def receiver(sender: Any, *, encounter: Encounter, **kwargs: Any) -> list[Any]:
        return [obstacle]

    lifecycle.encounter_closing.connect(receiver)
    try:
        with pytest.raises(lifecycle.Missing) as caught:
            lifecycle.finish(visit, by=nurse)
    finally:
        lifecycle.encounter_closing.disconnect(receiver)
    assert caught.value.obstacles == [obstacle]
    assert caught.value.messages == ["A note is not signed."]
    visit.refresh_from_db()
    assert visit.status == "in-progress"


def test_walked_out_is_finished_against_advice_in_every_class(nurse: User) -> None:
    visit = lifecycle.finish(in_progress(nurse, "VR"), by=nurse, disposition_code="aadvice")
    assert visit.hospitalization.disposition_code == "aadvice"
    with pytest.raises(ValidationError) as caught:
        lifecycle.finish(in_progress(nurse), by=nurse, disposition_code="moon")
    assert list(caught.value.message_dict) == ["disposition_code"]


@pytest.mark.parametrize("minutes", [-5, 45])
def test_end_in_the_future_or_before_the_start_is_refused(nurse: User, minutes: int) -> None:
    visit = in_progress(nurse)
    with pytest.raises(ValidationError) as caught:
        lifecycle.finish(visit, by=nurse, end=ago(minutes))
    assert list(caught.value.message_dict) == ["end"]


def test_admission_keeps_one_visit_with_two_classes(clinician: User) -> None:
    visit = in_progress(clinician, "EMER", location="Bay 2", practitioner=clinician.practitioner)
    ward, moment = PractitionerFactory(), ago(10)
    admitted = lifecycle.admit(
        visit, by=clinician, at=moment, location="Ward 3", practitioner=ward, version=visit.version
    )
    assert (admitted.class_code, admitted.location, admitted.practitioner, admitted.status) == (
        "IMP", "Ward 3", ward, "in-progress",
    )  # fmt: skip
    history = [(p.class_code, p.start, p.end) for p in ClassPeriod.objects.all()]
    assert history == [("EMER", visit.start, moment), ("IMP", moment, None)]
    rooms = [(p.location, p.start, p.end) for p in LocationPeriod.objects.all()]
    assert rooms == [("Bay 2", visit.start, moment), ("Ward 3", moment, None)]
    attending = [(p.practitioner, p.start, p.end) for p in admitted.participants.all()]
    assert attending == [(clinician.practitioner, visit.start, moment), (ward, moment, None)]
    assert admitted.hospitalization.admit_source_code == "emd"
    assert Encounter.objects.count() == 1


def test_only_an_emergency_is_admitted(clinician: User) -> None:
    with pytest.raises(TransitionError):
        lifecycle.admit(
            in_progress(clinician), by=clinician, location="W", practitioner=PractitionerFactory()
        )
    assert "admit" not in lifecycle.allowed_verbs(in_progress(clinician), clinician)


def test_room_moves_follow_each_other(nurse: User) -> None:
    visit = in_progress(nurse, location="Room 1")
    moved = lifecycle.move_room(visit, by=nurse, location="X-ray", at=ago(10))
    again = lifecycle.move_room(moved, by=nurse, location=" X-ray ", version=1)
    assert again.version == moved.version
    with pytest.raises(ValidationError):
        lifecycle.move_room(moved, by=nurse, location="Room 1", at=ago(20))
    with pytest.raises(StaleVersion):
        lifecycle.move_room(visit, by=nurse, location="Room 1", version=visit.version)
    lifecycle.move_room(moved, by=nurse, location="Room 1", at=ago(5))
    rooms = list(LocationPeriod.objects.all())
    assert [room.location for room in rooms] == ["Room 1", "X-ray", "Room 1"]
    assert [room.end for room in rooms] == [rooms[1].start, rooms[2].start, None]


def test_corrected_start_takes_the_first_room_with_it(nurse: User) -> None:
    visit = in_progress(nurse, location="Room 1")
    lifecycle.move_room(visit, by=nurse, location="Room 2", at=ago(10))
    period = visit.status_history.get()
    begin = ago(50)
    lifecycle.correct_time(period, by=nurse, at=begin)
    assert LocationPeriod.objects.get(location="Room 1").start == begin
    with pytest.raises(ValidationError, match="changed"):
        lifecycle.correct_time(period, by=nurse, at=ago(5))
    assert Encounter.objects.get().start == begin


def test_hand_over_keeps_the_former_practitioners_time(nurse: User) -> None:
    first, second = PractitionerFactory(), PractitionerFactory()
    visit = in_progress(nurse, practitioner=first)
    handed = lifecycle.hand_over(visit, by=nurse, to=second, at=ago(10))
    assert handed.practitioner == second
    parts = list(handed.participants.all())
    assert [(p.practitioner, p.role_code) for p in parts] == [(first, "ATND"), (second, "ATND")]
    assert parts[0].end == parts[1].start
    with pytest.raises(ValidationError):
        lifecycle.hand_over(handed, by=nurse, to=PractitionerFactory(active=False))


def test_edit_writes_names_of_fields_and_refuses_a_stale_form(nurse: User) -> None:
    visit = in_progress(nurse, location="Room 1")
    changed = lifecycle.change_encounter(
        visit, by=nurse, version=visit.version, reason_text=" Cough ", location="Room 2"
    )
    assert (changed.reason_text, changed.location) == ("Cough", "Room 2")
    event = AuditEvent.objects.get(act="encounter.change")
    assert (event.fields, event.version) == (["location", "reason_text"], changed.version)
    with pytest.raises(StaleVersion):
        lifecycle.change_encounter(visit, by=nurse, version=visit.version, reason_text="x")
    same = lifecycle.change_encounter(
        changed, by=nurse, version=changed.version, reason_text="Cough"
    )
    assert same.version == changed.version


@pytest.mark.parametrize("field", ["status", "patient", "start", "end", "source", "length_minutes"])
def test_edit_cannot_reach_what_verbs_write(nurse: User, field: str) -> None:
    visit = in_progress(nurse)
    with pytest.raises(TypeError):
        lifecycle.change_encounter(visit, by=nurse, version=visit.version, **{field: None})


def test_visit_is_part_of_its_own_patients_other_visit_only(nurse: User) -> None:
    visit = in_progress(nurse)
    part = EncounterFactory(patient=visit.patient, part_of=visit)
    for parent in (EncounterFactory(), part, visit):
        with pytest.raises(ValidationError) as caught:
            lifecycle.change_encounter(visit, by=nurse, version=visit.version, part_of=parent)
        assert list(caught.value.message_dict) == ["part_of"]


def test_participants_taken_off_are_kept(nurse: User) -> None:
    doctor = PractitionerFactory()
    visit = in_progress(
        nurse,
        participants=[
            {"practitioner": doctor, "role_code": "CON"},
            {"name": "Ina Interpreter", "role_code": "translator"},
        ],
    )
    lifecycle.set_participants(
        visit, by=nurse, participants=[{"practitioner": doctor, "role_code": "CON"}]
    )
    assert [(p.name, p.removed) for p in visit.participants.all()] == [
        ("", False),
        ("Ina Interpreter", True),
    ]


def test_hospitalization_is_written_once_and_versioned(nurse: User) -> None:
    visit = in_progress(nurse, "IMP")
    stay = lifecycle.set_hospitalization(visit, by=nurse, admit_source_code="gp", diet="Soft")
    same = lifecycle.set_hospitalization(visit, by=nurse, version=stay.version, diet="Soft")
    assert same.version == stay.version
    lifecycle.set_hospitalization(visit, by=nurse, version=stay.version, diet="None")
    with pytest.raises(StaleVersion):
        lifecycle.set_hospitalization(visit, by=nurse, version=stay.version, diet="Full")
    with pytest.raises(ValidationError):
        lifecycle.set_hospitalization(visit, by=nurse, disposition_code="moon")


def test_filled_button_suits_who_looks(nurse: User, clinician: User) -> None:
    arrived = EncounterFactory(status="arrived")
    assert lifecycle.next_verb(arrived, nurse) == "triage"
    assert lifecycle.next_verb(arrived, clinician) == "start"
    assert lifecycle.next_verb(arrived, UserFactory(role="Front desk")) is None
    emergency = EncounterFactory(status="arrived", class_code="EMER")
    assert lifecycle.next_verb(emergency, clinician) == "triage"
    call = EncounterFactory(status="planned", class_code="VR")
    assert lifecycle.next_verb(call, nurse) == "start"
