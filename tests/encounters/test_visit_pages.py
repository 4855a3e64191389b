"""Opening, planning and editing a visit through the pages."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.models import AuditEvent
from clinik.roles import AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Encounter, Patient
from encounters.models.encounter import Status
from tests.factories import EncounterFactory, PatientFactory, PractitionerFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient() -> Patient:
    return PatientFactory(family="Example", given="Bernardo")


def login(role: str) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def open_url(patient: Patient, query: str = "") -> str:
    return reverse("encounters:encounter_open", args=[patient.pk]) + query


def shown(client: Client, patient: Patient, query: str = "") -> dict[str, Any]:
    """What the open form would send if nobody touched it."""
    form = client.get(open_url(patient, query)).context["form"]
    sent: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if name == "practitioner":
            sent |= {name: value.text, f"{name}_id": value.pk} if value and value.text else {}
        elif value is not None and value is not False:
            sent[name] = value
    return sent


def test_open_untouched_makes_an_arrived_ambulatory_visit_now(patient: Patient) -> None:
    client = login(NURSE)
    response = client.post(open_url(patient), shown(client, patient))
    assert response.status_code == 302
    visit = Encounter.objects.get()
    assert response["Location"] == reverse("records:encounter_detail", args=[visit.pk])
    assert (visit.patient, visit.status, visit.class_code) == (patient, Status.ARRIVED, "AMB")
    assert visit.start is not None
    assert abs(clock.now() - visit.start) < dt.timedelta(minutes=1)
    assert visit.practitioner is not None
    assert visit.practitioner.family.startswith("Example")


def test_open_by_the_front_desk_takes_the_booked_practitioner(patient: Patient) -> None:
    booked = PractitionerFactory(family="Booked")
    soon = clock.day_start(clock.today()) + dt.timedelta(hours=12)
    EncounterFactory(patient=patient, status="planned", planned_start=soon, practitioner=booked)
    client = login(FRONT_DESK)
    page = client.get(open_url(patient))
    assert "Check in" in page.content.decode()
    client.post(open_url(patient), shown(client, patient))
    assert Encounter.objects.get(status="arrived").practitioner == booked


def test_open_offers_the_front_desk_no_status_that_treats(patient: Patient) -> None:
    client = login(FRONT_DESK)
    sent = {**shown(client, patient), "status": "in-progress"}
    assert client.post(open_url(patient), sent).status_code == 422
    assert not Encounter.objects.exists()


def test_open_sent_twice_makes_one_visit(patient: Patient) -> None:
    client = login(NURSE)
    sent = shown(client, patient)
    first, second = client.post(open_url(patient), sent), client.post(open_url(patient), sent)
    assert first["Location"] == second["Location"]
    assert Encounter.objects.count() == 1


def test_open_sent_twice_with_other_content_shows_what_stands(patient: Patient) -> None:
    client = login(NURSE)
    sent = shown(client, patient)
    client.post(open_url(patient), {**sent, "reason_text": "Cough"})
    response = client.post(open_url(patient), {**sent, "reason_text": "Fever"})
    assert response.status_code == 409
    assert Encounter.objects.get().reason_text == "Cough"


def test_open_with_the_key_of_another_person_is_not_found(patient: Patient) -> None:
    first, second = login(NURSE), login(NURSE)
    sent = shown(first, patient)
    first.post(open_url(patient), sent)
    assert second.post(open_url(patient), sent).status_code == 404


def test_open_for_another_patient_is_refused_with_both_names(patient: Patient) -> None:
    other = PatientFactory(family="Other", given="Olga")
    client = login(NURSE)
    response = client.post(open_url(other), shown(client, patient))
    text = response.content.decode()
    assert response.status_code == 404
    assert "EXAMPLE, Bernardo" in text
    assert "OTHER, Olga" in text
    assert not Encounter.objects.exists()


def test_open_keeps_what_was_typed_beside_an_error(patient: Patient) -> None:
    client = login(NURSE)
    sent = {**shown(client, patient), "class_code": "XX", "reason_text": "Knee pain since a fall"}
    response = client.post(open_url(patient), sent)
    assert response.status_code == 422
    assert "Knee pain since a fall" in response.content.decode()


def test_open_a_second_visit_asks_first(patient: Patient) -> None:
    standing = EncounterFactory(patient=patient, status="in-progress")
    client = login(NURSE)
    sent = shown(client, patient)
    warned = client.post(open_url(patient), sent)
    assert warned.status_code == 409
    assert reverse("records:encounter_detail", args=[standing.pk]) in warned.content.decode()
    assert Encounter.objects.count() == 1
    assert client.post(open_url(patient), {**sent, "confirmed_second": "on"}).status_code == 302
    assert Encounter.objects.count() == 2


def test_open_page_warns_of_the_open_visit_at_once(patient: Patient) -> None:
    standing = EncounterFactory(patient=patient, status="arrived")
    page = login(NURSE).get(open_url(patient)).content.decode()
    assert "Go to the open visit" in page
    assert reverse("records:encounter_detail", args=[standing.pk]) in page


def test_open_of_a_missing_patient_is_not_found() -> None:
    url = reverse("encounters:encounter_open", args=[uuid.UUID(int=7)])
    assert login(NURSE).get(url).status_code == 404


def test_open_is_not_for_auditors(patient: Patient) -> None:
    assert login(AUDITOR).get(open_url(patient)).status_code == 403


def test_open_of_a_merged_entry_opens_the_survivors(patient: Patient) -> None:
    old = PatientFactory(merged_into=patient)
    client = login(NURSE)
    client.post(open_url(old), shown(client, old))
    assert Encounter.objects.get().patient == patient


def test_open_may_be_part_of_an_admission(patient: Patient) -> None:
    stay = EncounterFactory(patient=patient, status="in-progress", class_code="IMP")
    client = login(NURSE)
    sent = {**shown(client, patient), "part_of": str(stay.pk), "confirmed_second": "on"}
    client.post(open_url(patient), sent)
    assert Encounter.objects.exclude(pk=stay.pk).get().part_of == stay


def test_open_does_not_offer_anothers_visit_as_parent(patient: Patient) -> None:
    stay = EncounterFactory(status="in-progress", class_code="IMP")
    EncounterFactory(patient=patient, status="finished", class_code="IMP")
    client = login(NURSE)
    sent = {**shown(client, patient), "part_of": str(stay.pk)}
    assert client.post(open_url(patient), sent).status_code == 422


def plan(patient: Patient, when: dt.datetime, **more: Any) -> dict[str, Any]:
    local = clock.timezone.localtime(when)
    return {
        "id": str(uuid7()),
        "patient": str(patient.pk),
        "class_code": "AMB",
        "planned_start": f"{local:%Y-%m-%dT%H:%M}",
        "planned_minutes": "20",
        **more,
    }


@pytest.fixture
def tomorrow() -> dt.datetime:
    return clock.day_start(clock.today() + dt.timedelta(days=1)) + dt.timedelta(hours=9)


def test_plan_makes_a_planned_visit(patient: Patient, tomorrow: dt.datetime) -> None:
    response = login(FRONT_DESK).post(open_url(patient, "?plan=1"), plan(patient, tomorrow))
    visit = Encounter.objects.get()
    assert response.status_code == 302
    assert (visit.status, visit.start) == (Status.PLANNED, None)
    assert (visit.planned_start, visit.planned_minutes) == (tomorrow, 20)


def test_plan_shows_the_practitioners_day(patient: Patient, tomorrow: dt.datetime) -> None:
    who = PractitionerFactory(family="Planner")
    EncounterFactory(
        patient=PatientFactory(family="Booked"),
        status="planned",
        planned_start=tomorrow,
        practitioner=who,
    )
    EncounterFactory(patient=PatientFactory(family="Elsewhere"), status="planned")
    sent = plan(patient, tomorrow, practitioner=str(who), look="1")
    page = login(FRONT_DESK).post(open_url(patient, "?plan=1"), sent)
    assert page.status_code == 200
    assert "BOOKED" in page.content.decode()
    assert "ELSEWHERE" not in page.content.decode()
    assert Encounter.objects.filter(patient=patient).count() == 0


@pytest.mark.parametrize(("minutes_later", "asked"), [(0, True), (19, True), (20, False)])
def test_plan_asks_before_it_overlaps(
    patient: Patient, tomorrow: dt.datetime, minutes_later: int, asked: bool
) -> None:
    who = PractitionerFactory(family="Planner")
    EncounterFactory(status="planned", planned_start=tomorrow, planned_minutes=20, practitioner=who)
    when = tomorrow + dt.timedelta(minutes=minutes_later)
    client, url = login(FRONT_DESK), open_url(patient, "?plan=1")
    sent = plan(patient, when, practitioner=str(who))
    assert client.post(url, sent).status_code == (409 if asked else 302)
    assert client.post(url, {**sent, "confirmed_overlap": "on"}).status_code == 302
    assert Encounter.objects.filter(patient=patient).count() == 1


def edit_url(visit: Encounter) -> str:
    return reverse("encounters:encounter_edit", args=[visit.pk])


def edited(visit: Encounter, **changes: Any) -> dict[str, Any]:
    return {
        "patient": str(visit.patient_id),
        "version": str(visit.version),
        "class_code": visit.class_code,
        "type_text": visit.type_text,
        **changes,
    }


def test_edit_changes_what_describes_the_visit() -> None:
    visit = EncounterFactory(type_text="Check-up", reason_text="")
    response = login(NURSE).post(edit_url(visit), edited(visit, reason_text="Cough", location="3"))
    visit.refresh_from_db()
    assert response.status_code == 302
    assert (visit.reason_text, visit.location, visit.version) == ("Cough", "3", 2)
    assert visit.history.count() == 2
    assert AuditEvent.objects.filter(act="encounter.change", object_id=str(visit.pk)).exists()


def test_edit_from_an_old_version_is_refused_and_shows_both() -> None:
    visit = EncounterFactory(reason_text="")
    sent = edited(visit, reason_text="Mine")
    client = login(NURSE)
    client.post(edit_url(visit), edited(visit, reason_text="Theirs"))
    response = client.post(edit_url(visit), sent)
    text = response.content.decode()
    assert response.status_code in (409, 422)
    assert "Theirs" in text
    assert "Mine" in text
    visit.refresh_from_db()
    assert visit.reason_text == "Theirs"
    assert client.post(edit_url(visit), {**sent, "version": "2"}).status_code == 302
    visit.refresh_from_db()
    assert visit.reason_text == "Mine"


def test_edit_keeps_a_code_whose_words_were_not_touched() -> None:
    visit = EncounterFactory(type_text="", type_code="185349003", type_display="Check up")
    login(NURSE).post(edit_url(visit), edited(visit, type_text="Check up", location="3"))
    visit.refresh_from_db()
    assert (visit.type_code, visit.location) == ("185349003", "3")


def test_edit_sets_who_takes_part() -> None:
    visit = EncounterFactory()
    consultant = PractitionerFactory(family="Consultant")
    rows = {
        "participants-TOTAL_FORMS": "2",
        "participants-INITIAL_FORMS": "0",
        "participants-0-role_code": "CON",
        "participants-0-practitioner": str(consultant),
        "participants-1-role_code": "translator",
        "participants-1-name": "Ines Interpreter",
    }
    assert login(NURSE).post(edit_url(visit), edited(visit, **rows)).status_code == 302
    found = {(part.role_code, str(part)) for part in visit.participants.filter(removed=False)}
    assert found == {("CON", str(consultant)), ("translator", "Ines Interpreter")}


def test_edit_of_an_admission_takes_its_form() -> None:
    visit = EncounterFactory(class_code="IMP")
    stay = {"stay-admit_source_code": "gp", "stay-diet": "No nuts"}
    assert "No nuts" not in login(CLINICIAN).get(edit_url(visit)).content.decode()
    assert login(CLINICIAN).post(edit_url(visit), edited(visit, **stay)).status_code == 302
    assert (visit.hospitalization.admit_source_code, visit.hospitalization.diet) == (
        "gp",
        "No nuts",
    )


def test_edit_of_an_admission_from_an_old_version_is_refused() -> None:
    visit = EncounterFactory(class_code="IMP")
    first = {"stay-admit_source_code": "gp", "stay-diet": "No nuts", "stay-version": "0"}
    client = login(CLINICIAN)
    client.post(edit_url(visit), edited(visit, **first))
    theirs = {**first, "stay-diet": "Light", "stay-version": "1"}
    assert client.post(edit_url(visit), edited(visit, **theirs)).status_code == 302
    mine = {**first, "stay-diet": "Liquid", "stay-version": "1"}
    response = client.post(edit_url(visit), edited(visit, **mine))
    assert response.status_code == 409
    assert "Liquid" in response.content.decode()
    assert 'name="stay-version" value="2"' in response.content.decode()
    visit.hospitalization.refresh_from_db()
    assert visit.hospitalization.diet == "Light"


def test_edit_of_a_visit_in_error_is_refused() -> None:
    visit = EncounterFactory(status="entered-in-error")
    client = login(NURSE)
    assert client.get(edit_url(visit)).status_code == 409
    assert client.post(edit_url(visit), edited(visit, reason_text="x")).status_code == 409


def test_open_page_costs_the_same_with_many_visits(
    patient: Patient, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = login(NURSE)
    EncounterFactory(patient=patient, status="finished")
    client.get(open_url(patient))
    with CaptureQueriesContext(connection) as few:
        client.get(open_url(patient))
    for _number in range(30):
        EncounterFactory(patient=patient, status="finished", location="Room 1")
    with CaptureQueriesContext(connection) as many:
        client.get(open_url(patient))
    assert len(many) == len(few)
