"""The visit on paper: every row once, and only for those who may read it."""

import pytest
from django.test import Client
from django.urls import reverse

from clinik.models import AuditEvent
from clinik.roles import AUDITOR, CLINICIAN, FRONT_DESK
from encounters.models import Encounter
from records import notes
from tests.factories import (
    AllergyFactory,
    AssessmentFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PrescriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def sheet(visit: Encounter, role: str = CLINICIAN) -> str:
    client = Client()
    client.force_login(UserFactory(role=role))
    answer = client.get(reverse("records:encounter_print", args=[visit.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_row_stands_on_the_sheet_once_also_beyond_the_first_twenty() -> None:
    visit = EncounterFactory()
    for number in range(25):
        NoteFactory(encounter=visit, content=f"Note-{number:02}.")
        PrescriptionFactory(encounter=visit, medication_text=f"Drug-{number:02}.")
        DiagnosisFactory(encounter=visit, condition_text=f"Finding-{number:02}.")
        AssessmentFactory(encounter=visit, summary=f"Thought-{number:02}.")
        ObservationFactory(encounter=visit, code_code="1234-5", value=f"{number}.731")
        ObservationFactory(encounter=visit, value=f"{number}.452")
    shown = sheet(visit)
    for number in range(25):
        for word in ("Note", "Drug", "Finding", "Thought"):
            assert shown.count(f"{word}-{number:02}.") == 1, (word, number)
        assert shown.count(f">{number}.731<") == 1
        assert shown.count(f">{number}.452<") == 1


def test_the_banner_heads_each_page_and_says_the_allergies() -> None:
    visit = EncounterFactory()
    AllergyFactory(patient=visit.patient, substance_text="Latex")
    shown = sheet(visit)
    head = shown[shown.index('class="print-sheet"') : shown.index("</thead>")]
    assert visit.patient.family.upper() in head
    assert "Latex" in head


def test_a_signed_note_names_who_signed_and_a_draft_says_that_nobody_did() -> None:
    author = UserFactory(role=CLINICIAN, last_name="Signer")
    visit = EncounterFactory()
    signed = NoteFactory(
        encounter=visit, author=author.practitioner, entered_by=author, title="Signed one"
    )
    assert "draft, not signed" in sheet(visit)
    notes.sign_note(signed, by=author, version=signed.version)
    shown = sheet(visit)
    assert "draft, not signed" not in shown
    assert f"Signed by {author.practitioner}" in shown


def test_a_record_in_error_is_struck_through_not_left_out() -> None:
    visit = EncounterFactory()
    PrescriptionFactory(encounter=visit, medication_text="Wrong drug", status="entered-in-error")
    shown = sheet(visit)
    row = shown[: shown.index("Wrong drug")].rsplit("<li", 1)[1]
    assert "is-error-row" in row


def test_a_controlled_drug_prints_a_line_for_a_signature_by_hand() -> None:
    visit = EncounterFactory()
    PrescriptionFactory(encounter=visit, controlled=True)
    assert "Signature (controlled drug)" in sheet(visit)


def test_the_front_desk_prints_no_chart() -> None:
    visit = EncounterFactory(type_text="Check-up")
    NoteFactory(encounter=visit, content="Secret words")
    DiagnosisFactory(encounter=visit, condition_text="Gout")
    AllergyFactory(patient=visit.patient, substance_text="Latex")
    shown = sheet(visit, FRONT_DESK)
    assert "Check-up" in shown
    for words in ("Secret words", "Gout", "Latex"):
        assert words not in shown


def test_the_auditor_prints_nothing_and_printing_leaves_an_audit_row() -> None:
    visit = EncounterFactory()
    client = Client()
    client.force_login(UserFactory(role=AUDITOR))
    url = reverse("records:encounter_print", args=[visit.pk])
    assert client.get(url).status_code == 403
    refused = AuditEvent.objects.get(encounter_id=visit.pk)
    assert (refused.act, refused.outcome) == ("page.refused", AuditEvent.Outcome.REFUSED)
    sheet(visit)
    printed = AuditEvent.objects.filter(encounter_id=visit.pk).exclude(pk=refused.pk)
    assert printed.get().act == "encounter.print"
