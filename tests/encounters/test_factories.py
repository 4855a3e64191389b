"""The factories make rows that the database takes, in each status."""

import pytest

from encounters.models.encounter import Status
from tests import factories


@pytest.mark.django_db
@pytest.mark.parametrize("status", [s for s in Status.values if s != "unknown"])
def test_encounter_factory_makes_a_visit_in_each_status(status: str) -> None:
    visit = factories.EncounterFactory(status=status)
    assert visit.status_history.standing().last().status == status


@pytest.mark.django_db
def test_record_factories_share_the_visits_patient() -> None:
    visit = factories.EncounterFactory()
    for made in (
        factories.DiagnosisFactory(encounter=visit),
        factories.ObservationFactory(encounter=visit),
        factories.NoteFactory(encounter=visit, signed=True),
        factories.PrescriptionFactory(encounter=visit),
        factories.AssessmentFactory(encounter=visit),
    ):
        assert made.patient == visit.patient


@pytest.mark.django_db
def test_user_factory_gives_the_role_and_its_practitioner() -> None:
    nurse = factories.UserFactory(role="Nurse")
    desk = factories.UserFactory(role="Front desk")
    assert nurse.has_perm("encounters.triage_encounter")
    assert nurse.practitioner.family == nurse.last_name
    assert not desk.has_perm("encounters.triage_encounter")
    assert not hasattr(desk, "practitioner")
