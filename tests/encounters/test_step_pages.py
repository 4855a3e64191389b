"""One-press steps with Undo, and the small pages that ask before a step."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.models import User
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK, NURSE
from encounters import lifecycle
from encounters.models import Encounter, StatusPeriod
from tests.factories import (
    EncounterFactory,
    NoteFactory,
    PatientFactory,
    PractitionerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def login(role: str) -> tuple[Client, User]:
    client, user = Client(), UserFactory(role=role)
    client.force_login(user)
    return client, user


def opened(by: User, **fields: Any) -> Encounter:
    return lifecycle.open_encounter(patient=PatientFactory(family="Example"), by=by, **fields)


def planned(by: User) -> Encounter:
    return opened(by, status="planned", planned_start=clock.now(), planned_minutes=20)


def url(name: str, visit: Encounter, *more: str) -> str:
    return reverse(f"encounters:encounter_{name}", args=[visit.pk, *more])


def base(visit: Encounter, **more: Any) -> dict[str, Any]:
    return {"patient": str(visit.patient_id), "version": str(visit.version), **more}


def stored(moment: dt.datetime) -> str:
    """As the browser's field sends it."""
    return f"{clock.timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def undo_of(response: Any) -> str:
    """The address of the Undo button beside the last message; empty where there is none."""
    tags = [str(message.extra_tags) for message in get_messages(response.wsgi_request)]
    return tags[-1].partition(":")[2] if tags[-1].startswith("undo:") else ""


def test_step_arrives_and_goes_back_where_it_was_pressed() -> None:
    client, user = login(FRONT_DESK)
    visit = planned(user)
    response = client.post(url("step", visit, "arrive"), {"next": "/?mine=1"})
    visit.refresh_from_db()
    assert response["Location"] == "/?mine=1"
    assert visit.status == "arrived"


def test_step_leads_to_no_other_site() -> None:
    client, user = login(FRONT_DESK)
    visit = planned(user)
    response = client.post(url("step", visit, "arrive"), {"next": "https://evil.example/"})
    assert response["Location"] == reverse("records:encounter_detail", args=[visit.pk])


def test_undo_takes_back_one_step_however_often_it_is_pressed() -> None:
    client, user = login(NURSE)
    visit = opened(user)
    client.post(url("step", visit, "triage"))
    undo = undo_of(client.post(url("step", visit, "start")))
    assert client.post(undo).status_code == 302
    assert client.post(undo).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "triaged"


def test_step_pressed_twice_answers_as_success() -> None:
    client, user = login(NURSE)
    visit = opened(user)
    for _press in range(2):
        assert client.post(url("step", visit, "triage")).status_code == 302
    assert StatusPeriod.objects.filter(encounter=visit, status="triaged").count() == 1


def test_step_by_another_after_it_was_taken_says_what_the_visit_is() -> None:
    visit = opened(login(NURSE)[1])
    login(NURSE)[0].post(url("step", visit, "start"))
    response = login(NURSE)[0].post(url("step", visit, "triage"))
    assert response.status_code == 409
    assert "in progress" in response.content.decode()


def test_step_refused_for_htmx_is_only_the_words() -> None:
    client, _user = login(NURSE)
    visit = EncounterFactory(status="finished")
    response = client.post(url("step", visit, "triage"), headers={"HX-Request": "true"})
    assert response.status_code == 409
    assert "<html" not in response.content.decode()


def test_step_for_another_patient_is_refused_with_both_names() -> None:
    client, user = login(NURSE)
    visit = opened(user)
    other = PatientFactory(family="Other")
    response = client.post(url("step", visit, "triage"), {"patient": str(other.pk)})
    text = response.content.decode()
    visit.refresh_from_db()
    assert response.status_code == 404
    assert "EXAMPLE" in text
    assert "OTHER" in text
    assert visit.status == "arrived"


def test_step_triage_takes_a_priority() -> None:
    client, user = login(NURSE)
    visit = opened(user)
    client.post(url("step", visit, "triage"), {"priority": "UR"})
    visit.refresh_from_db()
    assert (visit.status, visit.priority) == ("triaged", "UR")


def test_step_that_the_role_may_not_take_is_forbidden() -> None:
    client, user = login(FRONT_DESK)
    visit = opened(user)
    assert client.post(url("step", visit, "start")).status_code == 403
    visit.refresh_from_db()
    assert visit.status == "arrived"


@pytest.mark.parametrize("verb", ["finish", "reopen", "enter_in_error", "nonsense"])
def test_step_is_only_what_takes_one_press(verb: str) -> None:
    client, user = login(CLINICIAN)
    assert client.post(url("step", opened(user), verb)).status_code == 404


def test_step_answers_no_get() -> None:
    client, user = login(NURSE)
    assert client.get(url("step", opened(user), "triage")).status_code == 405


def test_step_of_a_missing_visit_is_not_found() -> None:
    address = reverse("encounters:encounter_step", args=[uuid.UUID(int=7), "start"])
    assert login(NURSE)[0].post(address).status_code == 404


def test_undo_into_a_second_open_visit_asks_first_and_goes_one_step() -> None:
    client, user = login(CLINICIAN)
    visit = lifecycle.finish(opened(user, status="in-progress"), by=user)
    other = EncounterFactory(patient=visit.patient)
    asked = client.post(f"{url('step_back', visit)}?version={visit.version}")
    assert asked.status_code == 409
    assert reverse("records:encounter_detail", args=[other.pk]) in asked.content.decode()
    assert f'name="version" value="{visit.version}"' in asked.content.decode()
    anyway = {"confirmed_second": "on", "version": str(visit.version)}
    for _press in range(2):
        assert client.post(url("step_back", visit), anyway).status_code == 302
        visit.refresh_from_db()
        assert visit.status == "in-progress"


def test_step_into_a_second_open_visit_asks_first() -> None:
    client, user = login(FRONT_DESK)
    visit = planned(user)
    standing = EncounterFactory(patient=visit.patient, status="in-progress")
    warned = client.post(url("step", visit, "arrive"))
    assert warned.status_code == 409
    assert reverse("records:encounter_detail", args=[standing.pk]) in warned.content.decode()
    assert client.post(url("step", visit, "arrive"), {"confirmed_second": "on"}).status_code == 302


def test_step_back_of_anothers_step_asks_why() -> None:
    visit = opened(login(NURSE)[1])
    login(NURSE)[0].post(url("step", visit, "triage"))
    client, _user = login(CLINICIAN)
    asked = client.post(url("step_back", visit))
    visit.refresh_from_db()
    assert (asked.status_code, visit.status) == (200, "triaged")
    assert client.post(url("step_back", visit), base(visit, reason="")).status_code == 422
    assert client.post(url("step_back", visit), base(visit, reason="Wrong one")).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "arrived"


def test_step_back_without_permission_is_refused() -> None:
    visit = opened(login(NURSE)[1])
    login(NURSE)[0].post(url("step", visit, "triage"))
    visit.refresh_from_db()
    client, _user = login(NURSE)
    assert client.get(url("step_back", visit)).status_code == 409
    assert client.post(url("step_back", visit), base(visit, reason="x")).status_code == 403


def test_leave_keeps_where_to_and_when_back() -> None:
    client, user = login(NURSE)
    visit = opened(user, status="in-progress")
    back = clock.to_minute(clock.now()) + dt.timedelta(hours=1)
    sent = base(visit, leave_to="Radiology", expected_back=stored(back))
    assert client.post(url("leave", visit), sent).status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.leave_to) == ("onleave", "Radiology")
    assert visit.expected_back == back
    client.post(url("step", visit, "resume"))
    visit.refresh_from_db()
    assert visit.status == "in-progress"


def test_leave_of_a_call_says_dropped_and_asks_nothing() -> None:
    client, user = login(NURSE)
    visit = opened(user, status="in-progress", class_code="VR")
    page = client.get(url("leave", visit)).content.decode()
    assert "Call dropped" in page
    assert 'name="leave_to"' not in page
    assert client.post(url("leave", visit), base(visit)).status_code == 302


def test_leave_sent_twice_answers_as_success() -> None:
    client, user = login(NURSE)
    visit = opened(user, status="in-progress")
    sent = base(visit)
    assert [client.post(url("leave", visit), sent).status_code for _ in range(2)] == [302, 302]


def test_leave_from_an_old_version_says_so_and_keeps_the_text() -> None:
    client, user = login(NURSE)
    visit = opened(user, status="in-progress")
    sent = base(visit, leave_to="Radiology")
    lifecycle.move_room(visit, by=user, location="Room 3")
    refused = client.post(url("leave", visit), sent)
    assert refused.status_code == 409
    assert "Radiology" in refused.content.decode()
    assert (
        client.post(url("leave", visit), {**sent, "version": visit.version + 1}).status_code == 302
    )


@pytest.mark.parametrize("name", ["leave", "close", "reopen", "room", "hand_over"])
def test_page_of_a_step_that_is_not_possible_says_what_the_visit_is(name: str) -> None:
    visit = EncounterFactory(status="cancelled")
    response = login(CLINICIAN)[0].get(url(name, visit))
    assert response.status_code == 409
    assert "cancelled" in response.content.decode()


def test_cancel_of_a_plan_takes_a_coded_reason() -> None:
    client, user = login(FRONT_DESK)
    visit = planned(user)
    assert client.post(url("cancel", visit), base(visit)).status_code == 422
    sent = base(visit, reason="did-not-attend")
    response = client.post(url("cancel", visit), sent)
    visit.refresh_from_db()
    assert (response.status_code, visit.status) == (302, "cancelled")
    assert visit.cancel_reason == "did-not-attend"
    assert client.post(undo_of(response)).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "planned"


def test_cancel_for_another_reason_needs_words() -> None:
    client, user = login(FRONT_DESK)
    visit = planned(user)
    assert client.post(url("cancel", visit), base(visit, reason="other")).status_code == 422
    sent = base(visit, reason="other", text="Snow")
    assert client.post(url("cancel", visit), sent).status_code == 302


def test_cancel_after_arrival_asks_when_last_seen() -> None:
    client, user = login(FRONT_DESK)
    visit = opened(user, start=clock.now() - dt.timedelta(hours=1))
    page = client.get(url("cancel", visit)).content.decode()
    assert "Last seen" in page
    assert "did not attend" not in page
    sent = base(visit, reason="left-before-seen")
    assert client.post(url("cancel", visit), {**sent, "end": ""}).status_code == 422
    seen = clock.to_minute(clock.now() - dt.timedelta(minutes=20))
    client.post(url("cancel", visit), {**sent, "end": stored(seen)})
    visit.refresh_from_db()
    assert (visit.status, visit.end) == ("cancelled", seen)


def test_cancel_is_not_for_a_visit_that_began() -> None:
    visit = EncounterFactory(status="in-progress")
    assert login(CLINICIAN)[0].get(url("cancel", visit)).status_code == 409


def test_uncancel_takes_one_press() -> None:
    client, user = login(FRONT_DESK)
    visit = lifecycle.cancel(planned(user), by=user, reason="patient")
    assert client.get(url("uncancel", visit)).status_code == 405
    assert client.post(url("uncancel", visit)).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "planned"


def test_admit_turns_an_emergency_into_an_admission() -> None:
    client, user = login(CLINICIAN)
    visit = opened(user, status="in-progress", class_code="EMER")
    ward_doctor = PractitionerFactory(family="Wardley")
    page = client.get(url("admit", visit)).content.decode()
    assert "from the emergency department" in page
    sent = base(visit, location="Ward 2", practitioner=str(ward_doctor), admit_source="emd")
    sent["at"] = stored(clock.now())
    assert client.post(url("admit", visit), sent).status_code == 302
    visit.refresh_from_db()
    assert (visit.class_code, visit.location) == ("IMP", "Ward 2")
    assert visit.practitioner == ward_doctor


def test_admit_is_not_for_nurses() -> None:
    visit = EncounterFactory(status="in-progress", class_code="EMER")
    assert login(NURSE)[0].get(url("admit", visit)).status_code == 403


def test_room_moves_and_offers_what_the_clinic_uses() -> None:
    client, user = login(FRONT_DESK)
    EncounterFactory(location="Room 204")
    visit = opened(user)
    assert '<option value="Room 204">' in client.get(url("room", visit)).content.decode()
    assert client.post(url("room", visit), base(visit, location="")).status_code == 422
    assert client.post(url("room", visit), base(visit, location="Room 7")).status_code == 302
    visit.refresh_from_db()
    assert visit.location == "Room 7"


def test_hand_over_changes_who_is_responsible() -> None:
    client, user = login(NURSE)
    visit = opened(user, practitioner=PractitionerFactory(family="Former"))
    to = PractitionerFactory(family="Latter")
    assert client.post(url("hand_over", visit), base(visit, to="")).status_code == 422
    assert client.post(url("hand_over", visit), base(visit, to=str(to))).status_code == 302
    visit.refresh_from_db()
    assert visit.practitioner == to


def test_reopen_asks_why_and_keeps_the_end_for_closing() -> None:
    client, _user = login(CLINICIAN)
    visit = EncounterFactory(status="finished")
    end = visit.end
    assert client.post(url("reopen", visit), base(visit, reason="")).status_code == 422
    assert client.post(url("reopen", visit), base(visit, reason="Forgot a note")).status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.end) == ("in-progress", None)
    form = client.get(url("close", visit)).context["form"]
    assert f"{form['end'].value():%Y-%m-%dT%H:%M}" == stored(end)


def test_reopen_beside_an_open_visit_asks_first_and_keeps_the_reason() -> None:
    client, _user = login(CLINICIAN)
    visit = EncounterFactory(status="finished")
    EncounterFactory(patient=visit.patient, status="in-progress")
    sent = base(visit, reason="Forgot a note")
    warned = client.post(url("reopen", visit), sent)
    assert warned.status_code == 409
    assert 'name="reason" value="Forgot a note"' in warned.content.decode()
    assert client.post(url("reopen", visit), {**sent, "confirmed_second": "on"}).status_code == 302


def test_times_correct_a_start_and_the_length_follows() -> None:
    client, _user = login(NURSE)
    visit = EncounterFactory(status="finished")
    began = StatusPeriod.objects.get(encounter=visit, status="in-progress")
    form = client.get(url("times", visit)).context["form"]
    sent = base(visit)
    for name, period in form.periods.items():
        sent[name] = stored(period.start)
    assert began.start is not None
    earlier = clock.to_minute(began.start) - dt.timedelta(minutes=20)
    sent[f"at_{began.pk.hex}"] = stored(earlier)
    assert client.post(url("times", visit), sent).status_code == 302
    before = visit.length_minutes
    visit.refresh_from_db()
    assert visit.start == earlier
    assert visit.length_minutes >= before + 20


def test_times_in_the_future_are_refused_at_their_field() -> None:
    client, _user = login(NURSE)
    visit = EncounterFactory(status="in-progress")
    period = StatusPeriod.objects.get(encounter=visit)
    name = f"at_{period.pk.hex}"
    tomorrow = clock.now() + dt.timedelta(days=1)
    response = client.post(url("times", visit), base(visit, **{name: stored(tomorrow)}))
    assert response.status_code == 422
    assert response.context["form"].errors[name]


def test_times_take_a_length_by_hand_and_let_it_follow_again() -> None:
    client, _user = login(NURSE)
    visit = EncounterFactory(status="finished")
    form = client.get(url("times", visit)).context["form"]
    times = {name: stored(period.start) for name, period in form.periods.items()}
    client.post(url("times", visit), base(visit, **times, length_minutes="50"))
    visit.refresh_from_db()
    assert (visit.length_minutes, visit.length_corrected) == (50, True)
    client.post(url("times", visit), base(visit, **times, length_minutes=""))
    visit.refresh_from_db()
    assert (visit.length_minutes, visit.length_corrected) == (20, False)


def test_error_asks_about_whom_and_why() -> None:
    client, _user = login(CLINICIAN)
    visit = EncounterFactory()
    assert client.post(url("error", visit), base(visit, reason="Oops")).status_code == 422
    sent = base(visit, about="somebody-else", reason="Wrong patient chosen")
    assert client.post(url("error", visit), sent).status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.error_about) == ("entered-in-error", "somebody-else")
    assert visit.error_reason == "Wrong patient chosen"


def test_error_of_a_visit_with_records_is_not_for_the_front_desk() -> None:
    client, _user = login(FRONT_DESK)
    visit = NoteFactory().encounter
    page = client.get(url("error", visit))
    assert "This visit holds records" in page.content.decode()
    sent = base(visit, about="opened-twice", reason="Twice")
    assert client.post(url("error", visit), sent).status_code == 403
    empty = EncounterFactory()
    sent = base(empty, about="opened-twice", reason="Twice")
    assert client.post(url("error", empty), sent).status_code == 302


def test_restore_is_for_administrators() -> None:
    visit = EncounterFactory()
    client, _user = login(CLINICIAN)
    sent = base(visit, about="opened-twice", reason="Twice")
    client.post(url("error", visit), sent)
    visit.refresh_from_db()
    assert client.get(url("restore", visit)).status_code == 403
    admin, _user = login(ADMINISTRATOR)
    assert admin.get(url("restore", visit)).status_code == 200
    assert admin.post(url("restore", visit), base(visit)).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "in-progress"


def test_change_of_room_offers_no_undo_of_the_step_before_it() -> None:
    client, user = login(CLINICIAN)
    visit = opened(user)
    assert undo_of(client.post(url("step", visit, "start"))) != ""
    visit.refresh_from_db()
    response = client.post(url("room", visit), base(visit, location="Room 9"))
    assert response.status_code == 302
    assert undo_of(response) == ""
