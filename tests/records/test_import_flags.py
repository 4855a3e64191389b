"""Flag (FHIR R4): an alert that came stands in the banner, and goes out as it came."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from clinik.models import ImportedResource, ImportRun
from clinik.roles import CLINICIAN, FRONT_DESK
from encounters.alerts import add_alert, end_alert
from encounters.banner import for_patient
from encounters.models import Encounter, Patient, PatientAlert
from tests.bundles import DOCTOR, PATIENT, VISIT, about, take_in, write
from tests.exports import empty_database, exported, take_in_again, the
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

FLAG = {
    "resourceType": "Flag",
    "id": "f",
    "status": "active",
    "code": {"text": "Dog at home"},
    "subject": {"reference": "Patient/p"},
}
CODED = {"coding": [{"system": "http://example.org/local", "code": "bigdog", "display": "Big dog"}]}
SAFETY = [{"coding": [{"code": "safety"}], "text": "Safety"}]


def banner() -> tuple[str, ...]:
    return for_patient(Patient.objects.get(), UserFactory(role=CLINICIAN)).alerts


def flag(**parts: Any) -> dict[str, Any]:
    return about(FLAG, **parts)


@pytest.mark.django_db(transaction=True)
def test_own_alert_comes_back_into_the_banner_and_goes_out_the_same(tmp_path: Path) -> None:
    desk = UserFactory(role=FRONT_DESK)
    patient = PatientFactory()
    add_alert(patient, by=desk, text="Falls")
    ended = add_alert(patient, by=desk, text="Isolation")
    end_alert(ended, by=desk)
    first = exported()
    empty_database()
    report = take_in_again(first, tmp_path)
    assert report.counts["Flag"] == {"created": 2}
    assert [alert.text for alert in PatientAlert.objects.in_force()] == ["Falls"]
    assert exported() == first
    again = take_in_again(first, tmp_path)
    assert again.counts["Flag"] == {"unchanged": 2}
    assert PatientAlert.objects.count() == 2


def test_foreign_flag_keeps_what_no_column_holds(tmp_path: Path) -> None:
    period = {"start": "2015-01-17", "end": "2999-12"}
    sent = flag(code=CODED, category=SAFETY, period=period, author={"display": "Dr. Brakus"})
    take_in(write(tmp_path, "a", PATIENT, sent))
    assert banner() == ("Big dog",)
    alert = PatientAlert.objects.get()
    # A period ends with the end of the month that is named.
    assert timezone.localtime(alert.end).date() == dt.date(3000, 1, 1)
    told = the("Flag", exported())
    assert told == sent


@pytest.mark.parametrize(
    "parts",
    [
        {"status": "inactive"},
        {"status": "inactive", "period": {"start": "2015-01-17"}},
        {"status": "entered-in-error"},
        {"status": "entered-in-error", "period": {"start": "2015-01-17", "end": "2999-01-01"}},
        {"status": "inactive", "period": {"start": "2015-01-17", "end": "2016-12-01"}},
    ],
)
def test_flag_that_holds_no_more_is_not_said_and_told_as_it_came(
    tmp_path: Path, parts: dict[str, Any]
) -> None:
    take_in(write(tmp_path, "a", PATIENT, flag(**parts)))
    assert banner() == ()
    assert not PatientAlert.objects.standing().exists()
    assert the("Flag", exported()) == flag(**parts)


def test_flag_that_ends_with_a_newer_import_leaves_the_banner(tmp_path: Path) -> None:
    take_in(write(tmp_path, "a", PATIENT, FLAG))
    assert banner() == ("Dog at home",)
    take_in(write(tmp_path, "b", PATIENT, flag(status="entered-in-error")))
    assert banner() == ()
    assert the("Flag", exported())["status"] == "entered-in-error"


def test_staff_end_an_alert_that_came_and_a_newer_import_is_a_conflict(tmp_path: Path) -> None:
    take_in(write(tmp_path, "a", PATIENT, flag(category=SAFETY)))
    end_alert(PatientAlert.objects.get(), by=UserFactory(role=FRONT_DESK))
    told = the("Flag", exported())
    assert (told["status"], told["category"]) == ("inactive", SAFETY)
    report = take_in(write(tmp_path, "b", PATIENT, flag(code={"text": "Two dogs"})))
    assert report.counts["Flag"] == {"conflict": 1}
    assert PatientAlert.objects.get().text == "Dog at home"


def test_flag_of_a_visit_is_said_while_the_visit_is_open(tmp_path: Path) -> None:
    visit = about(VISIT, status="in-progress", period={"start": "2025-01-15T09:00:00Z"})
    sent = flag(encounter={"reference": "Encounter/e"})
    take_in(write(tmp_path, "a", PATIENT, DOCTOR, visit, sent))
    assert banner() == ("Dog at home",)
    assert the("Flag", exported())["encounter"] == {"reference": "Encounter/e"}
    Encounter.objects.update(status="finished", end=timezone.now())
    assert banner() == ()
    assert not PatientAlert.objects.standing().exists()


def test_flag_about_no_person_is_left_out_and_one_that_says_nothing_refused(
    tmp_path: Path,
) -> None:
    ward = flag(id="w", subject={"reference": "Location/l"})
    report = take_in(write(tmp_path, "a", PATIENT, ward))
    assert report.counts["Flag"] == {"skipped": 1}
    report = take_in(write(tmp_path, "b", PATIENT, {k: v for k, v in FLAG.items() if k != "code"}))
    assert [failure.place for failure in report.failures] == ["Bundle.entry[1].resource(Flag).code"]


def test_flag_that_was_kept_whole_before_becomes_an_alert(tmp_path: Path) -> None:
    path = write(tmp_path, "a", PATIENT, FLAG)
    take_in(write(tmp_path, "p", PATIENT))
    kept = ImportedResource.objects.create(
        source="fhir", resource_type="Flag", resource_id="f", digest="0" * 64, raw=FLAG,
        patient_id=Patient.objects.get().pk, first_run=ImportRun.objects.first(),
    )  # fmt: skip
    take_in(path)
    kept.refresh_from_db()
    assert kept.row_id == PatientAlert.objects.get().pk
    assert take_in(path).counts["Flag"] == {"unchanged": 1}
    assert banner() == ("Dog at home",)
