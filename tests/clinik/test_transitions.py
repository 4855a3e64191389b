"""move() and save(): one writer of status, and no lost update."""

import pytest

from clinik.models import AuditEvent
from clinik.transitions import StaleVersion, TransitionError, move
from encounters.models import Encounter, Patient
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_move_writes_row_history_status_history_and_audit_together() -> None:
    visit, nurse = EncounterFactory(status="arrived"), UserFactory(role="Nurse")
    moved = move(visit, to="triaged", by=nurse, act="encounter.triage", allowed={"arrived"})
    assert moved.status == "triaged"
    assert moved.version == visit.version + 1
    assert moved.history.first().history_user == nurse
    assert [p.status for p in moved.status_history.standing()] == ["arrived", "triaged"]
    event = AuditEvent.objects.get(act="encounter.triage")
    assert (event.by, event.role) == (nurse, "Nurse")
    assert event.detail == {"from": "arrived", "to": "triaged"}
    assert (event.patient_id, event.encounter_id) == (visit.patient_id, visit.pk)


def test_move_from_a_status_not_allowed_changes_nothing() -> None:
    visit, nurse = EncounterFactory(status="finished"), UserFactory(role="Nurse")
    with pytest.raises(TransitionError, match="finished"):
        move(visit, to="triaged", by=nurse, act="encounter.triage", allowed={"arrived"})
    visit.refresh_from_db()
    assert visit.status == "finished"
    assert not AuditEvent.objects.exists()


def test_move_with_a_version_that_has_passed_changes_nothing() -> None:
    visit, nurse = EncounterFactory(status="arrived"), UserFactory(role="Nurse")
    seen = visit.version
    visit.location = "Room 1"
    visit.save()
    with pytest.raises(StaleVersion):
        move(visit, to="triaged", by=nurse, act="encounter.triage", version=seen)
    assert Encounter.objects.get(pk=visit.pk).status == "arrived"


def test_move_that_fails_in_its_status_history_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit, nurse = EncounterFactory(status="arrived"), UserFactory(role="Nurse")
    before = visit.history.count()

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(Encounter, "moved", fail)
    with pytest.raises(RuntimeError):
        move(visit, to="triaged", by=nurse, act="encounter.triage")
    visit.refresh_from_db()
    assert visit.status == "arrived"
    assert visit.history.count() == before
    assert not AuditEvent.objects.exists()


def test_saving_an_object_read_before_another_saved_it_is_refused() -> None:
    made = PatientFactory()
    mine, theirs = Patient.objects.get(pk=made.pk), Patient.objects.get(pk=made.pk)
    theirs.city = "Springfield"
    theirs.save()
    mine.city = "Shelbyville"
    with pytest.raises(StaleVersion):
        mine.save()
    standing = Patient.objects.get(pk=made.pk)
    assert standing.city == "Springfield"
    assert standing.history.count() == 2


def test_a_refused_save_keeps_the_version_it_was_read_with() -> None:
    made = PatientFactory()
    mine = Patient.objects.get(pk=made.pk)
    made.city = "Springfield"
    made.save()
    for _attempt in range(2):
        with pytest.raises(StaleVersion):
            mine.save()
    assert mine.version == 1


def test_saving_some_fields_raises_the_version_too() -> None:
    made = PatientFactory()
    made.city = "Springfield"
    made.save(update_fields=["city"])
    assert Patient.objects.get(pk=made.pk).version == 2
