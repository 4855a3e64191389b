"""Warnings of a prescription: the same drug, a recorded allergy, allergies not asked about."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from encounters.allergies import state_no_known_allergies
from records.drug_names import families, family_of_both, same_drug, shared
from records.drug_warnings import warnings_for
from records.models import Prescription
from records.prescriptions import add_prescription, take_step
from tests.factories import AllergyFactory, EncounterFactory, PrescriptionFactory, UserFactory


@pytest.mark.parametrize(
    ("medication", "substance", "found"),
    [
        ("Penicillin V Potassium 250 MG Oral Tablet", "Penicillin", True),
        ("PENICILLIN V", "penicillins", True),
        ("Ibuprofen 400 mg", "Ibuprofène", True),
        ("Paracetamol oral tablet", "Oral drug", False),
        ("Insulin", "Ins", False),
        ("Acetaminophen/codeine", "Codeine", True),
        ("Acetaminophen 325 mg", "paracetamol", True),
        ("Potassium chloride", "Potassium iodide", False),
    ],
)
def test_allergy_is_found_by_name(medication: str, substance: str, found: bool) -> None:
    assert bool(shared(medication, substance)) is found


@pytest.mark.parametrize(
    ("medication", "allergen", "family", "closely"),
    [
        ("Amoxicillin 500 mg capsule", "Penicillin", "penicillins", True),
        ("Amoxycillin 250 mg/5 ml", "penicillins", "penicillins", True),
        ("Piperacillin/tazobactam", "amoxicillin", "penicillins", True),
        ("Cefalexin 500 mg", "Penicillin V", "cephalosporins", False),
        ("Cephalexin", "Ceftriaxone", "cephalosporins", True),
        ("Sulfamethoxazole/trimethoprim", "Sulfa drugs", "sulfonamides", True),
        ("Sulphasalazine 500 mg", "sulphonamide", "sulfonamides", True),
        ("Co-trimoxazole 960 mg", "Sulfa", "sulfonamides", True),
        ("Naproxen 500 mg", "Ibuprofen (wheeze)", "nsaids", True),
        ("Ketorolac", "Aspirin", "nsaids", True),
        ("Clarithromycin", "macrolide antibiotics", "macrolides", True),
        ("Enalapril 5 mg", "ACE inhibitors", "ace_inhibitors", True),
        ("Morphine 10 mg", "opiates", "opioids", True),
        ("Meropenem 1 g", "Penicillin", "carbapenems", False),
    ],
)
def test_allergy_is_found_by_family(
    medication: str, allergen: str, family: str, closely: bool
) -> None:
    found = family_of_both(medication, allergen)
    assert found is not None
    assert (found[0].key, found[2]) == (family, closely)


@pytest.mark.parametrize(
    ("medication", "allergen"),
    [
        ("Paracetamol 500 mg", "Ibuprofen"),
        ("Furosemide 40 mg", "Sulfa"),
        ("Amlodipine 5 mg", "Penicillin"),
        ("Codeine 30 mg", "Face cream"),
        ("Nystatin drops", "Statins"),
        ("Aspirin 75 mg", "Oral contraceptive"),
    ],
)
def test_what_is_of_no_common_family_warns_of_nothing(medication: str, allergen: str) -> None:
    assert family_of_both(medication, allergen) is None


def test_shipped_families_name_each_related_one_and_no_drug_twice() -> None:
    known = {family.key for family in families()}
    assert len(known) >= 15
    assert all(set(family.related) <= known for family in families())
    members = [member for family in families() for member in family.members]
    assert len(members) == len(set(members))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Amlodipine 5 mg tablet", "amlodipine 10 mg", True),
        ("Albuterol inhaler", "Salbutamol 100 mcg/actuation", True),
        ("Lisinopril 10 mg", "Lisinopril/hydrochlorothiazide 10/12.5 mg", True),
        ("Metoprolol succinate 50 mg", "Sumatriptan succinate 50 mg", False),
        ("Vitamin D 1000 units", "Vitamin B12 1 mg", False),
        ("Prednisone 5 mg", "Prednisolone 5 mg", False),
    ],
)
def test_same_drug_is_told_by_its_substance(one: str, other: str, same: bool) -> None:
    assert same_drug(one, other) is same


def _asked() -> Any:
    visit = EncounterFactory()
    state_no_known_allergies(visit.patient, by=UserFactory(role="Nurse"))
    return visit


@pytest.mark.django_db
def test_same_drug_active_warns_and_one_that_is_over_or_anothers_does_not() -> None:
    visit = _asked()
    for status in ("draft", "stopped", "completed", "cancelled", "entered-in-error"):
        PrescriptionFactory(encounter=visit, patient=visit.patient, status=status)
    PrescriptionFactory(status="active")
    assert not warnings_for(visit.patient, "Amlodipine 10 mg")
    PrescriptionFactory(encounter=visit, patient=visit.patient, status="on-hold")
    assert warnings_for(visit.patient, "Amlodipine 10 mg").texts == (
        "Already prescribed: Amlodipine 5 mg, on hold.",
    )


@pytest.mark.django_db
def test_each_warning_asks_for_a_reason_and_none_blocks() -> None:
    doctor = UserFactory(role="Clinician")
    unasked, asked, allergic = EncounterFactory(), _asked(), EncounterFactory()
    PrescriptionFactory(encounter=asked, patient=asked.patient, status="active")
    AllergyFactory(patient=allergic.patient, substance_text="Penicillin")
    for visit, medication in (
        (unasked, "Amlodipine"), (asked, "Amlodipine 10 mg"), (allergic, "Amoxicillin 500 mg"),
    ):  # fmt: skip
        wanted: dict[str, Any] = {"by": doctor, "activate": True, "medication_text": medication}
        with pytest.raises(ValidationError) as refused:
            add_prescription(visit, **wanted)
        assert list(refused.value.message_dict) == ["override_reason"]
        row = add_prescription(visit, **wanted, override_reason="No other will do")
        assert (row.status, row.override_reason) == ("active", "No other will do")


@pytest.mark.django_db
def test_reason_where_nothing_warned_is_not_kept() -> None:
    row = add_prescription(
        _asked(),
        by=UserFactory(role="Clinician"),
        activate=True,
        medication_text="Amlodipine",
        override_reason="left over from another drug",
    )
    assert row.override_reason == ""


@pytest.mark.django_db
def test_draft_is_saved_without_a_reason_and_asks_when_made_active() -> None:
    doctor, visit = UserFactory(role="Clinician"), EncounterFactory()
    row = add_prescription(visit, by=doctor, medication_text="Amlodipine")
    with pytest.raises(ValidationError):
        take_step(row, "activate", by=doctor)
    assert Prescription.objects.get().status == "draft"


@pytest.mark.django_db
def test_form_shows_the_warnings_of_what_is_typed(client: Client) -> None:
    client.force_login(UserFactory(role="Nurse"))
    visit = EncounterFactory()
    AllergyFactory(patient=visit.patient, substance_text="Penicillin")
    url = reverse("records:medication_check", args=[visit.patient_id])
    shown = client.get(url, {"medication_text": "amoxicillin"}).content.decode()
    assert "one of the penicillins" in shown
    assert "penicillins" not in client.get(url, {"medication_text": "amlodipine"}).content.decode()
    form = client.get(reverse("records:prescription_add", args=[visit.pk])).content.decode()
    assert "and nothing else" in form
