"""Closing a visit: what is missing, mended in place; a clean one closes with one press."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from encounters import lifecycle
from encounters.forms.steps import later
from encounters.models import Diagnosis, Encounter
from tests.factories import EncounterFactory, NoteFactory, ObservationFactory, UserFactory
from tests.page_forms import forms_of

pytestmark = pytest.mark.django_db


def login(role: str) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def close_url(visit: Encounter) -> str:
    return reverse("encounters:encounter_close", args=[visit.pk])


def untouched(client: Client, visit: Encounter) -> dict[str, Any]:
    """What the page would send if nobody touched it, hidden initial values too."""
    form = client.get(close_url(visit)).context["form"]
    sent: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if isinstance(value, dt.datetime):
            value = f"{value:%Y-%m-%dT%H:%M}"
        if value is not None:
            sent[name] = value
            if form.fields[name].show_hidden_initial:
                sent[f"initial-{name}"] = value
    return sent


def test_a_clean_visit_closes_with_one_press() -> None:
    client, visit = login(NURSE), EncounterFactory()
    page = client.get(close_url(visit)).content.decode()
    assert "autofocus>Close visit" in page
    assert client.post(close_url(visit), untouched(client, visit)).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "finished"
    assert abs(clock.now() - visit.end) < dt.timedelta(minutes=1)
    assert (visit.length_minutes, visit.length_corrected) == (30, False)


def test_close_takes_the_end_and_the_length_as_typed() -> None:
    client, visit = login(NURSE), EncounterFactory()
    end = clock.to_minute(visit.start + dt.timedelta(minutes=10))
    sent = untouched(client, visit)
    sent |= {"end": f"{clock.timezone.localtime(end):%Y-%m-%dT%H:%M}", "length_minutes": "7"}
    client.post(close_url(visit), sent)
    visit.refresh_from_db()
    assert (visit.end, visit.length_minutes, visit.length_corrected) == (end, 7, True)


def test_close_with_another_end_lets_the_length_follow() -> None:
    client, visit = login(NURSE), EncounterFactory()
    end = clock.to_minute(visit.start) + dt.timedelta(minutes=10)
    sent = untouched(client, visit)
    sent["end"] = f"{clock.timezone.localtime(end):%Y-%m-%dT%H:%M}"
    client.post(close_url(visit), sent)
    visit.refresh_from_db()
    assert (visit.length_minutes, visit.length_corrected) == (10, False)


def test_close_before_the_start_is_refused_and_keeps_the_text() -> None:
    client, visit = login(NURSE), EncounterFactory()
    end = f"{clock.timezone.localtime(visit.start - dt.timedelta(hours=1)):%Y-%m-%dT%H:%M}"
    response = client.post(close_url(visit), {**untouched(client, visit), "end": end})
    assert response.status_code == 422
    assert end in response.content.decode()
    visit.refresh_from_db()
    assert visit.status == "in-progress"


def test_close_names_an_unsigned_note_and_is_refused() -> None:
    visit = NoteFactory().encounter
    client = login(NURSE)
    page = client.get(close_url(visit)).content.decode()
    assert "Before closing" in page
    assert client.post(close_url(visit), untouched(client, visit)).status_code == 422
    visit.refresh_from_db()
    assert visit.status == "in-progress"


def test_close_offers_to_sign_ones_own_note_and_says_who_can_sign_anothers() -> None:
    clinician, author = login(CLINICIAN), UserFactory(role=CLINICIAN)
    note = NoteFactory(author=author.practitioner)
    visit = note.encounter
    sign = reverse("records:note_sign", args=[note.pk])
    visit_page = reverse("records:encounter_detail", args=[visit.pk])
    page = clinician.get(close_url(visit)).content.decode()
    assert clinician.get(sign).status_code == 403
    assert sign not in page
    assert "Only its author can do this. Or close without it and say why." in page
    assert sign not in clinician.get(visit_page).content.decode()
    nurses = login(NURSE).get(close_url(visit)).content.decode()
    assert "Only its author can do this." in nurses
    assert "close without it" not in nurses
    own = Client()
    own.force_login(author)
    assert sign in own.get(close_url(visit)).content.decode()
    assert sign in own.get(visit_page).content.decode()


def test_close_is_mended_where_it_is_asked_for() -> None:
    """A note is signed and a critical value acknowledged on the page, which then is clean."""
    author = UserFactory(role=CLINICIAN)
    client = Client()
    client.force_login(author)
    visit = EncounterFactory()
    of = {"encounter": visit, "patient": visit.patient}
    note = NoteFactory(**of, author=author.practitioner, content="Feels well again.")
    sign = ObservationFactory(**of, value="190")
    for row, typed in ((note, {}), (sign, {"action": "Called the cardiologist"})):
        page = client.get(close_url(visit)).content.decode()
        assert "Feels well again." in page or row != note
        mends = [form for form in forms_of(page) if str(row.pk) in form.action]
        assert len(mends) == 1
        answer = client.post(mends[0].action, mends[0].data | typed)
        assert answer["Location"] == close_url(visit)
    note.refresh_from_db()
    sign.refresh_from_db()
    assert (note.status, sign.seen_action) == ("final", "Called the cardiologist")
    assert "autofocus>Close visit" in client.get(close_url(visit)).content.decode()


def test_close_mends_only_what_was_read() -> None:
    author = UserFactory(role=CLINICIAN)
    client = Client()
    client.force_login(author)
    note = NoteFactory(author=author.practitioner)
    page = client.get(close_url(note.encounter)).content.decode()
    mend = next(form for form in forms_of(page) if str(note.pk) in form.action)
    note.content = "Written on in another window."
    note.save()
    assert client.post(mend.action, mend.data).status_code == 422
    note.refresh_from_db()
    assert note.status == "preliminary"


def test_close_is_overridden_with_permission_and_a_reason() -> None:
    visit = NoteFactory().encounter
    nurse, clinician = login(NURSE), login(CLINICIAN)
    sent = {**untouched(nurse, visit), "override_reason": "Fire drill"}
    assert nurse.post(close_url(visit), sent).status_code == 422
    sent = {**untouched(clinician, visit), "override_reason": "Fire drill"}
    assert clinician.post(close_url(visit), sent).status_code == 302
    event = AuditEvent.objects.get(act="encounter.finish", object_id=str(visit.pk))
    assert (event.reason, event.detail["overridden"]) == ("Fire drill", True)


@pytest.mark.parametrize("class_code", ["IMP", "EMER"])
def test_close_of_a_stay_asks_for_diagnosis_and_disposition_in_place(class_code: str) -> None:
    client, visit = login(CLINICIAN), EncounterFactory(class_code=class_code)
    sent = untouched(client, visit)
    refused = client.post(close_url(visit), sent)
    assert refused.status_code == 422
    assert not Diagnosis.objects.exists()
    sent |= {"diagnosis_text": "j18.9 Pneumonia", "disposition_code": "home"}
    assert client.post(close_url(visit), sent).status_code == 302
    row = Diagnosis.objects.get()
    assert (row.use, row.condition_text, row.condition_code) == ("DD", "Pneumonia", "J18.9")
    visit.refresh_from_db()
    assert visit.hospitalization.disposition_code == "home"


def test_close_refused_keeps_no_half_of_it() -> None:
    client, visit = login(CLINICIAN), EncounterFactory(class_code="IMP")
    sent = {**untouched(client, visit), "diagnosis_text": "Pneumonia", "again": "2 weeks"}
    response = client.post(close_url(visit), sent)
    assert response.status_code == 422
    assert "Pneumonia" in response.content.decode()
    assert not Diagnosis.objects.exists()
    assert Encounter.objects.count() == 1


def test_close_of_an_ambulatory_visit_offers_only_against_advice() -> None:
    client, visit = login(NURSE), EncounterFactory()
    sent = untouched(client, visit)
    assert client.post(close_url(visit), {**sent, "disposition_code": "home"}).status_code == 422
    assert client.post(close_url(visit), {**sent, "disposition_code": "aadvice"}).status_code == 302
    visit.refresh_from_db()
    assert visit.hospitalization.disposition_code == "aadvice"


def test_close_plans_the_next_visit_once() -> None:
    client, visit = login(NURSE), EncounterFactory()
    sent = {**untouched(client, visit), "again": "4 weeks"}
    for _press in range(2):
        assert client.post(close_url(visit), sent).status_code == 302
    following = Encounter.objects.exclude(pk=visit.pk).get()
    day = clock.timezone.localdate(following.planned_start)
    assert (following.status, following.patient) == ("planned", visit.patient)
    assert day == clock.today() + dt.timedelta(weeks=4)


@pytest.mark.parametrize("again", ["", "date"])
def test_close_plans_the_next_visit_on_a_day(again: str) -> None:
    client, visit = login(NURSE), EncounterFactory()
    day = clock.today() + dt.timedelta(days=10)
    sent = {**untouched(client, visit), "again": again, "again_date": f"{day}"}
    assert client.post(close_url(visit), sent).status_code == 302
    following = Encounter.objects.get(status="planned")
    assert clock.timezone.localdate(following.planned_start) == day


def test_close_refuses_a_next_visit_that_is_not_clear() -> None:
    client, visit = login(NURSE), EncounterFactory()
    day = clock.today() + dt.timedelta(days=10)
    unclear = (
        {"again": "date"},
        {"again": "1 weeks", "again_date": f"{day}"},
        {"again_date": f"{clock.today()}"},
        {"again": "9 years"},
    )
    for fields in unclear:
        sent = {**untouched(client, visit), **fields}
        assert client.post(close_url(visit), sent).status_code == 422, fields
    assert Encounter.objects.count() == 1
    visit.refresh_from_db()
    assert visit.status == "in-progress"


def test_close_by_another_first_says_what_the_visit_is() -> None:
    visit = EncounterFactory()
    client = login(NURSE)
    sent = untouched(client, visit)
    lifecycle.finish(visit, by=UserFactory(role=NURSE))
    response = client.post(close_url(visit), sent)
    assert response.status_code == 409
    assert "changed by somebody else" in response.content.decode()


def test_close_is_not_for_the_front_desk() -> None:
    assert login(FRONT_DESK).get(close_url(EncounterFactory())).status_code == 403


@pytest.mark.parametrize(
    ("day", "number", "unit", "expected"),
    [
        (dt.date(2026, 1, 31), 1, "months", dt.date(2026, 2, 28)),
        (dt.date(2026, 11, 30), 3, "months", dt.date(2027, 2, 28)),
        (dt.date(2026, 12, 5), 12, "months", dt.date(2027, 12, 5)),
        (dt.date(2026, 12, 28), 1, "weeks", dt.date(2027, 1, 4)),
        (dt.date(2026, 2, 27), 2, "days", dt.date(2026, 3, 1)),
    ],
)
def test_later_counts_as_a_calendar_does(
    day: dt.date, number: int, unit: str, expected: dt.date
) -> None:
    assert later(day, number, unit) == expected


def test_nurse_is_told_who_adds_the_diagnosis_and_is_not_sent_where_she_may_not_go() -> None:
    visit = EncounterFactory(class_code="IMP")
    add = reverse("encounters:diagnosis_add", args=[visit.pk])
    shown = login(NURSE).get(close_url(visit)).content.decode()
    assert "A clinician can add it." in shown
    assert add not in shown
    assert "A clinician can add it." not in login(CLINICIAN).get(close_url(visit)).content.decode()
