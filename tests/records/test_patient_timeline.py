"""A patient's timeline: all that was done about a person, once, to those who may see it."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import audit, clock
from clinik.models import AuditEvent
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK
from encounters import access, lifecycle
from encounters.allergies import add_allergy
from encounters.diagnoses import add_diagnosis
from encounters.merging import merge_patients, unmerge_patients
from encounters.models import Encounter, Patient, StatusPeriod
from encounters.patients import change_patient
from records.notes import add_note, sign_note
from records.patient_timeline import SHOWN, Place, load_patient_timeline
from records.timeline_lines import Entry
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


def entries(patient: Patient, user: Any) -> tuple[Entry, ...]:
    return load_patient_timeline(Patient.objects.get(pk=patient.pk), user, Place()).entries


def words(patient: Patient, user: Any) -> list[str]:
    return [f"{entry.bold} {entry.text}".strip() for entry in entries(patient, user)]


def url_of(patient: Patient) -> str:
    return reverse("records:patient_timeline", args=[patient.pk])


def test_acts_and_steps_of_all_visits_stand_newest_first_and_lead_to_their_visit(
    doctor: Any,
) -> None:
    patient = PatientFactory()
    old = EncounterFactory(
        patient=patient, status="finished", start=clock.now() - dt.timedelta(days=400)
    )
    visit = lifecycle.open_encounter(patient=patient, by=doctor)
    visit = lifecycle.start(visit, by=doctor)
    note = sign_note(add_note(visit, by=doctor, content="Well.", title="Summary"), by=doctor)
    add_allergy(patient, by=doctor, substance_text="Latex")
    audit.record_view(note, by=doctor)
    audit.record_view(PatientFactory(), by=doctor)
    told = words(patient, doctor)
    assert told[0] == "Latex added"
    assert {"Summary signed", "Summary begun", f"{visit.title} in progress"} < set(told)
    last = entries(patient, doctor)[-1]
    assert (last.place_href, last.text) == (
        reverse("records:encounter_detail", args=[old.pk]),
        str(old.status_history.order_by("start").first().get_status_display()),
    )
    assert not [text for text in told if "view" in text]
    signed = next(entry for entry in entries(patient, doctor) if entry.text == "signed")
    assert signed.place == f"{visit.title}, {visit.date_words}"
    assert words(PatientFactory(), doctor) == []


def test_merged_entries_tell_theirs_and_both_ways_of_a_merge(doctor: Any) -> None:
    boss = UserFactory(role=ADMINISTRATOR)
    kept: Patient = PatientFactory()
    gone: Patient = PatientFactory()
    gone = change_patient(gone, by=doctor, version=gone.version, phone="555 0142")
    EncounterFactory(patient=gone, status="finished")
    merge = merge_patients(
        gone, into=kept, by=boss, reason="Same card", version=gone.version,
        into_version=kept.version,
    )  # fmt: skip
    found = entries(kept, doctor)
    changed = next(entry for entry in found if entry.text.startswith("details changed"))
    assert changed.place == f"entry No. {gone.number}"
    assert [(entry.text, entry.why) for entry in found if "merge" in entry.text] == [
        (f"merged: No. {gone.number}", "Same card")
    ]
    assert any(entry.text == "finished" for entry in found)
    unmerge_patients(merge, by=boss, reason="Twins", version=merge.version)
    assert words(kept, doctor)[0] == f"merge taken back: No. {gone.number}"
    assert not [text for text in words(kept, doctor) if "details changed" in text]


def test_what_was_entered_in_error_stays_and_somebody_elses_is_named_by_kind(doctor: Any) -> None:
    patient = PatientFactory()
    visit = EncounterFactory(patient=patient)
    add_diagnosis(visit, by=doctor, text="Gout of another")
    lifecycle.enter_in_error(visit, by=doctor, about="somebody-else", reason="Wrong name")
    top, below = entries(patient, doctor)[:2]
    assert (top.text, top.why, top.warning) == ("entered in error", "Wrong name", True)
    assert (below.bold, below.text, below.place_wrong) == ("diagnosis", "added", True)


def test_front_desk_is_told_nothing_of_the_chart(doctor: Any, client: Client) -> None:
    patient: Patient = PatientFactory()
    visit = lifecycle.open_encounter(patient=patient, by=doctor)
    add_allergy(patient, by=doctor, substance_text="Latex")
    add_diagnosis(visit, by=doctor, text="Gout")
    assert {"Latex added", "Gout added"} < set(words(patient, doctor))
    patient = access.restrict(
        patient, by=doctor, version=patient.version, restricted=True, reason="Asked to"
    )
    access.open_chart(patient, by=UserFactory(role=ADMINISTRATOR), reason="Called")
    lifecycle.enter_in_error(visit, by=doctor, about="opened-twice", reason="Twice")
    desk = UserFactory(role=FRONT_DESK)
    assert words(patient, desk) == [f"{visit.title} entered in error", f"{visit.title} arrived"]
    assert not [entry.why for entry in entries(patient, desk) if entry.why]
    client.force_login(desk)
    page = client.get(url_of(patient)).content.decode()
    assert not [
        word for word in ("Latex", "Gout", "to the team", "Called", "Twice") if word in page
    ]


def test_what_came_of_a_review_is_not_told(doctor: Any) -> None:
    patient = PatientFactory()
    EncounterFactory(patient=patient, practitioner=doctor.practitioner)
    Patient.objects.filter(pk=patient.pk).update(restricted=True)
    patient.refresh_from_db()
    nurse = UserFactory(role="Nurse")
    opened = access.open_chart(patient, by=nurse, reason="Called")
    access.review_access(
        opened, by=UserFactory(role="Auditor"), words="Curious", version=opened.version
    )
    told = {entry.text: entry.why for entry in entries(patient, doctor)}
    assert told["emergency access reviewed"] == ""
    assert told["restricted chart opened in an emergency"] == "Called"


def test_pages_hold_each_line_once_whatever_arrives_meanwhile(doctor: Any, client: Client) -> None:
    patient = PatientFactory()
    visits = [
        EncounterFactory(patient=patient, start=clock.now() - dt.timedelta(days=number))
        for number in range(30)
    ]
    for number in range(70):
        audit.record("encounter.change", visits[number % 30], by=doctor, fields=["location"])
    kept = {event.pk for event in AuditEvent.objects.filter(act="encounter.change")}
    steps = set(StatusPeriod.objects.values_list("pk", flat=True))
    client.force_login(doctor)
    seen: list[Entry] = []
    url: str | None = url_of(patient)
    while url:
        timeline = client.get(url).context["timeline"]
        seen += timeline.entries
        url = f"{url_of(patient)}?{timeline.older}" if timeline.older else None
        audit.record("encounter.change", visits[0], by=doctor, fields=["reason_text"])
    assert len(seen) == len(kept) + len(steps)
    assert [entry.at for entry in seen] == sorted((entry.at for entry in seen), reverse=True)
    assert not [entry for entry in seen if "reason" in entry.text]
    for text in ("acts=x&steps=y", "acts=-1", f"acts={'9' * 30}", "steps=Zg"):
        assert client.get(f"{url_of(patient)}?{text}").status_code == 200


def test_page_costs_the_same_with_many_lines(doctor: Any, client: Client) -> None:
    patient = PatientFactory()

    def work() -> None:
        visit: Encounter = EncounterFactory(patient=patient)
        # Each a press of its own.
        token = audit.origin.set(audit.Origin(None, str(visit.pk)))
        add_note(visit, by=doctor, content="Well.")
        add_diagnosis(visit, by=doctor, text="Gout")
        audit.origin.reset(token)

    work()
    client.force_login(doctor)
    client.get(url_of(patient))
    with CaptureQueriesContext(connection) as few:
        client.get(url_of(patient))
    for _each in range(SHOWN):
        work()
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(url_of(patient)).context["timeline"].entries) == SHOWN
    # Session, user, two of permissions, the login's roles; the patient, the row in the trail, the
    # banner's alerts, allergies, their absence and pregnancy; the person's entries, both streams,
    # the visits, and two kinds of names.
    assert len(few) == len(many) <= 18


def test_merged_entry_leads_to_its_survivor_and_the_patient_page_to_the_timeline(
    doctor: Any, client: Client
) -> None:
    patient = PatientFactory()
    gone = PatientFactory(merged_into=patient)
    client.force_login(doctor)
    assert client.get(url_of(gone))["Location"] == url_of(patient)
    page = client.get(reverse("records:patient_detail", args=[patient.pk])).content.decode()
    assert url_of(patient) in page
