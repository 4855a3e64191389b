"""Diagnoses of a visit: added in place, changed, promoted, entered in error."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik.code_index import searchable, take_in
from clinik.codes import ICD10CM
from clinik.ids import uuid7
from clinik.models import Code
from clinik.roles import CLINICIAN, NURSE
from encounters.models import Diagnosis, Encounter
from tests.factories import DiagnosisFactory, EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return login(CLINICIAN)


def login(role: str) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def add_url(visit: Encounter) -> str:
    return reverse("encounters:diagnosis_add", args=[visit.pk])


def edit_url(row: Diagnosis) -> str:
    return reverse("encounters:diagnosis_edit", args=[row.pk])


def typed(visit: Encounter, text: str, **more: Any) -> dict[str, Any]:
    standing = {"id": str(uuid7()), "patient": str(visit.patient_id), "verification": "confirmed"}
    return {**standing, "clinical_status": "active", "condition_text": text, **more}


def test_add_takes_words_use_and_rank(client: Client) -> None:
    visit = EncounterFactory()
    sent = typed(visit, "Essential hypertension", use="AD", rank="1", onset="2019")
    response = client.post(add_url(visit), sent)
    row = Diagnosis.objects.get()
    assert response["Location"].endswith(f"/visits/{visit.pk}/#section-diagnoses")
    assert (row.encounter, row.patient) == (visit, visit.patient)
    assert (row.condition_text, row.use, row.rank) == ("Essential hypertension", "AD", 1)
    assert (row.onset.year, row.onset_precision, row.condition_system) == (2019, "year", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I10", ("I10", "")),
        ("i10", ("I10", "")),
        ("E11.9 Type 2 diabetes mellitus", ("E11.9", "Type 2 diabetes mellitus")),
        ("B12 deficiency", ("", "B12 deficiency")),
    ],
)
def test_add_reads_a_code_typed_as_the_condition(
    client: Client, text: str, expected: tuple[str, str]
) -> None:
    visit = EncounterFactory()
    client.post(add_url(visit), typed(visit, text))
    row = Diagnosis.objects.get()
    assert (row.condition_code, row.condition_text) == expected
    assert row.condition_system == (ICD10CM if expected[0] else "")


def test_add_reads_a_code_before_words_that_the_clinic_used_before(client: Client) -> None:
    DiagnosisFactory(condition_system=ICD10CM, condition_code="I10")
    visit = EncounterFactory()
    client.post(add_url(visit), typed(visit, "I10 Essential hypertension"))
    row = Diagnosis.objects.get(encounter=visit)
    assert (row.condition_code, row.condition_text) == ("I10", "Essential hypertension")


def test_add_names_a_code_of_the_table(client: Client) -> None:
    Code.objects.create(system=ICD10CM, code="E11.9", display="Type 2 diabetes mellitus")
    visit = EncounterFactory()
    client.post(add_url(visit), typed(visit, "e119"))
    row = Diagnosis.objects.get()
    assert (row.condition_code, str(row)) == ("E11.9", "Type 2 diabetes mellitus")


@pytest.mark.parametrize(
    ("status", "class_code", "use"),
    [("arrived", "AMB", "CC"), ("in-progress", "AMB", ""), ("in-progress", "IMP", "AD")],
)
def test_add_offers_the_use_that_fits(
    client: Client, status: str, class_code: str, use: str
) -> None:
    visit = EncounterFactory(status=status, class_code=class_code)
    assert client.get(add_url(visit)).context["form"]["use"].value() == use


def test_add_shows_uses_in_words(client: Client) -> None:
    page = client.get(add_url(EncounterFactory())).content.decode()
    assert "admission diagnosis" in page
    assert "chief complaint" in page


def test_add_into_a_taken_rank_pushes_the_rest_down(client: Client) -> None:
    visit = EncounterFactory()
    first = DiagnosisFactory(encounter=visit, use="AD", rank=1)
    client.post(add_url(visit), typed(visit, "Asthma", use="AD", rank="1"))
    first.refresh_from_db()
    assert first.rank == 2


def test_add_without_words_is_refused_and_keeps_the_rest(client: Client) -> None:
    visit = EncounterFactory()
    response = client.post(add_url(visit), typed(visit, "", use="DD", onset="not a day"))
    text = response.content.decode()
    assert response.status_code == 422
    assert "Say which condition it is." in text
    assert "not a day" in text
    assert not Diagnosis.objects.exists()


def test_add_refused_for_htmx_is_only_the_form(client: Client) -> None:
    visit = EncounterFactory()
    response = client.post(add_url(visit), typed(visit, ""), headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#diagnosis-form"
    assert "<html" not in response.content.decode()


def test_add_sent_twice_adds_once(client: Client) -> None:
    visit = EncounterFactory()
    sent = typed(visit, "Asthma")
    assert [client.post(add_url(visit), sent).status_code for _ in range(2)] == [302, 302]
    assert Diagnosis.objects.count() == 1


def test_add_sent_twice_with_other_words_is_refused(client: Client) -> None:
    visit = EncounterFactory()
    sent = typed(visit, "Asthma")
    client.post(add_url(visit), sent)
    response = client.post(add_url(visit), {**sent, "condition_text": "Gout"})
    assert response.status_code == 422
    assert [row.condition_text for row in Diagnosis.objects.all()] == ["Asthma"]


def test_add_with_the_key_of_another_visit_is_not_found(client: Client) -> None:
    visit = EncounterFactory()
    other = EncounterFactory(patient=visit.patient)
    sent = typed(visit, "Asthma")
    client.post(add_url(visit), sent)
    assert client.post(add_url(other), sent).status_code == 404


def test_add_to_a_visit_in_error_is_refused(client: Client) -> None:
    visit = EncounterFactory(status="entered-in-error")
    assert client.post(add_url(visit), typed(visit, "Asthma")).status_code == 409


def test_add_is_not_for_nurses() -> None:
    assert login(NURSE).get(add_url(EncounterFactory())).status_code == 403


def test_edit_changes_and_keeps_history(client: Client) -> None:
    row = DiagnosisFactory(use="AD", rank=1)
    sent = typed(row.encounter, "Secondary hypertension", version="1", use="DD", rank="2")
    assert client.post(edit_url(row), sent).status_code == 302
    row.refresh_from_db()
    assert (row.condition_text, row.use, row.rank) == ("Secondary hypertension", "DD", 2)
    assert row.history.count() == 2


def test_edit_from_an_old_version_is_refused_with_both(client: Client) -> None:
    row = DiagnosisFactory()
    client.post(edit_url(row), typed(row.encounter, "Theirs", version="1"))
    response = client.post(edit_url(row), typed(row.encounter, "Mine", version="1"))
    text = response.content.decode()
    assert response.status_code == 409
    assert "Theirs" in text
    assert "Mine" in text
    row.refresh_from_db()
    assert row.condition_text == "Theirs"


def test_edit_untouched_keeps_an_imported_code(client: Client) -> None:
    row = DiagnosisFactory(
        condition_system="http://snomed.info/sct",
        condition_code="59621000",
        condition_text="Hypertension",
    )
    sent = typed(row.encounter, "Hypertension", version="1", use="CM")
    client.post(edit_url(row), sent)
    row.refresh_from_db()
    assert (row.condition_system, row.condition_code) == ("http://snomed.info/sct", "59621000")
    assert row.use == "CM"


def test_edit_of_a_missing_row_is_not_found(client: Client) -> None:
    address = reverse("encounters:diagnosis_edit", args=[uuid.UUID(int=7)])
    assert client.get(address).status_code == 404


def test_error_needs_a_reason_and_keeps_the_row(client: Client) -> None:
    row = DiagnosisFactory()
    address = reverse("encounters:diagnosis_error", args=[row.pk])
    assert client.post(address, {"version": "1"}).status_code == 422
    assert client.post(address, {"version": "1", "reason": "Wrong row"}).status_code == 302
    row.refresh_from_db()
    assert (row.verification, row.error_reason) == ("entered-in-error", "Wrong row")


def test_promote_makes_a_problem_and_leaves_the_visits_row(client: Client) -> None:
    row = DiagnosisFactory()
    address = reverse("encounters:diagnosis_promote", args=[row.pk])
    for _press in range(2):
        assert client.post(address).status_code == 302
    problem = Diagnosis.objects.get(promoted_from=row)
    row.refresh_from_db()
    assert (problem.category, row.category) == ("problem-list-item", "encounter-diagnosis")


def test_the_visit_page_shows_the_form_in_place(client: Client) -> None:
    visit = EncounterFactory()
    page = client.get(reverse("records:encounter_detail", args=[visit.pk]) + "?add=diagnosis")
    assert 'id="diagnosis-form"' in page.content.decode()


def test_the_visit_page_of_a_nurse_shows_no_form() -> None:
    visit = EncounterFactory()
    address = reverse("records:encounter_detail", args=[visit.pk]) + "?add=diagnosis"
    assert 'id="diagnosis-form"' not in login(NURSE).get(address).content.decode()


def test_edit_of_the_words_keeps_a_code_that_cannot_be_typed(client: Client) -> None:
    row = DiagnosisFactory(
        condition_system="http://snomed.info/sct", condition_code="59621000", condition_text="Hyp"
    )
    client.post(edit_url(row), typed(row.encounter, "Hypertension", version="1"))
    row.refresh_from_db()
    assert (row.condition_code, row.condition_text) == ("59621000", "Hypertension")


def test_add_reads_a_code_in_two_parts(client: Client) -> None:
    Code.objects.create(system=ICD10CM, code="E11.9", display="Type 2 diabetes mellitus")
    visit = EncounterFactory()
    client.post(add_url(visit), typed(visit, "e11 9"))
    assert Diagnosis.objects.get().condition_code == "E11.9"


def known(code: str, display: str, *names: str) -> None:
    """A code of the table, found by its words."""
    row = Code.objects.create(
        system=ICD10CM,
        code=code,
        display=display,
        kind="code",
        search=searchable([display, *names]),
    )
    take_in(row)


def test_without_script_a_button_looks_codes_up_and_keeps_what_was_typed(client: Client) -> None:
    known("I10", "Essential (primary) hypertension", "high blood pressure")
    visit = EncounterFactory()
    sent = typed(visit, "high blood pres", use="CM", rank="2", condition_text_find="1")
    response = client.post(add_url(visit), sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="I10 Essential (primary) hypertension"' in page
    assert "Keep as words" in page
    assert not Diagnosis.objects.exists()
    choice = {
        "condition_text_choice": "I10 Essential (primary) hypertension",
        "condition_text_choice_for": "high blood pres",
    }
    client.post(add_url(visit), sent | choice)
    row = Diagnosis.objects.get()
    assert (row.condition_code, row.use, row.rank) == ("I10", "CM", 2)


def test_codes_are_found_as_suggestions_and_as_a_page(client: Client) -> None:
    known("I10", "Essential (primary) hypertension", "high blood pressure")
    known("R51.9", "Headache, unspecified")
    url = reverse("encounters:condition_find") + "?q=high+blood"
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    page = client.get(url).content.decode()
    assert "I10" in part
    assert "I10" in page
    assert "R51.9" not in part + page
    assert "<html" in page
    assert "<html" not in part
