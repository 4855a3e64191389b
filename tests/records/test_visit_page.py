"""The visit's page: what it shows to whom, and what it costs."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters import lifecycle
from encounters.models import Encounter
from records.chart import load_visit
from records.models import ObservationMember, ReportResult
from tests.factories import (
    AssessmentFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PractitionerFactory,
    PrescriptionFactory,
    ReportFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
# Queries that every page has: session, user, permissions, the audit row and the role it names.
NOT_THE_PAGE = ("clinik_session", "auth_permission", 'FROM "clinik_user"', "auth_group")
AUDIT_ROW = 'INSERT INTO "clinik_auditevent"'


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def url(visit: Encounter) -> str:
    return reverse("records:encounter_detail", args=[visit.pk])


def page(client: Client, visit: Encounter, **query: str) -> str:
    answer = client.get(url(visit), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_names_the_visit_its_patient_and_what_comes_next() -> None:
    doctor = PractitionerFactory(prefix="Dr", family="Example")
    visit = EncounterFactory(
        practitioner=doctor, type_text="Annual wellness visit", location="Room 204",
        reason_text="Routine health maintenance",
    )  # fmt: skip
    shown = page(client_of(CLINICIAN), visit)
    for words in (
        visit.patient.family.upper(),
        "Annual wellness visit",
        "AMB · Dr Example · Room 204",
        "Routine health maintenance",
        "in progress · 30 min",
        "Close visit",
        "On leave",
    ):
        assert words in shown, words
    assert shown.partition("<dialog")[0].count("btn-primary") == 1


def test_the_next_step_is_pressed_with_patient_and_version() -> None:
    visit = EncounterFactory(status="arrived")
    shown = page(client_of(NURSE), visit)
    assert f'action="/visits/{visit.pk}/step/triage/"' in shown
    assert f'name="version" value="{visit.version}"' in shown
    assert f'name="patient" value="{visit.patient_id}"' in shown


def test_what_a_role_may_not_do_is_not_offered() -> None:
    shown = page(client_of(FRONT_DESK), EncounterFactory(status="arrived"))
    assert "/step/triage/" not in shown
    assert "/step/start/" not in shown
    assert "+ Add" not in shown


def test_a_visit_of_another_day_says_so() -> None:
    start = clock.now() - dt.timedelta(days=400)
    old = EncounterFactory(status="finished", start=start)
    assert "not today" in page(client_of(NURSE), old)
    assert "not today" not in page(client_of(NURSE), EncounterFactory(start=clock.now()))


def test_the_front_desk_sees_the_head_and_no_word_of_the_chart() -> None:
    visit = EncounterFactory(reason_text="Cough")
    by = UserFactory(role=CLINICIAN)
    NoteFactory(encounter=visit, content="Secret words")
    DiagnosisFactory(encounter=visit, condition_text="Gout")
    PrescriptionFactory(encounter=visit, medication_text="Colchicine")
    ObservationFactory(encounter=visit, value="177")
    AssessmentFactory(encounter=visit, summary="Doing badly")
    from clinik import audit

    audit.record("note.create", visit.note_set.get(), by=by)
    hidden = ("Secret", "Gout", "Colchicine", "177", "Doing badly", "note begun", "Before closing")
    desk = page(client_of(FRONT_DESK), visit)
    assert "Cough" in desk
    for words in hidden:
        assert words not in desk, words
    chart = page(client_of(NURSE), visit)
    for words in ("Secret", "Gout", "Colchicine", "177", "Doing badly"):
        assert words in chart, words


def test_the_auditor_gets_no_visit() -> None:
    assert client_of(AUDITOR).get(url(EncounterFactory())).status_code == 403


def test_a_visit_that_does_not_exist_is_404() -> None:
    visit = EncounterFactory()
    missing = url(visit).replace(str(visit.pk), str(visit.patient_id))
    assert client_of(NURSE).get(missing).status_code == 404


def test_looking_leaves_one_audit_row_that_the_timeline_does_not_show() -> None:
    visit = EncounterFactory()
    shown = page(client_of(NURSE), visit)
    event = AuditEvent.objects.get(encounter_id=visit.pk)
    assert (event.act, event.action, event.patient_id) == ("encounter.view", "R", visit.patient_id)
    assert "view" not in shown[shown.index('id="section-timeline"') :]


def test_a_visit_in_error_says_who_and_why_takes_nothing_and_is_restored_by_an_administrator() -> (
    None
):
    visit = EncounterFactory(patient__family="Wrong")
    by = UserFactory(role=CLINICIAN, last_name="Accuser")
    NoteFactory(encounter=visit, content="Kept words")
    gone = lifecycle.enter_in_error(visit, by=by, about="somebody-else", reason="Wrong chart open")
    shown = page(client_of(CLINICIAN), gone)
    for words in ("Entered in error", "Wrong chart open", "Accuser", "Kept words"):
        assert words in shown, words
    assert "+ Add" not in shown
    restore = reverse("encounters:encounter_restore", args=[visit.pk])
    assert restore not in shown
    assert restore in page(client_of(ADMINISTRATOR), gone)


def test_a_stay_says_where_from_where_to_and_who_was_responsible_until_when() -> None:
    by = UserFactory(role=CLINICIAN)
    before = by.practitioner
    now = clock.to_minute(clock.now())
    visit: Encounter = EncounterFactory(class_code="EMER", practitioner=before, start=now)
    visit = lifecycle.admit(
        visit, by=by, at=now, location="Ward 9", practitioner=PractitionerFactory()
    )
    lifecycle.set_hospitalization(visit, by=by, origin="Harbour home", diet="vegan")
    lifecycle.finish(visit, by=by, disposition_code="rehab", override_reason="a test")
    shown = page(client_of(CLINICIAN), visit)
    for words in (
        "Admitted: from the emergency department",
        "Came from: Harbour home",
        "Diet: vegan",
        "Discharged to: rehabilitation",
        f"{before} (attending until ",
    ):
        assert words in shown, words
    shown = page(client_of(FRONT_DESK), visit)
    assert "Harbour home" not in shown
    assert "Discharged to" not in shown


def test_a_begun_visit_says_what_it_was_booked_for() -> None:
    booked = clock.to_minute(clock.now()) + dt.timedelta(minutes=45)
    plan = {"planned_start": booked, "planned_minutes": 20}
    assert "Planned for:" in page(client_of(NURSE), EncounterFactory(**plan))
    assert "20 min" in page(client_of(NURSE), EncounterFactory(**plan))
    assert "Planned for:" not in page(client_of(NURSE), EncounterFactory(status="planned", **plan))


@pytest.mark.parametrize(("about", "struck"), [("somebody-else", True), ("opened-twice", False)])
def test_what_is_about_somebody_else_is_struck_through_and_asks_for_nothing(
    about: str, struck: bool
) -> None:
    visit = EncounterFactory()
    ObservationFactory(encounter=visit, code_code="2823-3", interpretation="HH")
    gone = lifecycle.enter_in_error(
        visit, by=UserFactory(role=CLINICIAN), about=about, reason="Wrong"
    )
    shown = page(client_of(CLINICIAN), gone)
    assert ("not-theirs" in shown) is struck
    assert ("Acknowledge" in shown) is not struck


def test_rows_in_error_are_struck_through_and_counted_among_no_problems() -> None:
    visit = EncounterFactory()
    DiagnosisFactory(
        encounter=visit, condition_text="Not hers", verification="entered-in-error",
        error_reason="Mixed up",
    )  # fmt: skip
    shown = load_visit(visit, UserFactory(role=CLINICIAN))
    assert shown.diagnoses is not None
    assert [row.words for row in shown.diagnoses.wrong] == ["Not hers"]
    assert shown.diagnoses.rows == ()


def test_diagnoses_are_said_in_words_with_their_rank_and_the_problem_they_belong_to() -> None:
    visit = EncounterFactory()
    DiagnosisFactory(encounter=visit, use="AD", rank=1, condition_code="I10")
    DiagnosisFactory(encounter=visit, use="DD", rank=2, condition_text="Type 2 diabetes mellitus")
    DiagnosisFactory(
        encounter=None, patient=visit.patient, condition_code="I10", category="problem-list-item",
        onset=dt.datetime(2019, 3, 1, tzinfo=dt.UTC), onset_precision="year",
    )  # fmt: skip
    DiagnosisFactory(encounter=None, patient=EncounterFactory().patient, condition_text="Another's",
                     category="problem-list-item")  # fmt: skip
    shown = load_visit(visit, UserFactory(role=CLINICIAN)).diagnoses
    assert shown is not None
    assert [(row.use, row.problem_since) for row in shown.rows] == [
        ("Admission 1", "2019"),
        ("Discharge 2", ""),
    ]
    assert [(problem.words, problem.since) for problem in shown.problems.standing] == [
        ("Essential hypertension", "2019")
    ]


@pytest.mark.parametrize("class_code", ["AMB", "EMER"])
def test_before_closing_says_the_same_as_the_verb(class_code: str) -> None:
    visit = EncounterFactory(class_code=class_code)
    user = UserFactory(role=CLINICIAN)
    NoteFactory(encounter=visit, author=user.practitioner)
    NoteFactory(encounter=visit, signed=True)
    ObservationFactory(encounter=visit, code_code="59408-5", value="85", value_unit_code="%")
    ObservationFactory(encounter=visit, code_code="2823-3", interpretation="HH")
    ObservationFactory(encounter=visit, code_code="2823-3", interpretation="HH", source="import")
    shown = load_visit(visit, user).closing
    assert shown is not None
    wanted = lifecycle.missing(visit)
    assert len(wanted) == (3 if class_code == "AMB" else 5)
    assert sorted(one.text for one in shown) == sorted(one.text for one in wanted)
    assert all(one.href for one in shown)


def test_before_closing_is_asked_only_of_a_visit_that_can_be_closed() -> None:
    user = UserFactory(role=CLINICIAN)
    assert load_visit(EncounterFactory(), user).closing == ()
    assert load_visit(EncounterFactory(status="arrived"), user).closing is None
    assert load_visit(EncounterFactory(status="finished"), user).closing is None


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("note", 'name="content"'),
        ("vitals", 'name="pulse"'),
        ("prescription", 'name="medication_text"'),
        ("assessment", 'name="summary"'),
    ],
)
def test_one_form_is_in_place_where_it_is_asked_for_and_only_then(kind: str, field: str) -> None:
    client, visit = client_of(CLINICIAN), EncounterFactory()
    assert field not in page(client, visit)
    assert field in page(client, visit, add=kind)


def test_a_form_is_not_given_to_whom_may_not_add() -> None:
    visit = EncounterFactory()
    assert 'name="summary"' not in page(client_of(NURSE), visit, add="assessment")
    assert 'name="content"' not in page(client_of(FRONT_DESK), visit, add="note")


def test_a_long_section_says_how_many_rows_are_left_and_shows_all_on_request() -> None:
    client, visit = client_of(NURSE), EncounterFactory()
    for number in range(23):
        PrescriptionFactory(encounter=visit, medication_text=f"Drug-{number:02}")
    shown = page(client, visit)
    assert shown.count("<strong>Drug-") == 20
    assert "Show 3 more" in shown
    assert page(client, visit, all="prescription").count("<strong>Drug-") == 23


def _fill(visit: Encounter, number: int) -> None:
    author = PractitionerFactory()
    for _number in range(number):
        of: dict[str, Any] = {"encounter": visit, "author": author}
        ObservationFactory(**of)
        result = ObservationFactory(**of, code_code="2823-3")
        ReportResult.objects.create(report=ReportFactory(**of), observation=result)
        ObservationMember.objects.create(
            panel=ObservationFactory(**of, code_code="51990-0"), observation=result
        )
        NoteFactory(**of)
        PrescriptionFactory(**of)
        AssessmentFactory(**of)
        DiagnosisFactory(encounter=visit)


def _cost(client: Client, visit: Encounter) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url(visit)).status_code == 200
    asked = [query["sql"] for query in queries.captured_queries]
    asked = [
        sql for sql in asked if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT"))
    ]
    return [
        sql for sql in asked if AUDIT_ROW not in sql and not any(t in sql for t in NOT_THE_PAGE)
    ]


@pytest.mark.parametrize("class_code", ["AMB", "EMER"])
def test_the_page_costs_the_same_with_1_and_with_100_rows_of_each_kind(class_code: str) -> None:
    """18: the visit with its people; the banner (2); the status history; participants;
    observations; earlier vitals; the components of both; reports with their results; panels;
    diagnoses with problems; notes and their signatures; prescriptions; assessments and their
    findings; requests for amendments; the timeline's acts."""
    client = client_of(CLINICIAN)
    visit = EncounterFactory(class_code=class_code)
    old = EncounterFactory(patient=visit.patient, status="finished")
    ObservationFactory(
        encounter=old, effective=clock.now() - dt.timedelta(days=30), code_code="8867-4"
    )
    _fill(visit, 1)
    few = _cost(client, visit)
    _fill(visit, 99)
    many = _cost(client, visit)
    assert len(many) == len(few) <= 18, "\n\n".join(few)
