"""Today: which visits stand where, what a card says and to whom, and what it costs."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinik import clock
from clinik.roles import AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Encounter, NoKnownAllergies, StatusPeriod
from encounters.models.encounter import CancelReason
from records.board import Board, Filters, load_board
from records.board_cards import Card
from tests.factories import (
    AllergyFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
# Queries that every page has: session, user, permissions, the audit row and the role it names.
NOT_THE_PAGE = (
    "clinik_session",
    "auth_permission",
    'FROM "clinik_user"',
    "auth_group",
    "auditevent",
)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still, also inside requests, so that no test meets midnight."""
    stop_at(monkeypatch, NOON)


def stop_at(monkeypatch: pytest.MonkeyPatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def minutes(number: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=number)


def visit(status: str = "arrived", since: float = -5, **kwargs: Any) -> Encounter:
    """A visit in its status for as many minutes; planned: for that time."""
    if status == "planned":
        return EncounterFactory(status=status, planned_start=minutes(since), **kwargs)
    made = EncounterFactory(status=status, start=minutes(since), status_history=False, **kwargs)
    StatusPeriod.objects.create(
        encounter=made, status=status, start=made.end or made.start, by=None
    )
    return made


def board(role: str = CLINICIAN, **kwargs: Any) -> Board:
    filters = {"day": clock.today()} | kwargs
    return load_board(UserFactory(role=role), Filters(**filters))


def shown(board: Board) -> dict[str, list[Card]]:
    return {column.status: [*column.cards, *column.folded] for column in board.columns}


def card_of(made: Encounter, role: str = CLINICIAN) -> Card:
    cards = [card for column in shown(board(role)).values() for card in column]
    return next(card for card in cards if card.pk == made.pk)


def keys(board: Board) -> set[Any]:
    return {card.pk for column in shown(board).values() for card in column}


def texts(card: Card) -> str:
    return " | ".join(f"{flag.text} {flag.bold}".strip() for flag in card.flags)


def vitals(made: Encounter, at: dt.datetime = NOON, **values: str) -> None:
    codes = {
        "spo2": ("59408-5", "%"),
        "pulse": ("8867-4", "/min"),
        "respiration": ("9279-1", "/min"),
        "temperature": ("8310-5", "Cel"),
    }
    for key, value in values.items():
        code, unit = codes[key]
        ObservationFactory(
            encounter=made, code_code=code, value=value, value_unit_code=unit, effective=at
        )


# -- which visits ------------------------------------------------------------------------------


def test_each_status_stands_in_its_column_and_on_leave_beside_in_progress() -> None:
    made = {status: visit(status).pk for status in ("arrived", "triaged", "in-progress", "onleave")}
    made["planned"] = visit("planned", 60).pk
    made["finished"] = visit("finished", -60, end=minutes(-30)).pk
    columns = {status: {card.pk for card in cards} for status, cards in shown(board()).items()}
    assert columns == {
        "planned": {made["planned"]},
        "arrived": {made["arrived"]},
        "triaged": {made["triaged"]},
        "in-progress": {made["in-progress"], made["onleave"]},
        "finished": {made["finished"]},
    }


def test_an_open_visit_leaves_after_48_hours_but_an_inpatient_stays() -> None:
    inside = visit("in-progress", -47 * 60).pk
    outside = visit("in-progress", -49 * 60).pk
    inpatient = visit("in-progress", -60 * 24 * 60, class_code="IMP").pk
    assert keys(board()) == {inside, inpatient}
    assert outside not in keys(board())
    assert board().earlier == 1


def test_a_finished_visit_stays_for_its_day() -> None:
    assert visit("finished", -700, end=minutes(-690)).pk in keys(board())
    yesterday = visit("finished", -1500, end=minutes(-1450))
    assert yesterday.pk not in keys(board())


def test_just_after_midnight_the_last_four_hours_still_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    midnight = NOON.replace(hour=0)
    stop_at(monkeypatch, midnight + dt.timedelta(minutes=1))
    recent = visit("finished", -1000, end=midnight - dt.timedelta(hours=3))
    older = visit("finished", -1100, end=midnight - dt.timedelta(hours=5))
    assert keys(board()) == {recent.pk}
    assert older.pk not in keys(board())


def test_what_is_of_another_day_cancelled_or_in_error_is_absent() -> None:
    visit("planned", 24 * 60)
    visit("planned", -24 * 60)
    EncounterFactory(status="cancelled", planned_start=NOON)
    EncounterFactory(status="entered-in-error", start=NOON)
    EncounterFactory(status="unknown", source="elsewhere", start=NOON)
    assert keys(board()) == set()


def test_another_day_shows_that_day_only() -> None:
    tomorrow = visit("planned", 24 * 60)
    visit("planned", 60)
    assert keys(board(day=clock.today() + dt.timedelta(days=1))) == {tomorrow.pk}


def test_my_patients_and_the_room_leave_the_others_out() -> None:
    user = UserFactory(role=CLINICIAN)
    mine = visit(practitioner=user.practitioner, location="Room 1")
    visit(location="Room 2")
    today = clock.today()
    assert keys(load_board(user, Filters(today, mine=True))) == {mine.pk}
    assert keys(load_board(user, Filters(today, room="Room 1"))) == {mine.pk}
    assert load_board(user, Filters(today, room="Room 1")).rooms == ("Room 1", "Room 2")


# -- order and waits ---------------------------------------------------------------------------


def test_critical_comes_before_priority_and_priority_before_the_longest_wait() -> None:
    long = visit(since=-50)
    short = visit(since=-2)
    urgent = visit(since=-1, priority="UR")
    critical = visit(since=-1)
    ObservationFactory(encounter=critical, interpretation="HH", code_code="2823-3")
    order = [card.pk for card in shown(board())["arrived"]]
    assert order == [critical.pk, urgent.pk, long.pk, short.pk]


def test_an_acknowledged_critical_result_presses_no_more() -> None:
    first = visit(since=-50)
    seen = visit(since=-1)
    ObservationFactory(encounter=seen, interpretation="HH", code_code="2823-3", seen_at=NOON)
    assert [card.pk for card in shown(board())["arrived"]] == [first.pk, seen.pk]


@pytest.mark.parametrize(
    ("class_code", "status", "limit"),
    [
        ("AMB", "arrived", 30),
        ("AMB", "triaged", 30),
        ("EMER", "arrived", 10),
        ("EMER", "triaged", 15),
        ("VR", "arrived", 10),
        ("VR", "triaged", 10),
    ],
)
def test_a_wait_stands_out_once_it_is_past_its_limit(
    class_code: str, status: str, limit: int
) -> None:
    within = card_of(visit(status, -limit, class_code=class_code))
    past = card_of(visit(status, -limit - 1, class_code=class_code))
    assert (within.wait, within.wait_level) == (f"{limit} min", "")
    assert past.wait == f"{limit + 1} min, over {limit}"
    assert past.wait_level == "warning"
    assert past.state == "is-late"


@pytest.mark.parametrize("class_code", ["IMP", "HH"])
def test_beds_and_homes_have_no_limit(class_code: str) -> None:
    assert card_of(visit("arrived", -300, class_code=class_code)).wait_level == ""


def test_a_planned_visit_is_late_after_15_minutes() -> None:
    assert card_of(visit("planned", -15)).wait == ""
    assert card_of(visit("planned", -16)).wait == "16 min late"


def test_leave_past_its_expected_end_stands_out() -> None:
    back = visit("onleave", -90, leave_to="X-ray", expected_back=minutes(5))
    overdue = visit("onleave", -90, leave_to="X-ray", expected_back=minutes(-5))
    assert (card_of(back).state, card_of(back).wait) == ("is-away", "")
    assert (card_of(overdue).state, card_of(overdue).wait_level) == ("is-late", "warning")
    assert card_of(overdue).wait == "expected 11:55, overdue"


def test_the_time_in_status_counts_from_the_status_not_from_the_arrival() -> None:
    made = visit("arrived", -40)
    StatusPeriod.objects.filter(encounter=made).update(end=minutes(-4))
    Encounter.objects.filter(pk=made.pk).update(status="triaged")
    StatusPeriod.objects.create(encounter=made, status="triaged", start=minutes(-4))
    assert card_of(made).wait == "4 min"


def test_nobody_who_waits_is_folded_away() -> None:
    for number in range(14):
        visit(since=-number)
        visit("planned", number)
    columns = {column.status: column for column in board().columns}
    assert len(columns["arrived"].folded) == 0
    assert len(columns["planned"].folded) == 2
    assert columns["planned"].count == 14


# -- flags, and who sees them --------------------------------------------------------------------


def test_the_latest_vitals_are_flagged_and_scored_in_words() -> None:
    made = visit()
    vitals(made, minutes(-30), spo2="99", pulse="70")
    vitals(made, minutes(-1), spo2="90", pulse="112")
    card = card_of(made)
    assert "SpO2 90 %" in texts(card)
    assert "NEWS2 at least 5 urgent review" in texts(card)
    assert "99" not in texts(card)
    assert card.state == "is-urgent"


def test_a_sign_taken_alone_does_not_hide_the_set_before_it() -> None:
    made = visit()
    vitals(made, minutes(-10), spo2="90", respiration="26", pulse="112")
    vitals(made, minutes(-1), temperature="36.8")
    assert "SpO2 90 %" in texts(card_of(made))


def test_a_critical_sign_not_seen_presses_on_after_a_later_taking_without_it() -> None:
    made = visit()
    vitals(made, minutes(-120), spo2="90")
    vitals(made, minutes(-1), temperature="36.8")
    card = card_of(made)
    assert "critical vital sign not seen" in texts(card)
    assert card.state == "is-urgent"


def test_a_critical_sign_presses_no_more_once_the_sign_is_well_again() -> None:
    made = visit()
    vitals(made, minutes(-120), spo2="90")
    vitals(made, minutes(-1), spo2="98")
    assert texts(card_of(made)) == ""
    assert card_of(made).state == ""


def test_vitals_entered_in_error_or_of_another_visit_raise_no_flag() -> None:
    made = visit()
    vitals(visit(patient=made.patient), spo2="85")
    ObservationFactory(
        encounter=made, code_code="59408-5", value="85", value_unit_code="%",
        status="entered-in-error",
    )  # fmt: skip
    assert texts(card_of(made)) == ""


def test_a_child_is_not_scored_as_an_adult() -> None:
    made = visit(patient=PatientFactory(birth_date=dt.date(2023, 1, 1)))
    vitals(made, pulse="125")
    assert "NEWS2" not in texts(card_of(made))


def test_pregnancy_noted_in_a_visit_about_somebody_else_does_not_hide_the_score() -> None:
    made = visit(patient=PatientFactory(birth_date=dt.date(1990, 1, 2)))
    vitals(made, spo2="90", pulse="112")
    other = EncounterFactory(
        patient=made.patient, status="entered-in-error", error_about="somebody-else"
    )
    due = (NOON + dt.timedelta(days=90)).date().isoformat()
    ObservationFactory(encounter=other, code_code="11778-8", value="", value_text=due)
    assert "NEWS2 at least 5" in texts(card_of(made))
    other.error_about = "opened-twice"
    other.save()
    assert "NEWS2" not in texts(card_of(made))


def test_an_unsigned_note_is_said_and_a_signed_one_is_not() -> None:
    unsigned, signed = visit(), visit(patient=PatientFactory(family="Quist", given="Olaf"))
    NoteFactory(encounter=unsigned)
    NoteFactory(encounter=signed, signed=True)
    assert "note not signed" in texts(card_of(unsigned))
    assert texts(card_of(signed)) == ""


def test_the_front_desk_reads_urgent_but_no_value_score_note_or_diagnosis() -> None:
    made = visit()
    vitals(made, spo2="85", respiration="30")
    NoteFactory(encounter=made)
    AllergyFactory(patient=made.patient, substance_text="Latex")
    other = PatientFactory(family="Quist", given="Olaf")
    done = visit("finished", -60, end=minutes(-30), patient=other)
    DiagnosisFactory(encounter=done, condition_text="Syphilis", condition_code="A53.9")
    client = Client()
    client.force_login(UserFactory(role=FRONT_DESK))
    page = client.get("/").content.decode()
    assert texts(card_of(made, FRONT_DESK)) == "urgent"
    for word in ("85 %", "NEWS2", "SpO2", "not signed", "Syphilis", "A53.9", "Latex"):
        assert word not in page, word
    client.force_login(UserFactory(role=NURSE))
    assert "Latex" in client.get("/").content.decode()


def test_the_priority_of_a_finished_visit_presses_nobody_but_its_critical_result_does() -> None:
    made = visit("finished", -60, priority="EM")
    for role in (CLINICIAN, FRONT_DESK):
        assert texts(card_of(made, role)) == ""
    ObservationFactory(encounter=made, interpretation="HH", code_code="2823-3")
    assert texts(card_of(made, FRONT_DESK)) == "urgent"
    assert texts(card_of(made)) == "critical result not seen"


def test_names_alike_on_one_day_carry_an_alert_with_birth_date_and_number() -> None:
    one = visit(patient=PatientFactory(family="Nakamura", given="Ken"))
    visit(patient=PatientFactory(family="Nakamura", given="Kenji"))
    alone = visit(patient=PatientFactory(family="Haddad", given="Omar"))
    assert f"No. {one.patient.number}" in texts(card_of(one))
    assert texts(card_of(alone)) == ""


def test_a_card_says_who_why_where_and_offers_the_next_step() -> None:
    made = visit(
        patient=PatientFactory(family="Marchetti", given="Giulia", birth_date=dt.date(1967, 1, 2)),
        reason_text="Knee pain",
        location="Room 3",
    )
    card = card_of(made, NURSE)
    assert card.name == "MARCHETTI, Giulia"
    assert card.who == "F 59 y · first free"
    assert (card.about, card.room) == ("Knee pain", "Room 3")
    assert card.step is not None
    assert (card.step.verb, card.step.label) == ("triage", "Triage")
    assert card_of(made, FRONT_DESK).step is None


# -- the page ----------------------------------------------------------------------------------


@pytest.fixture
def nurse() -> Client:
    client = Client()
    client.force_login(UserFactory(role=NURSE))
    return client


def poll(client: Client, version: str) -> Any:
    return client.get("/", {"version": version}, headers={"X-Clinik-Poll": "1"})


def test_a_poll_answers_204_until_something_shown_changes(nurse: Client) -> None:
    made = visit("planned", 120)
    version = nurse.get("/").context["version"]
    assert poll(nurse, version).status_code == 204
    Encounter.objects.filter(pk=made.pk).update(reason_text="Cough")
    answer = poll(nurse, version)
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<div id="board"')
    assert "Cough" in answer.content.decode()


def test_another_day_says_so_and_today_does_not(nurse: Client) -> None:
    assert "not today" not in nurse.get("/").content.decode()
    tomorrow = clock.today() + dt.timedelta(days=1)
    assert "not today" in nurse.get("/", {"date": tomorrow.isoformat()}).content.decode()
    assert nurse.get("/", {"date": "nonsense"}).context["board"].is_today


def test_the_auditor_is_led_to_the_patients() -> None:
    client = Client()
    client.force_login(UserFactory(role=AUDITOR))
    assert client.get("/")["Location"] == reverse("encounters:patient_list")


def test_the_step_button_carries_visit_patient_and_version(nurse: Client) -> None:
    made = visit()
    page = nurse.get("/").content.decode()
    assert f'action="/visits/{made.pk}/step/triage/"' in page
    assert f'name="patient" value="{made.patient_id}"' in page


def test_the_downtime_list_has_number_birth_date_and_allergies(nurse: Client) -> None:
    made = visit(patient=PatientFactory(birth_date=dt.date(1962, 3, 11)))
    AllergyFactory(patient=made.patient, substance_text="Penicillin", reaction="rash")
    row = nurse.get("/").context["board"].downtime[0]
    assert (row.number, row.born, row.allergies) == (
        made.patient.number,
        "11 Mar 1962",
        "Penicillin (rash)",
    )


def test_the_downtime_list_counts_no_statement_of_a_visit_about_somebody_else(
    nurse: Client,
) -> None:
    made = visit()
    wrong = EncounterFactory(
        patient=made.patient, status="entered-in-error", error_about="somebody-else"
    )
    said = NoKnownAllergies.objects.create(patient=made.patient, encounter=wrong)
    assert "none known" not in nurse.get("/").context["board"].downtime[0].allergies
    NoKnownAllergies.objects.filter(pk=said.pk).update(encounter=made)
    assert nurse.get("/").context["board"].downtime[0].allergies == "none known"


def test_an_empty_day_says_so(nurse: Client) -> None:
    assert "Nobody waiting." in nurse.get("/").content.decode()


def test_a_narrow_screen_opens_at_the_roles_own_column() -> None:
    opens = {
        role: next(column.status for column in board(role).columns if column.opens)
        for role in (FRONT_DESK, NURSE, CLINICIAN)
    }
    assert opens == {FRONT_DESK: "planned", NURSE: "arrived", CLINICIAN: "triaged"}


def _cost(client: Client) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/").status_code == 200
    asked = [query["sql"] for query in queries.captured_queries]
    return [sql for sql in asked if not any(table in sql for table in NOT_THE_PAGE)]


def _fill(number: int) -> None:
    for place in range(number):
        status = ("arrived", "triaged", "in-progress", "finished")[place % 4]
        end = minutes(-1) if status == "finished" else None
        made = visit(status, -5, end=end)
        vitals(made, spo2="97")
        DiagnosisFactory(encounter=made)
        AllergyFactory(patient=made.patient)


def test_the_board_costs_the_same_with_4_and_with_200_visits(nurse: Client) -> None:
    """8: visits; vitals; their components; first diagnoses of the finished; left from earlier
    days; the login's practitioner; allergies; "none known"."""
    _fill(4)
    few = _cost(nurse)
    _fill(196)
    many = _cost(nurse)
    assert len(many) == len(few) <= 8, "\n".join(many)


# -- left from earlier days ----------------------------------------------------------------------


def test_earlier_lists_only_what_was_left_and_bulk_says_did_not_attend(nurse: Client) -> None:
    left = [visit("planned", -1500), visit("planned", -3000)]
    open_one = visit("in-progress", -60 * 60)
    today = visit("planned", 30)
    page = nurse.get(reverse("records:board_earlier"))
    assert {row.pk for row in page.context["visits"]} == {open_one.pk, *(one.pk for one in left)}
    chosen = [left[0].pk, open_one.pk, today.pk, "nonsense"]
    nurse.post(reverse("records:board_earlier"), {"visit": chosen})
    statuses = {one.pk: one.status for one in Encounter.objects.all()}
    assert statuses == {
        left[0].pk: "cancelled",
        left[1].pk: "planned",
        open_one.pk: "in-progress",
        today.pk: "planned",
    }
    assert Encounter.objects.get(pk=left[0].pk).cancel_reason == CancelReason.DID_NOT_ATTEND


def test_an_auditor_sees_nothing_of_earlier_days() -> None:
    client = Client()
    client.force_login(UserFactory(role=AUDITOR))
    assert client.get(reverse("records:board_earlier")).status_code == 403
