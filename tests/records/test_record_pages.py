"""The add forms of the visit page: whole page without JavaScript, a fragment with htmx."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from records.models import Assessment, Note, Observation, Prescription
from tests.factories import AllergyFactory, EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def now() -> str:
    return clock.timezone.localtime(clock.now()).strftime("%Y-%m-%dT%H:%M")


FILLED: dict[str, dict[str, Any]] = {
    "vitals": {"systolic": "142", "diastolic": "91", "pulse": "72", "effective": now},
    "observation": {
        "what": "8867-4 Heart rate",
        "value": "72",
        "unit": "beats/minute",
        "status": "final",
        "effective": now,
    },
    "note": {"type": "progress-note", "title": "Visit Summary", "content": "Feels well."},
    "prescription": {
        "medication_text": "Amlodipine 5 mg",
        "priority": "routine",
        "override_reason": "Asked just now",
    },
    "assessment": {"summary": "Above the target.", "rows": "3", "finding_0": "Hypertension"},
}
MODELS: dict[str, Any] = {
    "vitals": Observation,
    "observation": Observation,
    "note": Note,
    "prescription": Prescription,
    "assessment": Assessment,
}
KINDS = list(FILLED)


@pytest.fixture
def doctor(client: Client) -> Any:
    user = UserFactory(role="Clinician")
    client.force_login(user)
    return user


def filled(kind: str, visit: Any, **changed: Any) -> dict[str, Any]:
    values = {name: value() if callable(value) else value for name, value in FILLED[kind].items()}
    return {"id": str(uuid7()), "patient": str(visit.patient_id), **values, **changed}


def url_of(kind: str, visit: Any) -> str:
    return reverse(f"records:{kind}_add", args=[visit.pk])


@pytest.mark.parametrize("kind", KINDS)
def test_form_sent_without_javascript_adds_and_leads_back(
    client: Client, doctor: Any, kind: str
) -> None:
    visit = EncounterFactory()
    response = client.post(url_of(kind, visit), filled(kind, visit))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("records:encounter_detail", args=[visit.pk]))
    row = MODELS[kind].objects.first()
    assert (row.encounter_id, row.patient_id, row.entered_by) == (
        visit.pk,
        visit.patient_id,
        doctor,
    )


@pytest.mark.parametrize("kind", ["vitals", "note", "prescription", "assessment"])
def test_form_sent_by_htmx_answers_with_its_section_alone(
    client: Client, doctor: Any, kind: str
) -> None:
    visit = EncounterFactory()
    response = client.post(url_of(kind, visit), filled(kind, visit), headers=HTMX)
    assert response.status_code == 200
    text = response.content.decode()
    assert text.lstrip().startswith("<section")
    assert 'class="section-form"' not in text


def test_vital_added_by_code_with_htmx_leads_to_the_vitals(client: Client, doctor: Any) -> None:
    visit = EncounterFactory()
    data = filled("observation", visit)
    response = client.post(url_of("observation", visit), data, headers=HTMX)
    assert response["HX-Redirect"] == reverse("records:encounter_detail", args=[visit.pk])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_form_is_shown_where_asked_for(
    client: Client, doctor: Any, kind: str, headers: dict[str, str]
) -> None:
    visit = EncounterFactory()
    text = client.get(url_of(kind, visit), headers=headers).content.decode()
    assert f'value="{visit.patient_id}"' in text
    assert 'name="id"' in text
    assert ("<html" in text) is not bool(headers)


@pytest.mark.parametrize("kind", KINDS)
def test_refused_form_keeps_what_was_typed(client: Client, doctor: Any, kind: str) -> None:
    visit = EncounterFactory()
    bad = {
        "vitals": {"systolic": "", "diastolic": "", "pulse": "999"},
        "observation": {"unit": "", "what": "8867-4"},
        "note": {"content": "", "title": "Kept title"},
        "prescription": {"medication_text": "", "dosage_text": "Kept dosage"},
        "assessment": {"summary": "", "finding_0": "Kept finding"},
    }[kind]
    response = client.post(url_of(kind, visit), filled(kind, visit, **bad), headers=HTMX)
    assert response.status_code == 422
    text = response.content.decode()
    kept = {"vitals": "999", "observation": "8867-4", "note": "Kept title"}.get(kind, "Kept ")
    assert kept in text
    assert "error-summary" in text
    assert not MODELS[kind].objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_form_sent_twice_acts_once(client: Client, doctor: Any, kind: str) -> None:
    visit = EncounterFactory()
    data = filled(kind, visit)
    first = client.post(url_of(kind, visit), data)
    made = MODELS[kind].objects.count()
    second = client.post(url_of(kind, visit), data)
    assert (first.status_code, second.status_code) == (302, 302)
    assert MODELS[kind].objects.count() == made


@pytest.mark.parametrize("kind", KINDS)
def test_form_sent_again_with_other_words_is_a_conflict(
    client: Client, doctor: Any, kind: str
) -> None:
    visit = EncounterFactory()
    data = filled(kind, visit)
    client.post(url_of(kind, visit), data)
    made = MODELS[kind].objects.count()
    name = {
        "vitals": "pulse",
        "observation": "value",
        "note": "content",
        "prescription": "medication_text",
        "assessment": "summary",
    }[kind]
    response = client.post(url_of(kind, visit), data | {name: "80"})
    assert response.status_code == 409
    assert MODELS[kind].objects.count() == made


@pytest.mark.parametrize("kind", KINDS)
def test_form_key_of_another_visit_is_not_found(client: Client, doctor: Any, kind: str) -> None:
    visit, other = EncounterFactory(), EncounterFactory()
    data = filled(kind, visit)
    client.post(url_of(kind, visit), data)
    response = client.post(url_of(kind, other), data | {"patient": str(other.patient_id)})
    assert response.status_code == 404


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", ["Front desk", "Administrator", "Auditor"])
def test_other_roles_add_nothing(client: Client, kind: str, role: str) -> None:
    client.force_login(UserFactory(role=role))
    visit = EncounterFactory()
    assert client.post(url_of(kind, visit), filled(kind, visit)).status_code == 403
    assert client.get(url_of(kind, visit)).status_code == 403
    assert not MODELS[kind].objects.exists()


def test_question_about_a_value_is_answered_by_a_tick(client: Client, doctor: Any) -> None:
    visit = EncounterFactory()
    data = filled("vitals", visit, spo2="72", pulse="98")
    asked = client.post(url_of("vitals", visit), data, headers=HTMX)
    assert asked.status_code == 422
    assert 'type="checkbox" name="confirmed"' in asked.content.decode()
    assert client.post(url_of("vitals", visit), data | {"confirmed": "on"}).status_code == 302


def test_prescription_form_shows_the_allergies(client: Client, doctor: Any) -> None:
    visit = EncounterFactory()
    text = client.get(url_of("prescription", visit)).content.decode()
    assert "Allergies: not asked yet" in text


def test_assessment_form_has_as_many_lines_as_asked_for(client: Client, doctor: Any) -> None:
    visit = EncounterFactory()
    url = url_of("assessment", visit)
    assert client.get(url).content.decode().count('name="basis_') == 3
    assert client.get(url, {"rows": "8"}).content.decode().count('name="basis_') == 8
    assert client.get(url, {"rows": "999"}).content.decode().count('name="basis_') == 50


def test_more_lines_keep_what_was_typed_and_save_nothing(client: Client, doctor: Any) -> None:
    visit = EncounterFactory()
    data = filled("assessment", visit, act="more", summary="", basis_0="two readings")
    text = client.post(url_of("assessment", visit), data, headers=HTMX).content.decode()
    assert text.count('name="basis_') == 8
    assert 'value="Hypertension"' in text
    assert 'value="two readings"' in text
    assert "error-summary" not in text
    assert f'value="{data["id"]}"' in text
    assert not Assessment.objects.exists()


def test_reason_despite_an_allergy_is_asked_for_where_one_matches(
    client: Client, doctor: Any
) -> None:
    visit = EncounterFactory()
    AllergyFactory(patient=visit.patient)
    url = url_of("prescription", visit)
    data = filled("prescription", visit, medication_text="Penicillin V", override_reason="")
    AllergyFactory(patient=visit.patient, substance_text="Latex")
    assert "allergic to" not in client.get(url).content.decode()
    refused = client.post(url, data)
    assert refused.status_code == 422
    assert "allergic to Penicillin" in refused.content.decode()
    assert client.post(url, data | {"override_reason": "Tolerated"}).status_code == 302


@pytest.mark.parametrize("kind", KINDS)
def test_visit_page_shows_the_form_that_is_asked_for(
    client: Client, doctor: Any, kind: str
) -> None:
    visit = EncounterFactory()
    page = reverse("records:encounter_detail", args=[visit.pk])
    assert 'class="section-form"' not in client.get(page).content.decode()
    text = client.get(page, {"add": kind}).content.decode()
    assert text.count('class="section-form"') == 1
    assert f'action="{url_of(kind, visit)}"' in text
