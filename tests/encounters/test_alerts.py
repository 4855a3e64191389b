"""Alerts: what everybody must know about a patient, said and ended on the clinic's pages."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.models import AuditEvent, User
from clinik.roles import ADMINISTRATOR, AUDITOR, FRONT_DESK
from encounters.alerts import add_alert, end_alert
from encounters.banner import for_patient
from encounters.models import Patient, PatientAlert
from encounters.patients import change_line
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def desk() -> User:
    return UserFactory(role=FRONT_DESK, first_name="Ada", last_name="Desk")


@pytest.fixture
def page(client: Client, desk: User) -> Client:
    client.force_login(desk)
    return client


@pytest.fixture
def patient() -> Patient:
    return PatientFactory()


def sent(patient: Patient, **changes: Any) -> dict[str, Any]:
    return {"id": str(uuid7()), "patient": str(patient.pk), "text": "Bites", **changes}


def local(moment: dt.datetime) -> str:
    return clock.timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def shown(page: Client, patient: Patient) -> str:
    answer = page.get(reverse("records:patient_detail", args=[patient.pk]))
    return answer.content.decode().partition('id="section-alerts"')[2].partition("</section>")[0]


def test_an_alert_is_added_at_the_desk_with_who_and_stands_in_the_banner(
    page: Client, desk: User, patient: Patient
) -> None:
    assert "None." in shown(page, patient)
    answer = page.post(reverse("encounters:alert_add", args=[patient.pk]), sent(patient))
    assert answer["Location"] == reverse("records:patient_detail", args=[patient.pk])
    alert = PatientAlert.objects.get()
    assert (alert.patient, alert.by, alert.end) == (patient, desk, None)
    assert alert.history.get().history_user == desk
    event = AuditEvent.objects.get(act="alert.create")
    assert (event.patient_id, event.by) == (patient.pk, desk)
    assert "Bites" in shown(page, patient)
    assert "Ada Desk" in shown(page, patient)
    assert for_patient(patient, desk).alerts == ("Bites",)


def test_an_ended_alert_leaves_banner_and_page_and_stays_in_the_table(
    page: Client, desk: User, patient: Patient
) -> None:
    alert = add_alert(patient, by=desk, text="Bites")
    url = reverse("encounters:alert_end", args=[alert.pk])
    assert "Bites" in page.get(url).content.decode()
    assert for_patient(patient, desk).alerts == ("Bites",)
    answer = page.post(url, {"patient": patient.pk, "version": 1}, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert 'id="section-alerts"' in html
    assert "hx-swap-oob" in html
    assert "Bites" not in html
    alert.refresh_from_db()
    assert alert.end is not None
    assert AuditEvent.objects.get(act="alert.end").by == desk
    assert for_patient(patient, desk).alerts == ()


def test_an_alert_to_come_is_listed_but_not_yet_in_the_banner_and_never_begins_once_ended(
    page: Client, desk: User, patient: Patient
) -> None:
    start = local(clock.now() + DAY)
    url = reverse("encounters:alert_add", args=[patient.pk])
    assert page.post(url, sent(patient, start=start)).status_code == 302
    assert "to come" in shown(page, patient)
    assert for_patient(patient, desk).alerts == ()
    ended = end_alert(PatientAlert.objects.get(), by=desk, version=1)
    assert ended.end == ended.start
    assert "Bites" not in shown(page, patient)


def test_an_alert_that_would_never_hold_is_refused(page: Client, patient: Patient) -> None:
    url = reverse("encounters:alert_add", args=[patient.pk])
    wrong: tuple[dict[str, str], ...] = (
        {"end": local(clock.now() - DAY)},
        {"start": local(clock.now() + 2 * DAY), "end": local(clock.now() + DAY)},
        {"text": "   "},
        {"text": "x" * 301},
        {"text": "a\0b"},
    )
    for values in wrong:
        assert page.post(url, sent(patient, **values)).status_code == 422, values
    assert not PatientAlert.objects.exists()
    with pytest.raises(ValidationError):
        add_alert(patient, by=UserFactory(role=FRONT_DESK), text=" ")


def test_an_alert_of_a_merged_entry_is_the_persons(page: Client, patient: Patient) -> None:
    old = PatientFactory()
    alert = add_alert(old, by=UserFactory(role=FRONT_DESK), text="Deaf in one ear")
    Patient.objects.filter(pk=old.pk).update(merged_into=patient)
    assert "Deaf in one ear" in shown(page, patient)
    ending = reverse("encounters:alert_end", args=[alert.pk])
    answer = page.post(ending, {"patient": str(old.pk), "version": "1"})
    assert answer["Location"] == reverse("records:patient_detail", args=[patient.pk])
    assert "Deaf" not in shown(page, patient)


def test_an_alert_of_the_front_desk_is_corrected_in_the_admin(desk: User, patient: Patient) -> None:
    alert = add_alert(patient, by=desk, text="Bits")
    admin = UserFactory(role=ADMINISTRATOR)
    changed = change_line(alert, by=admin, version=alert.version, text="Bites")
    assert (changed.text, changed.by) == ("Bites", desk)


def test_who_writes_nothing_adds_no_alert_and_ends_none(desk: User, patient: Patient) -> None:
    auditor = UserFactory(role=AUDITOR)
    alert = add_alert(patient, by=desk, text="Bites")
    with pytest.raises(PermissionDenied):
        add_alert(patient, by=auditor, text="Bites")
    with pytest.raises(PermissionDenied):
        end_alert(alert, by=auditor)
