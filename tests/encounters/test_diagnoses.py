"""Diagnoses: use and rank keep their order, twenty at most, nothing is removed."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinik.ids import uuid7
from clinik.models import AuditEvent, User
from clinik.transitions import StaleVersion, TransitionError
from encounters import lifecycle
from encounters.diagnoses import (
    add_diagnosis,
    change_diagnosis,
    default_use,
    enter_diagnosis_in_error,
    promote,
)
from encounters.diagnosis_list import load_diagnoses
from encounters.models import Diagnosis, Encounter
from tests.factories import DiagnosisFactory, EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinician() -> User:
    return UserFactory(role="Clinician")


@pytest.fixture
def visit() -> Encounter:
    return EncounterFactory()


def ranks(visit: Encounter, use: str = "") -> dict[str, int | None]:
    found = Diagnosis.objects.filter(encounter=visit, use=use).listed().ranked()
    return {row.condition_text: row.rank for row in found}


def test_added_diagnosis_names_author_patient_and_visit(visit: Encounter, clinician: User) -> None:
    row = add_diagnosis(visit, by=clinician, text=" Essential hypertension ", use="AD", rank=1)
    assert (row.patient, row.encounter) == (visit.patient, visit)
    assert (row.author, row.condition_text) == (clinician.practitioner, "Essential hypertension")
    assert row.history.get().history_user == clinician
    event = AuditEvent.objects.get(act="diagnosis.create")
    assert (event.patient_id, event.encounter_id) == (visit.patient_id, visit.pk)
    assert "hypertension" not in str(event.fields)


def test_lone_rank_is_kept_with_its_gap(visit: Encounter, clinician: User) -> None:
    add_diagnosis(visit, by=clinician, text="Type 2 diabetes mellitus", use="DD", rank=2)
    assert ranks(visit, "DD") == {"Type 2 diabetes mellitus": 2}


def test_taken_rank_pushes_the_rest_of_its_use_down(visit: Encounter, clinician: User) -> None:
    for text, use, rank in (("a", "AD", 1), ("b", "AD", 2), ("c", "AD", 4), ("other", "DD", 1)):
        add_diagnosis(visit, by=clinician, text=text, use=use, rank=rank)
    add_diagnosis(visit, by=clinician, text="new", use="AD", rank=1)
    assert ranks(visit, "AD") == {"new": 1, "a": 2, "b": 3, "c": 5}
    assert ranks(visit, "DD") == {"other": 1}
    pushed = Diagnosis.objects.get(condition_text="a")
    assert pushed.history.first().history_user == clinician


def test_empty_use_counts_as_one_use(visit: Encounter, clinician: User) -> None:
    add_diagnosis(visit, by=clinician, text="first", rank=1)
    add_diagnosis(visit, by=clinician, text="second", rank=1)
    assert ranks(visit) == {"second": 1, "first": 2}


def test_moving_a_diagnosis_leaves_its_gap(visit: Encounter, clinician: User) -> None:
    a, _b, c = (add_diagnosis(visit, by=clinician, text=t, rank=r) for r, t in enumerate("abc", 1))
    change_diagnosis(c, by=clinician, version=c.version, rank=1)
    assert ranks(visit) == {"c": 1, "a": 2, "b": 3}
    a.refresh_from_db()
    change_diagnosis(a, by=clinician, version=a.version, rank=None)
    assert ranks(visit) == {"c": 1, "b": 3, "a": None}


def test_diagnosis_in_error_is_kept_and_leaves_its_gap(visit: Encounter, clinician: User) -> None:
    a, _b = (add_diagnosis(visit, by=clinician, text=t, rank=r) for r, t in enumerate("ab", 1))
    with pytest.raises(ValidationError):
        enter_diagnosis_in_error(a, by=clinician, reason=" ")
    gone = enter_diagnosis_in_error(a, by=clinician, reason="Wrong knee", version=a.version)
    assert (gone.verification, gone.rank) == ("entered-in-error", 1)
    assert ranks(visit) == {"b": 2}
    assert enter_diagnosis_in_error(a, by=clinician, reason="Wrong knee").version == gone.version
    with pytest.raises(TransitionError):
        change_diagnosis(gone, by=clinician, version=gone.version, rank=3)
    add_diagnosis(visit, by=clinician, text="c", rank=1)
    assert ranks(visit) == {"c": 1, "b": 2}


def test_twenty_is_the_most_for_a_visit_and_errors_do_not_count(
    visit: Encounter, clinician: User
) -> None:
    rows = [add_diagnosis(visit, by=clinician, text=f"d{n}") for n in range(20)]
    with pytest.raises(ValidationError, match="20"):
        add_diagnosis(visit, by=clinician, text="one more")
    enter_diagnosis_in_error(rows[0], by=clinician, reason="Twice")
    assert add_diagnosis(visit, by=clinician, text="one more").pk


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"text": "  "}, "condition_text"),
        ({"text": "x" * 501}, "condition_text"),
        ({"text": "x", "use": "XX"}, "use"),
        ({"text": "x", "rank": 0}, "rank"),
        ({"text": "x", "verification": "entered-in-error"}, "verification"),
        ({"text": "x", "clinical_status": "odd"}, "clinical_status"),
    ],
)
def test_wrong_diagnosis_names_its_field(
    visit: Encounter, clinician: User, fields: dict[str, object], key: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        add_diagnosis(visit, by=clinician, **fields)  # type: ignore[arg-type]
    assert list(caught.value.message_dict) == [key]
    assert not Diagnosis.objects.exists()


def test_form_sent_twice_adds_one_diagnosis(visit: Encounter, clinician: User) -> None:
    key = uuid7()
    first = add_diagnosis(visit, by=clinician, id=key, text="Asthma", rank=1)
    assert add_diagnosis(visit, by=clinician, id=key, text="Asthma", rank=1) == first
    assert ranks(visit) == {"Asthma": 1}
    with pytest.raises(ValidationError):
        add_diagnosis(EncounterFactory(), by=clinician, id=key, text="Asthma")


def test_stale_diagnosis_is_refused(visit: Encounter, clinician: User) -> None:
    row = add_diagnosis(visit, by=clinician, text="Asthma")
    change_diagnosis(row, by=clinician, version=1, note="Since childhood")
    with pytest.raises(StaleVersion):
        change_diagnosis(row, by=clinician, version=1, note="Other")
    assert Diagnosis.objects.get().note == "Since childhood"


def test_nurse_does_not_diagnose(visit: Encounter) -> None:
    nurse = UserFactory(role="Nurse")
    row = DiagnosisFactory(encounter=visit)
    for act in (
        lambda: add_diagnosis(visit, by=nurse, text="Asthma"),
        lambda: change_diagnosis(row, by=nurse, version=1, note="x"),
        lambda: enter_diagnosis_in_error(row, by=nurse, reason="x"),
        lambda: promote(row, by=nurse),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_promoting_makes_one_linked_problem_and_leaves_the_row(
    visit: Encounter, clinician: User
) -> None:
    row = add_diagnosis(visit, by=clinician, text="Asthma", code="J45", use="AD", rank=1)
    problem = promote(row, by=clinician)
    assert (problem.category, problem.encounter, problem.promoted_from) == (
        "problem-list-item", None, row,
    )  # fmt: skip
    assert (problem.condition_text, problem.condition_code) == ("Asthma", "J45")
    assert promote(row, by=clinician) == problem
    row.refresh_from_db()
    assert (row.category, row.version) == ("encounter-diagnosis", 1)


@pytest.mark.parametrize(
    ("class_code", "status", "use"),
    [
        ("AMB", "arrived", "CC"),
        ("EMER", "triaged", "CC"),
        ("AMB", "in-progress", ""),
        ("HH", "in-progress", ""),
        ("VR", "finished", ""),
        ("IMP", "in-progress", "AD"),
        ("EMER", "onleave", "AD"),
    ],
)
def test_default_use_follows_class_and_status(class_code: str, status: str, use: str) -> None:
    assert default_use(EncounterFactory(class_code=class_code, status=status)) == use


def test_default_use_is_discharge_after_an_admission_diagnosis() -> None:
    visit = EncounterFactory(class_code="IMP")
    DiagnosisFactory(encounter=visit, use="AD")
    assert default_use(visit) == "DD"


def test_visit_in_error_takes_no_diagnosis(visit: Encounter, clinician: User) -> None:
    lifecycle.enter_in_error(visit, by=clinician, about="somebody-else", reason="Mixed up")
    with pytest.raises(TransitionError):
        add_diagnosis(visit, by=clinician, text="Asthma")


def test_problem_promoted_in_a_visit_about_somebody_else_does_not_count(
    visit: Encounter, clinician: User
) -> None:
    problem = promote(add_diagnosis(visit, by=clinician, text="Gout"), by=clinician)
    other = EncounterFactory(patient=visit.patient, status="finished")
    counted = Diagnosis.objects.of_patient(visit.patient).listed()

    wrong = lifecycle.enter_in_error(visit, by=clinician, about="opened-twice", reason="twice")
    assert problem in counted.all()
    assert [row.words for row in load_diagnoses(other, clinician).problems.standing] == ["Gout"]

    admin = UserFactory(role="Administrator")
    again = lifecycle.restore(wrong, by=admin)
    lifecycle.enter_in_error(again, by=clinician, about="somebody-else", reason="wrong person")
    assert not counted.exists()
    assert load_diagnoses(other, clinician).problems.standing == ()
