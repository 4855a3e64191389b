"""The patient's page: what it gathers, from which rows, for whom, at what cost."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent
from clinik.roles import AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Patient, PatientContact
from records.patient_page import load_patient_page
from records.plot import spark_points
from tests.factories import (
    AllergyFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PractitionerFactory,
    PrescriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
NOT_THE_PAGE = ("clinik_session", "auth_permission", 'FROM "clinik_user"', "auth_group")


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def url(patient: Patient) -> str:
    return reverse("records:patient_detail", args=[patient.pk])


def text(client: Client, patient: Patient, query: str = "") -> str:
    answer = client.get(url(patient) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_gathers_the_chart_of_this_patient_and_of_no_other() -> None:
    patient = PatientFactory()
    for owner, mark in ((patient, ""), (PatientFactory(), "Other-")):
        visit = EncounterFactory(patient=owner, status="finished", type_text=f"{mark}Check")
        DiagnosisFactory(
            encounter=None, patient=owner, category="problem-list-item",
            condition_text=f"{mark}Gout",
        )  # fmt: skip
        AllergyFactory(patient=owner, substance_text=f"{mark}Latex")
        PrescriptionFactory(encounter=visit, status="active", medication_text=f"{mark}Drug")
        NoteFactory(encounter=visit, title=f"{mark}Summary")
        ObservationFactory(encounter=visit, value="77")
    shown = text(client_of(CLINICIAN), patient)
    for words in ("Check", "Gout", "Latex", "Drug", "Summary", "77"):
        assert words in shown, words
    assert "Other-" not in shown


def test_the_open_visit_comes_first_and_takes_the_filled_button() -> None:
    patient = PatientFactory()
    client = client_of(NURSE)
    without = text(client, patient)
    assert "Open the visit" not in without
    assert without.partition("<dialog")[0].count("btn-primary") == 1
    visit = EncounterFactory(patient=patient)
    EncounterFactory(patient=patient, status="finished")
    shown = text(client, patient)
    assert shown.count("Open the visit") == 1
    assert shown.index(str(visit.pk)) < shown.index('id="section-visits"')
    assert shown.partition("<dialog")[0].count("btn-primary") == 1


def test_what_is_over_or_in_error_is_not_current() -> None:
    patient = PatientFactory()
    visit = EncounterFactory(patient=patient, status="finished")
    wrong = EncounterFactory(
        patient=patient, status="entered-in-error", error_about="somebody-else"
    )
    PrescriptionFactory(encounter=visit, status="stopped")
    PrescriptionFactory(encounter=wrong, status="active")
    ObservationFactory(encounter=wrong)
    ObservationFactory(encounter=visit, status="entered-in-error")
    NoteFactory(encounter=wrong)
    shown = load_patient_page(patient, UserFactory(role=CLINICIAN))
    assert shown.chart is not None
    assert shown.chart.medications == ()
    assert shown.chart.vitals == ()
    assert shown.chart.notes.rows == []
    assert [row.id for row in shown.visits.rows] == [visit.pk]


def test_a_guardian_is_shown_of_a_child_and_of_no_adult() -> None:
    for born, is_child in ((clock.today() - dt.timedelta(days=900), True), ("1980-01-02", False)):
        patient = PatientFactory(birth_date=born)
        contact = {"patient": patient, "phone": "555 0199", "relationship": "mother"}
        PatientContact.objects.create(name="Ada Guard", is_guardian=True, **contact)
        PatientContact.objects.create(name="Uncle Other", **contact)
        PatientContact.objects.create(
            name="Former Guard", is_guardian=True, active=False, **contact
        )
        shown = text(client_of(FRONT_DESK), patient)
        assert ("Guardian Ada Guard (mother) 555 0199" in shown) is is_child
        assert "Uncle Other" not in shown
        assert "Former Guard" not in shown


def test_the_front_desk_sees_visits_and_nothing_of_the_chart() -> None:
    visit = EncounterFactory(status="finished", type_text="Check-up")
    DiagnosisFactory(encounter=visit, condition_text="Gout")
    AllergyFactory(patient=visit.patient, substance_text="Latex")
    NoteFactory(encounter=visit, title="Letter home")
    ObservationFactory(encounter=visit, value="177")
    PrescriptionFactory(encounter=visit, status="active", medication_text="Colchicine")
    shown = text(client_of(FRONT_DESK), visit.patient)
    assert "Check-up" in shown
    for words in ("Gout", "Latex", "Letter home", "177", "Colchicine", "Last vitals"):
        assert words not in shown, words


def test_the_auditor_finds_the_patient_but_no_visit() -> None:
    visit = EncounterFactory(status="finished", type_text="Check-up")
    assert "Check-up" not in text(client_of(AUDITOR), visit.patient)


def test_vitals_show_the_last_value_the_one_before_and_the_trend() -> None:
    visit = EncounterFactory(status="finished")
    for days, value in ((30, "70"), (20, "80"), (10, "90")):
        when = clock.now() - dt.timedelta(days=days)
        ObservationFactory(encounter=visit, value=value, effective=when)
    shown = load_patient_page(visit.patient, UserFactory(role=NURSE)).chart
    assert shown is not None
    (pulse,) = shown.vitals
    assert (pulse.reading.text, pulse.was) == ("90", "80")
    assert pulse.spark is not None
    assert pulse.spark.points == "0,16 45,9 90,2"
    assert pulse.spark.scale.startswith("70 to 90 /min since ")


def test_a_childs_old_value_is_judged_by_the_age_it_was_taken_at() -> None:
    born = clock.today() - dt.timedelta(days=365 * 30)
    patient = PatientFactory(birth_date=born)
    visit = EncounterFactory(patient=patient, status="finished")
    infancy = clock.day_start(born + dt.timedelta(days=100))
    ObservationFactory(encounter=visit, value="150", effective=infancy)
    shown = load_patient_page(patient, UserFactory(role=NURSE)).chart
    assert shown is not None
    assert shown.vitals[0].reading.flag is None


def test_a_spark_needs_two_values() -> None:
    assert spark_points([]) == ""


def test_visits_are_paged_without_losing_or_repeating_one() -> None:
    patient = PatientFactory()
    made = {
        EncounterFactory(
            patient=patient, status="finished", start=clock.now() - dt.timedelta(days=number)
        ).pk
        for number in range(1, 46)
    }
    client, seen, query = client_of(NURSE), [], ""
    for _page in range(3):
        page = client.get(url(patient) + query).context["page"]
        seen += [row.id for row in page.visits.rows]
        query = f"?visits={page.visits.next}"
    assert page.visits.next is None
    assert len(seen) == len(set(seen)) == 45
    assert set(seen) == made


def test_a_merged_entry_leads_to_its_survivor_which_shows_both_visits() -> None:
    survivor = PatientFactory()
    merged = PatientFactory(merged_into=survivor)
    visits = {EncounterFactory(patient=one, status="finished").pk for one in (survivor, merged)}
    client = client_of(NURSE)
    answer = client.get(url(merged), follow=True)
    assert answer.redirect_chain == [(url(survivor), 302)]
    assert f"{merged.number} was merged into" in answer.content.decode()
    assert {row.id for row in answer.context["page"].visits.rows} == visits


def test_looking_leaves_an_audit_row() -> None:
    patient = PatientFactory()
    text(client_of(AUDITOR), patient)
    event = AuditEvent.objects.get(patient_id=patient.pk)
    assert (event.act, event.action) == ("patient.view", "R")


def test_a_patient_who_does_not_exist_is_404() -> None:
    visit = EncounterFactory()
    missing = url(visit.patient).replace(str(visit.patient_id), str(visit.pk))
    assert client_of(NURSE).get(missing).status_code == 404


def _fill(patient: Patient, number: int) -> None:
    author = PractitionerFactory()
    for days in range(number):
        start = clock.now() - dt.timedelta(days=days + 1)
        visit = EncounterFactory(
            patient=patient, status="finished", start=start, practitioner=author
        )
        DiagnosisFactory(encounter=visit)
        DiagnosisFactory(encounter=None, patient=patient, category="problem-list-item")
        ObservationFactory(encounter=visit, effective=start)
        NoteFactory(encounter=visit, author=author)
        PrescriptionFactory(encounter=visit, author=author, status="active")


def _cost(client: Client, patient: Patient) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        text(client, patient)
    asked = [query["sql"] for query in queries.captured_queries if "auditevent" not in query["sql"]]
    return [sql for sql in asked if not any(table in sql for table in NOT_THE_PAGE)]


def test_the_page_costs_the_same_with_2_and_with_100_visits() -> None:
    """17: the patient; the banner (2); alerts; open visits; a page of visits and its diagnoses;
    problems; allergies (2); prescriptions; vitals and their components; notes; what an import
    brought besides; the newest amendments asked for, and those about the rows shown."""
    client, patient = client_of(CLINICIAN), PatientFactory()
    _fill(patient, 2)
    few = _cost(client, patient)
    _fill(patient, 98)
    many = _cost(client, patient)
    assert len(many) == len(few) <= 17, "\n\n".join(many)
