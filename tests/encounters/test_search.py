"""The visit search: what each filter finds, and what it leaves out."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent, User
from encounters.models import Encounter
from encounters.models.encounter import DATE_UNKNOWN
from tests.factories import (
    DiagnosisFactory,
    EncounterFactory,
    PatientFactory,
    PractitionerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
URL = "/visits/"


@pytest.fixture
def nurse() -> User:
    return UserFactory(role="Nurse")


@pytest.fixture
def staff(client: Client, nurse: User) -> Client:
    client.force_login(nurse)
    return client


def visit(start: dt.datetime | None, end: dt.datetime | None = None, **fields: Any) -> Encounter:
    """A visit of exactly these times, imported where a rule made here would not allow them."""
    status = fields.pop("status", "finished" if end else "in-progress")
    return EncounterFactory(
        status=status, start=start, end=end, status_history=False, source="test", **fields
    )


def at(day: int, hour: int = 9, minute: int = 0, month: int = 3) -> dt.datetime:
    return dt.datetime(2025, month, day, hour, minute, tzinfo=dt.UTC)


def ids(client: Client, **query: Any) -> list[Any]:
    response = client.get(URL, query)
    assert response.status_code == 200
    return [row.id for row in response.context["page"].rows]


def test_search_without_filters_lists_newest_first(staff: Client) -> None:
    old, new = visit(at(1), at(1, 10)), visit(at(2), at(2, 10))
    assert ids(staff) == [new.pk, old.pk]
    assert ids(staff, sort="oldest") == [old.pk, new.pk]


def test_search_by_patient_finds_only_theirs_and_those_merged_into_them(staff: Client) -> None:
    survivor = PatientFactory()
    mine = visit(at(1), at(1, 10), patient=survivor)
    merged = visit(at(2), at(2, 10), patient=PatientFactory(merged_into=survivor))
    visit(at(3), at(3, 10))
    assert ids(staff, patient=survivor.pk) == [merged.pk, mine.pk]


def test_search_by_words_or_an_old_number_finds_all_visits_of_a_merged_person(
    staff: Client,
) -> None:
    survivor = PatientFactory(family="Newname", given="Anna")
    old = PatientFactory(family="Oldname", given="Anna", merged_into=survivor)
    mine = visit(at(1), at(1, 10), patient=survivor)
    merged = visit(at(2), at(2, 10), patient=old)
    visit(at(3), at(3, 10), patient=PatientFactory(family="Somebody", given="Else"))
    for words in ("Newname", "Oldname", survivor.mrn, old.mrn):
        assert ids(staff, patient=words) == [merged.pk, mine.pk], words
    for words in ("Newname", survivor.mrn):
        found = ids(staff, q=words, **{"from": "2020-01-01"})
        assert found == [merged.pk, mine.pk], words


def test_search_by_patient_words_finds_by_any_part_of_the_name(staff: Client) -> None:
    mine = visit(at(1), at(1, 10), patient=PatientFactory(family="Ordóñez", given="Bernardo"))
    visit(at(2), at(2, 10))
    assert ids(staff, patient="ordonez bern") == [mine.pk]


def test_search_by_an_unknown_patient_key_finds_nothing(staff: Client) -> None:
    visit(at(1), at(1, 10))
    assert ids(staff, patient="0190d7d0-0000-7000-8000-000000000000") == []


def test_search_by_several_statuses_and_classes(staff: Client) -> None:
    finished = visit(at(1), at(1, 10))
    emergency = visit(at(2), class_code="EMER")
    visit(at(3), class_code="IMP", status="onleave")
    assert set(ids(staff, status=["finished", "in-progress"])) == {finished.pk, emergency.pk}
    assert ids(staff, class_code=["EMER"]) == [emergency.pk]


def test_search_leaves_out_entered_in_error_unless_asked_for(staff: Client) -> None:
    wrong = visit(at(1), status="entered-in-error", error_about="opened-twice")
    assert ids(staff) == []
    assert ids(staff, status=["entered-in-error"]) == [wrong.pk]


def test_search_by_practitioner_name_key_or_me(staff: Client, nurse: User) -> None:
    other = visit(at(1), at(1, 10), practitioner=PractitionerFactory(family="Sample"))
    mine = visit(at(2), at(2, 10), practitioner=nurse.practitioner)
    assert ids(staff, practitioner="samp") == [other.pk]
    assert ids(staff, practitioner=other.practitioner_id) == [other.pk]
    assert ids(staff, practitioner="me") == [mine.pk]


@pytest.mark.parametrize(
    ("field", "column"),
    [("type", "type_text"), ("service", "service_type_text"), ("reason", "reason_text")],
)
def test_search_by_words_of_a_text(staff: Client, field: str, column: str) -> None:
    wellness: dict[str, Any] = {column: "Annual wellness visit"}
    knee: dict[str, Any] = {column: "Knee pain"}
    found = visit(clock.now(), **wellness)
    visit(clock.now(), **knee)
    assert ids(staff, **{field: "wellness annual"}) == [found.pk]


def test_search_by_location(staff: Client) -> None:
    found = visit(clock.now(), location="Main Clinic - Room 204")
    visit(clock.now(), location="Room 3")
    assert ids(staff, location="room 204") == [found.pk]


def test_search_by_diagnosis_code_or_words(staff: Client) -> None:
    diabetes = DiagnosisFactory(
        condition_text="Type 2 diabetes mellitus", condition_code="E11.9"
    ).encounter
    DiagnosisFactory(condition_text="Essential hypertension", condition_code="I10")
    DiagnosisFactory(condition_code="E11.9", verification="entered-in-error")
    assert ids(staff, diagnosis="E11") == [diabetes.pk]
    assert ids(staff, diagnosis="mellitus type") == [diabetes.pk]


def test_front_desk_can_neither_see_nor_search_diagnoses(client: Client) -> None:
    DiagnosisFactory(condition_text="Type 2 diabetes mellitus", condition_code="E11.9")
    DiagnosisFactory(condition_text="Essential hypertension", condition_code="I10")
    client.force_login(UserFactory(role="Front desk"))
    response = client.get(URL, {"diagnosis": "E11"})
    assert len(response.context["page"].rows) == 2
    assert "diabetes" not in response.content.decode()


def test_search_text_finds_by_name_number_and_reason(staff: Client) -> None:
    patient = PatientFactory(family="Ferreira", given="Ana")
    by_name = visit(clock.now(), patient=patient, reason_text="Cough")
    visit(clock.now(), reason_text="Fever")
    assert ids(staff, q="ferr") == [by_name.pk]
    assert ids(staff, q=patient.number) == [by_name.pk]
    assert ids(staff, q="cough ana") == [by_name.pk]


def test_search_text_looks_through_one_year_and_says_so(staff: Client) -> None:
    old = visit(clock.now() - dt.timedelta(days=400), reason_text="Cough")
    response = staff.get(URL, {"q": "cough"})
    assert response.context["page"].rows == []
    assert "Look through all dates" in response.content.decode()
    assert ids(staff, q="cough", **{"from": "1900-01-01"}) == [old.pk]
    assert ids(staff, q="cough", patient=old.patient_id) == [old.pk]


# -- dates: the four shapes, the edges of a day, and both days the clocks change -----------------


def test_from_and_to_take_the_visits_date_and_overlap_takes_the_time_inside(staff: Client) -> None:
    inside = visit(at(10), at(10, 10))
    spanning = visit(at(1), at(20))
    ending_inside = visit(at(5), at(10, 1))
    still_open = visit(at(9))
    after = visit(at(11), at(11, 10))
    assert ids(staff, **{"from": "2025-03-10", "to": "2025-03-10"}) == [inside.pk]
    assert ids(staff, **{"to": "2025-03-09"}) == [still_open.pk, ending_inside.pk, spanning.pk]
    assert set(ids(staff, on="2025-03-10")) == {
        inside.pk,
        spanning.pk,
        ending_inside.pk,
        still_open.pk,
    }
    assert after.pk not in ids(staff, on="2025-03-10")


def test_a_day_runs_from_midnight_to_midnight(staff: Client) -> None:
    first, last = visit(at(10, 0, 1)), visit(at(10, 23, 59))
    visit(at(9, 23, 59))
    visit(at(11, 0, 0))
    assert set(ids(staff, **{"from": "2025-03-10", "to": "2025-03-10"})) == {first.pk, last.pk}


@pytest.mark.parametrize(
    ("day", "begin", "after"),
    [
        # 23 hours: the clocks go forward; then 25 hours: they go back.
        ("2025-03-30", "2025-03-29T23:00Z", "2025-03-30T22:00Z"),
        ("2025-10-26", "2025-10-25T22:00Z", "2025-10-26T23:00Z"),
    ],
)
def test_a_day_the_clocks_change_has_its_own_length(
    staff: Client, settings: Any, day: str, begin: str, after: str
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    begins, ends = dt.datetime.fromisoformat(begin), dt.datetime.fromisoformat(after)
    assert clock.day_bounds(dt.date.fromisoformat(day)) == (begins, ends)
    minute = dt.timedelta(minutes=1)
    first, last = visit(begins), visit(ends - minute)
    visit(begins - minute)
    visit(ends)
    assert set(ids(staff, **{"from": day, "to": day})) == {first.pk, last.pk}


def test_the_clinics_day_is_not_utcs(staff: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    tokyo = dt.datetime(2025, 3, 10, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    found = visit(tokyo)
    assert ids(staff, **{"from": "2025-03-10", "to": "2025-03-10"}) == [found.pk]
    assert ids(staff, **{"from": "2025-03-09", "to": "2025-03-09"}) == []


def test_a_visit_without_a_date_sorts_last_and_matches_no_date(staff: Client) -> None:
    undated = visit(None, status="unknown")
    ancient = visit(dt.datetime(385, 1, 1, tzinfo=dt.UTC))
    undated.refresh_from_db()
    assert undated.date == DATE_UNKNOWN
    assert ids(staff) == [ancient.pk, undated.pk]
    assert ids(staff, **{"from": "0001-01-01"}) == [ancient.pk]
    assert ids(staff, **{"to": "2025-01-01"}) == [ancient.pk]
    assert "date unknown" in staff.get(URL).content.decode()


def test_still_open_means_begun_and_not_ended(staff: Client) -> None:
    begun = visit(at(1))
    visit(at(1), at(1, 10))
    EncounterFactory(status="planned")
    assert ids(staff, open="on") == [begun.pk]


def test_dates_in_the_wrong_order_are_refused_in_words(staff: Client) -> None:
    response = staff.get(URL, {"from": "2025-03-10", "to": "2025-03-01"})
    assert response.status_code == 422
    assert "Swap them?" in response.content.decode()


@pytest.mark.parametrize("query", [{"from": "yesterday"}, {"status": "alive"}, {"on": "x"}])
def test_an_unreadable_filter_is_said_and_finds_nothing(
    staff: Client, query: dict[str, str]
) -> None:
    visit(at(1))
    response = staff.get(URL, query)
    assert response.status_code == 422
    assert "page" not in response.context


# -- pages ----------------------------------------------------------------------------------------


def test_pages_hold_twenty_and_walk_both_ways_without_gap_or_repeat(staff: Client) -> None:
    made = [visit(at(1, 9, n % 7)).pk for n in range(45)]
    seen, url = [], URL
    while url:
        response = staff.get(url)
        seen.append([row.id for row in response.context["page"].rows])
        url = response.context["next_url"] and URL + response.context["next_url"]
    assert [len(page) for page in seen] == [20, 20, 5]
    assert sorted(pk for page in seen for pk in page) == sorted(made)
    back = staff.get(URL + response.context["previous_url"])
    assert [row.id for row in back.context["page"].rows] == seen[1]


def test_visits_without_a_date_end_the_list_oldest_first_and_walk_back(staff: Client) -> None:
    dated = [visit(at(1, 9, n)).pk for n in range(7)]
    undated = sorted(visit(None, status="unknown").pk for _n in range(8))
    seen, query = [], "?sort=oldest&count=5"
    while query:
        response = staff.get(URL + query)
        seen.append([row.id for row in response.context["page"].rows])
        query = response.context["next_url"]
    assert [pk for page in seen for pk in page] == [*dated, *undated]
    for page in (seen[1], seen[0]):
        response = staff.get(URL + response.context["previous_url"])
        assert [row.id for row in response.context["page"].rows] == page
    assert not response.context["previous_url"]


def test_a_visit_that_arrives_meanwhile_shifts_no_page(staff: Client) -> None:
    for n in range(25):
        visit(at(1, 9, n))
    first = staff.get(URL)
    shown = [row.id for row in first.context["page"].rows]
    visit(at(2))
    following = staff.get(URL + first.context["next_url"])
    rest = [row.id for row in following.context["page"].rows]
    assert len(rest) == 5
    assert not set(rest) & set(shown)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "Zjo6Og", "é"])
def test_a_broken_cursor_starts_anew(staff: Client, cursor: str) -> None:
    found = visit(at(1))
    assert ids(staff, cursor=cursor) == [found.pk]


@pytest.mark.parametrize(("count", "shown"), [("2", 2), ("0", 1), ("1000", 3), ("x", 3)])
def test_the_count_of_a_page_is_kept_within_bounds(staff: Client, count: str, shown: int) -> None:
    for day in (1, 2, 3):
        visit(at(day))
    assert len(ids(staff, count=count)) == shown


def test_many_are_not_counted_to_the_end(staff: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("encounters.search.COUNTED_TO", 2)
    for day in (1, 2, 3):
        visit(at(day))
    assert "2+ found" in staff.get(URL).content.decode()


# -- chips, rights, cost --------------------------------------------------------------------------


def test_a_chip_says_its_filter_and_its_link_removes_it(staff: Client) -> None:
    response = staff.get(URL, {"status": ["finished"], "from": "2025-01-01", "to": "2025-03-31"})
    chips = {chip.label: chip.remove for chip in response.context["chips"] if chip.remove}
    assert set(chips) == {"finished", "1 Jan 2025 – 31 Mar 2025"}
    assert "from=2025-01-01" in chips["finished"]
    assert "status" not in chips["finished"]


def test_names_are_escaped(staff: Client) -> None:
    visit(at(1), patient=PatientFactory(family="<script>alert(1)</script>"))
    assert "<script>alert" not in staff.get(URL).content.decode().lower()


def test_search_is_refused_to_an_auditor(client: Client) -> None:
    client.force_login(UserFactory(role="Auditor"))
    assert client.get(URL).status_code == 403


def test_search_is_audited_by_the_names_of_filters_only(staff: Client) -> None:
    staff.get(URL, {"q": "secretname", "status": ["finished"]})
    event = AuditEvent.objects.get(act="encounter.search")
    assert event.fields == ["q", "status"]
    assert "secretname" not in f"{event.detail}{event.reason}{event.fields}"


def queries(client: Client, django_assert_max_num_queries: Any, most: int, **query: Any) -> int:
    with django_assert_max_num_queries(most) as captured:
        assert client.get(reverse("encounters:encounter_list"), query).status_code == 200
    return len(captured)


def test_search_costs_the_same_with_one_and_with_many(
    staff: Client, django_assert_max_num_queries: Any
) -> None:
    """Session, user; role and audit row in one savepoint; practitioner of "me"; patient;
    the page; its diagnoses; the count. Six of them are the search's own.
    """
    patient = PatientFactory()
    doctor = PractitionerFactory()
    query = {"patient": patient.pk, "practitioner": doctor.pk, "status": "finished"}
    DiagnosisFactory(encounter=visit(at(1), at(1, 10), patient=patient, practitioner=doctor))
    staff.get(URL, query)
    one = queries(staff, django_assert_max_num_queries, 13, **query)
    for day in range(2, 27):
        DiagnosisFactory(
            encounter=visit(at(day), at(day, 10), patient=patient, practitioner=doctor)
        )
    assert queries(staff, django_assert_max_num_queries, 13, **query) == one
