"""What went out of the clinic is written down, and accounted for six years back."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinik import audit, clock
from clinik.models import AuditEvent
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from clinik.transitions import StaleVersion
from encounters import disclosures
from encounters.models import Disclosure, Patient
from tests.factories import DisclosureFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse() -> Any:
    return UserFactory(role=NURSE)


@pytest.fixture
def client(nurse: Any) -> Client:
    made = Client()
    made.force_login(nurse)
    return made


def given(patient: Patient, by: Any, **said: Any) -> Disclosure:
    values: dict[str, Any] = {
        "at": clock.now(),
        "recipient": "Example Hospital",
        "what": "Lab results",
        "purpose": "treatment",
        "means": "telephone",
    }
    return disclosures.record_disclosure(patient, by=by, **values | said)


def page_of(client: Client, patient: Patient) -> str:
    url = reverse("encounters:patient_disclosures", args=[patient.pk])
    return client.get(url).content.decode()


def test_the_accounting_says_when_to_whom_what_why_how_and_by_whom(
    nurse: Any, client: Client
) -> None:
    patient = PatientFactory()
    given(patient, nurse, recipient_address="1 Main Street", why="Referral", purpose="law")
    html = page_of(client, patient)
    for words in (
        "Example Hospital", "1 Main Street", "Lab results", "required by law or a court",
        "Referral", "by telephone", str(nurse),
    ):  # fmt: skip
        assert words in html
    event = AuditEvent.objects.get(act="disclosure.create")
    assert (event.patient_id, event.by) == (patient.pk, nurse)
    assert event.detail == {"purpose": "law", "means": "telephone"}
    # Names of fields, never what they hold.
    assert "Hospital" not in f"{event.fields} {event.reason}"


def test_it_reaches_six_years_back_and_no_further(client: Client) -> None:
    patient = PatientFactory()
    first = clock.day_start(disclosures.since())
    DisclosureFactory(patient=patient, at=first, recipient="Just within")
    DisclosureFactory(patient=patient, at=first - dt.timedelta(minutes=1), recipient="Long ago")
    DisclosureFactory(recipient="Of somebody else")
    html = page_of(client, patient)
    assert "Just within" in html
    assert "Long ago" not in html
    assert "Of somebody else" not in html


def test_a_merged_entrys_disclosures_are_the_survivors(client: Client) -> None:
    kept, gone = PatientFactory(), PatientFactory()
    DisclosureFactory(patient=gone, recipient="Of the other entry")
    Patient.objects.filter(pk=gone.pk).update(merged_into=kept)
    assert "Of the other entry" in page_of(client, kept)


def test_a_print_or_export_made_here_can_be_named_and_no_other(nurse: Any, client: Client) -> None:
    patient, other = PatientFactory(), PatientFactory()
    printed = audit.record("patient.print", patient, by=nurse, action="R")
    viewed = audit.record_view(patient, by=nurse)
    elsewhere = audit.record("patient.print", other, by=nurse, action="R")
    assert [key for key, _words in disclosures.offered(patient)] == [printed.pk]
    form = client.get(reverse("encounters:disclosure_add", args=[patient.pk]))
    assert f'value="{printed.pk}"' in form.content.decode()
    assert given(patient, nurse, event=printed.pk).event == printed.pk
    assert f"event {printed.pk}" in page_of(client, patient)
    for event in (viewed, elsewhere):
        with pytest.raises(ValidationError, match="no print or export"):
            given(patient, nurse, event=event.pk)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"recipient": " "}, "recipient"),
        ({"what": ""}, "what"),
        ({"purpose": "other"}, "why"),
        ({"at": dt.datetime(2999, 1, 1, tzinfo=dt.UTC)}, "at"),
    ],
)
def test_what_is_missing_is_asked_for(said: dict[str, Any], field: str, nurse: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        given(PatientFactory(), nurse, **said)
    assert field in caught.value.message_dict
    assert not Disclosure.objects.exists()


def test_a_wrong_one_is_kept_and_accounted_for_no_more(nurse: Any, client: Client) -> None:
    row = given(PatientFactory(), nurse, recipient="Wrong Hospital")
    with pytest.raises(StaleVersion):
        disclosures.enter_disclosure_in_error(row, by=nurse, reason="Wrong", version=7)
    disclosures.enter_disclosure_in_error(row, by=nurse, reason="Never sent", version=1)
    url = reverse("encounters:patient_disclosures", args=[row.patient_id])
    page = client.get(url)
    assert page.context["rows"] == []
    assert "Never sent" in page.content.decode()
    with pytest.raises(ValidationError):
        disclosures.enter_disclosure_in_error(row, by=nurse, reason="Again", version=2)


def test_only_who_sees_the_chart_writes_one_down() -> None:
    patient = PatientFactory(restricted=True)
    for role in (FRONT_DESK, CLINICIAN):
        with pytest.raises(PermissionDenied):
            given(patient, UserFactory(role=role))


def test_the_database_keeps_what_was_said(nurse: Any) -> None:
    row = given(PatientFactory(), nurse)
    for change in ({"recipient": "Else"}, {"what": "Else"}, {"at": clock.now()}, {"event": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Disclosure.objects.filter(pk=row.pk).update(**change)
