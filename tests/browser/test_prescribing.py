"""A prescription in one line, at the keyboard: read back, warned of, suggested."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from clinik.roles import CLINICIAN
from records.models import Prescription
from tests.factories import AllergyFactory, EncounterFactory, PrescriptionFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_prescription_in_one_line_at_the_keyboard(page_of: Callable[..., Page]) -> None:
    doctor = UserFactory(role=CLINICIAN)
    visit = EncounterFactory(status="in-progress")
    AllergyFactory(patient=visit.patient, substance_text="Penicillin")
    name = "Amoxicillin 500 mg capsule"
    PrescriptionFactory(medication_text=name, dosage_text="1 cap po tid 7d")
    page = page_of(doctor)
    page.goto(f"/visits/{visit.pk}/")
    page.keyboard.press("p")
    expect(page.locator("[name=medication_text]")).to_be_focused()
    page.keyboard.type("amox")
    expect(page.locator(".suggestions [role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    # The suggestion brings its dosage; both parts below answer to it, and again to what is typed.
    expect(page.locator("#dosage-reading")).to_contain_text("21 capsules in all")
    expect(page.locator("#prescription-warnings")).to_contain_text("one of the penicillins")
    page.keyboard.press("Tab")
    page.keyboard.type("1 cap po bid prn 28d")
    expect(page.locator("#dosage-reading")).to_contain_text(
        "only as needed, for 28 days, at most 56"
    )
    page.keyboard.press("Tab")
    expect(page.locator("[name=override_reason]")).to_be_focused()
    page.keyboard.type("Tolerated in May")
    page.keyboard.press("Enter")
    expect(page.locator("#section-prescriptions .pill")).to_have_text("active")
    row = Prescription.objects.get(encounter=visit)
    assert (row.status, row.frequency, row.quantity) == ("active", "twice a day", "56 capsules")
