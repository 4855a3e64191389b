"""Assessments: summary, findings with what they rest on, and the one before."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik.codes import ICD10CM
from clinik.ids import uuid7
from clinik.models import Code
from records.assessments import FindingText, add_assessment, last_assessment
from records.errors import enter_record_in_error
from records.models import Assessment, Finding
from records.sections import AssessmentsSection
from tests.factories import AssessmentFactory, EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role="Clinician")


def assess(by: Any, visit: Any = None, **values: Any) -> Assessment:
    return add_assessment(visit or EncounterFactory(), by=by, **{"summary": "Stable.", **values})


def test_assessment_keeps_its_findings_in_order(doctor: Any) -> None:
    row = assess(doctor, findings=[FindingText("Oedema", "both ankles"), FindingText("Murmur")])
    assert [(f.finding_text, f.basis) for f in row.findings.all()] == [
        ("Oedema", "both ankles"),
        ("Murmur", ""),
    ]
    assert row.status == "completed"


def test_empty_lines_are_no_findings(doctor: Any) -> None:
    row = assess(doctor, findings=[FindingText(" "), FindingText("Murmur")])
    assert row.findings.count() == 1


def test_summary_is_required_and_limited(doctor: Any) -> None:
    for summary in (" ", "x" * 5001):
        with pytest.raises(ValidationError) as refused:
            assess(doctor, summary=summary)
        assert list(refused.value.message_dict) == ["summary"]
    assert assess(doctor, summary="x" * 5000)


def test_fifty_findings_are_taken_and_one_more_is_not(doctor: Any) -> None:
    assert assess(doctor, findings=[FindingText("a")] * 50).findings.count() == 50
    with pytest.raises(ValidationError):
        assess(doctor, findings=[FindingText("a")] * 51)


def test_basis_without_a_finding_is_refused_and_nothing_is_saved(doctor: Any) -> None:
    with pytest.raises(ValidationError):
        assess(doctor, findings=[FindingText("", "both ankles")])
    assert not Assessment.objects.exists()
    assert not Finding.objects.exists()


def test_previous_of_another_patient_is_refused(doctor: Any) -> None:
    with pytest.raises(ValidationError):
        assess(doctor, previous=AssessmentFactory())


@pytest.mark.parametrize("role", ["Nurse", "Administrator", "Front desk"])
def test_only_clinicians_assess(role: str) -> None:
    with pytest.raises(PermissionDenied):
        assess(UserFactory(role=role))


def test_last_one_is_the_patients_newest_that_counts(doctor: Any) -> None:
    patient = PatientFactory()
    visit = EncounterFactory(patient=patient)
    AssessmentFactory()
    first = assess(doctor, visit)
    second = assess(doctor, EncounterFactory(patient=patient))
    assert last_assessment(visit) == second
    enter_record_in_error(second, by=doctor, reason="Wrong patient")
    assert last_assessment(visit) == first


def test_section_costs_the_same_for_one_row_and_for_many(
    doctor: Any, django_assert_num_queries: Any
) -> None:
    """Assessments with authors and the one before; their findings."""
    visit = EncounterFactory()
    for _turn in range(6):
        assess(doctor, visit, id=uuid7(), findings=[FindingText("a")])
    doctor.has_perm("records.add_assessment")
    with django_assert_num_queries(2):
        section = AssessmentsSection.load(visit, doctor)
        assert [len(row.record.findings.all()) for row in section.rows] == [1] * 6


def test_finding_with_a_code_keeps_it(client: Client, doctor: Any) -> None:
    Code.objects.create(system=ICD10CM, code="I10", display="Essential (primary) hypertension")
    client.force_login(doctor)
    visit = EncounterFactory()
    url = reverse("records:assessment_add", args=[visit.pk])
    data = {
        "id": str(uuid7()),
        "patient": str(visit.patient_id),
        "summary": "Above the target.",
        "rows": "3",
        "finding_0": "I10",
        "basis_0": "two readings",
        "finding_1": "tired",
    }
    assert client.post(url, data).status_code == 302
    first, second = Assessment.objects.get().findings.all()
    assert (first.finding_system, first.finding_code) == (ICD10CM, "I10")
    assert (str(first), first.basis) == ("Essential (primary) hypertension", "two readings")
    assert (second.finding_code, second.finding_text) == ("", "tired")
    page = client.get(reverse("records:encounter_detail", args=[visit.pk])).content.decode()
    assert '<span class="item-code">I10</span>' in page
