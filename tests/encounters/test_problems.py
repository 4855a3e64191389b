"""The problem list on the patient's page: added without a visit, resolved, taken back, changed."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.models import AuditEvent, User
from clinik.roles import CLINICIAN, NURSE
from clinik.transitions import StaleVersion, TransitionError
from encounters.diagnoses import add_diagnosis, change_diagnosis, enter_diagnosis_in_error
from encounters.diagnosis_list import load_problems
from encounters.models import Diagnosis, Patient
from encounters.problems import add_problem, resolve_problem, unresolve_problem
from tests.factories import EncounterFactory, PatientFactory, UserFactory
from tests.page_forms import forms_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def doctor() -> User:
    return UserFactory(role=CLINICIAN)


@pytest.fixture
def page(client: Client, doctor: User) -> Client:
    client.force_login(doctor)
    return client


@pytest.fixture
def patient() -> Patient:
    return PatientFactory()


def sent(patient: Patient, **typed: str) -> dict[str, Any]:
    standing = {"clinical_status": "active", "verification": "confirmed"}
    return {"id": str(uuid7()), "patient": str(patient.pk), **standing, **typed}


def section(page: Client, patient: Patient) -> str:
    answer = page.get(reverse("records:patient_detail", args=[patient.pk])).content.decode()
    return answer.partition('id="section-problems"')[2].partition("</section>")[0]


def day(text: str) -> dt.datetime:
    return clock.day_start(dt.date.fromisoformat(text))


def test_a_problem_is_added_without_a_visit_as_exactly_as_its_onset_is_known(
    page: Client, doctor: User, patient: Patient
) -> None:
    url = reverse("encounters:problem_add", args=[patient.pk])
    for typed, shown in (("2019", "since 2019"), ("Mar 2018", "since Mar 2018")):
        answer = page.post(url, sent(patient, condition_text=f"Asthma {typed}", onset=typed))
        assert answer["Location"].endswith(f"/patients/{patient.pk}/#section-problems")
        assert shown in section(page, patient)
    row = Diagnosis.objects.get(condition_text="Asthma 2019")
    assert (row.encounter, row.category) == (None, "problem-list-item")
    assert (row.onset, row.onset_precision) == (day("2019-01-01"), "year")
    assert row.history.get().history_user == doctor
    assert AuditEvent.objects.filter(act="diagnosis.create", patient_id=patient.pk).count() == 2


def test_one_press_resolves_and_undo_brings_back_what_was_said_before(
    page: Client, doctor: User, patient: Patient
) -> None:
    problem = add_problem(patient, by=doctor, text="Asthma", clinical_status="relapse")
    press = next(f for f in forms_of(section(page, patient)) if "/resolve/" in (f.action or ""))
    answer = page.post(press.action, press.data, headers=HTMX)
    html = answer.content.decode()
    assert "Resolved: Asthma" in html
    assert "1 resolved" in html
    problem.refresh_from_db()
    assert (problem.clinical_status, problem.abatement_precision) == ("resolved", "day")
    assert problem.abatement == clock.day_start(clock.today())
    undo = next(f for f in forms_of(html) if "?version=" in (f.action or ""))
    page.post(undo.action, undo.data)
    problem.refresh_from_db()
    again = Diagnosis.objects.get()
    assert (again.clinical_status, again.abatement) == ("relapse", None)
    assert "1 resolved" not in section(page, patient)
    acts = AuditEvent.objects.filter(act__in=("diagnosis.resolve", "diagnosis.unresolve"))
    assert acts.count() == 2
    assert list(problem.history.values_list("history_user", flat=True)) == [doctor.pk] * 3


def test_without_htmx_the_message_carries_the_undo(
    page: Client, doctor: User, patient: Patient
) -> None:
    problem = add_problem(patient, by=doctor, text="Asthma")
    url = reverse("encounters:problem_resolve", args=[problem.pk])
    answer = page.post(url, {"patient": patient.pk, "version": 1}, follow=True)
    undo = next(f for f in forms_of(answer.content.decode()) if "?version=" in (f.action or ""))
    page.post(undo.action, undo.data)
    assert Diagnosis.objects.get().clinical_status == "active"
    # What was undone long ago is not undone again.
    resolve_problem(problem, by=doctor)
    answer = page.post(undo.action, undo.data, headers=HTMX)
    assert answer.status_code == 409
    assert Diagnosis.objects.get().clinical_status == "resolved"


def test_resolved_ones_are_folded_and_active_ones_come_first(
    doctor: User, patient: Patient
) -> None:
    courses = ("resolved", "remission", "inactive", "recurrence", "active")
    for course in courses:
        add_problem(patient, by=doctor, text=course, clinical_status=course)
    shown = load_problems(patient, doctor)
    assert [row.words for row in shown.resolved] == ["resolved"]
    assert [row.active for row in shown.standing] == [True, True, False, False]
    assert {row.status for row in shown.standing if not row.active} == {"inactive", "in remission"}


def test_a_resolved_problem_that_is_active_again_has_no_end_any_more(
    page: Client, doctor: User, patient: Patient
) -> None:
    problem = resolve_problem(add_problem(patient, by=doctor, text="Asthma"), by=doctor)
    url = reverse("encounters:diagnosis_edit", args=[problem.pk])
    form = next(f for f in forms_of(page.get(url).content.decode()) if "onset" in f.data)
    assert form.data["abatement"]
    assert "rank" not in form.data
    page.post(url, form.data | {"clinical_status": "recurrence", "onset": "2017"})
    problem.refresh_from_db()
    assert (problem.clinical_status, problem.abatement) == ("recurrence", None)
    assert problem.onset == day("2017-01-01")


def test_an_end_is_after_the_onset_as_exactly_as_both_are_known_and_not_of_what_is_there(
    doctor: User, patient: Patient
) -> None:
    year: dict[str, Any] = {
        "onset": day("2019-01-01"),
        "onset_precision": "year",
        "clinical_status": "resolved",
    }
    spring: dict[str, Any] = {"abatement": day("2019-03-01"), "abatement_precision": "month"}
    before: dict[str, Any] = {"abatement": day("2018-12-31"), "abatement_precision": "day"}
    late: dict[str, Any] = {
        "onset": day("2019-06-02"),
        "onset_precision": "day",
        "clinical_status": "resolved",
    }
    same_year: dict[str, Any] = {"abatement": day("2019-01-01"), "abatement_precision": "year"}
    good = add_problem(patient, by=doctor, text="A", **year, **spring)
    add_problem(patient, by=doctor, text="B", **late, **same_year)
    for wrong in ({**year, **before}, {**year, **spring, "clinical_status": "active"}):
        with pytest.raises(ValidationError) as refused:
            add_problem(patient, by=doctor, text="C", **wrong)
        assert set(refused.value.error_dict) == {"abatement"}
    with pytest.raises(ValidationError):
        change_diagnosis(good, by=doctor, version=1, **before)
    assert Diagnosis.objects.count() == 2


def test_who_may_not_who_is_late_and_what_is_no_problem(doctor: User, patient: Patient) -> None:
    nurse = UserFactory(role=NURSE)
    problem = add_problem(patient, by=doctor, text="Asthma")
    with pytest.raises(PermissionDenied):
        add_problem(patient, by=nurse, text="Gout")
    for verb in (resolve_problem, unresolve_problem):
        with pytest.raises(PermissionDenied):
            verb(problem, by=nurse)
    change_diagnosis(problem, by=doctor, version=1, condition_text="Asthma, mild")
    with pytest.raises(StaleVersion):
        resolve_problem(problem, by=doctor, version=1)
    of_a_visit = add_diagnosis(EncounterFactory(patient=patient), by=doctor, text="Cough")
    enter_diagnosis_in_error(problem, by=doctor, reason="Mixed up")
    for row in (of_a_visit, problem):
        with pytest.raises(TransitionError):
            resolve_problem(row, by=doctor)


def test_a_nurse_reads_the_list_and_is_offered_no_press(
    client: Client, doctor: User, patient: Patient
) -> None:
    add_problem(patient, by=doctor, text="Asthma")
    client.force_login(UserFactory(role=NURSE))
    shown = section(client, patient)
    assert "Asthma" in shown
    assert "<form" not in shown
    assert "problems/add" not in shown
