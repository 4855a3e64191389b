"""The admin: every table opens at a constant cost, nothing is deleted, edits follow the rules."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import codes
from clinik.admin import base
from clinik.models import AuditEvent, AuditSeal, Code, CodeWord
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from clinik.session_store import Session
from encounters import lifecycle
from encounters.fields import TypedPractitioner
from encounters.models import (
    Diagnosis,
    Encounter,
    Patient,
    PatientAlert,
    PatientContact,
    PatientIdentifier,
    Practitioner,
)
from records.models import Note, Observation
from tests.admin_world import make_rows
from tests.factories import (
    AllergyFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PractitionerFactory,
    UserFactory,
)

SITE = admin.site._registry
MODELS = sorted(SITE, key=lambda model: model._meta.label_lower)
# A session's key is a password: its rows are listed and never opened.
OPENED = [model for model in MODELS if model is not Session]


@pytest.fixture
def admin_user(db: None) -> Any:
    return UserFactory(role=ADMINISTRATOR)


@pytest.fixture
def client(admin_user: Any) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


def url_of(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def filled(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """What the browser would send of the form at `url`, with `changes`."""
    form = client.get(url).context["adminform"].form
    sent: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if isinstance(value, TypedPractitioner):
            sent |= {name: value.text, f"{name}_id": value.pk}
            continue
        if value is True:
            shown: Any = "on"
        elif isinstance(value, str | list) or value is None or value is False:
            shown = value
        else:
            shown = form[name].field.widget.format_value(value)
            shown = shown[0] if isinstance(shown, list) else shown
        if shown is not None and shown is not False:
            sent[name] = shown
    return sent | changes


def test_every_model_of_the_clinic_is_there() -> None:
    from django.apps import apps

    ours = {
        model
        for app in ("clinik", "encounters", "records")
        for model in apps.get_app_config(app).get_models()
        if not model.__name__.startswith("Historical")
    }
    # The words of the code table are made from it and hold nothing of their own.
    assert ours - {CodeWord} <= set(MODELS)


def test_a_list_costs_the_same_with_1_and_with_30_rows(client: Client) -> None:
    make_rows(1)
    one = {model: _cost_of_list(model, client)[0] for model in MODELS}
    make_rows(29)
    for model in MODELS:
        queries, rows = _cost_of_list(model, client)
        assert rows >= (5 if model is Group else 20), model
        assert queries == one[model], model


def _cost_of_list(model: Any, client: Client) -> tuple[int, int]:
    """Queries and rows of a table's list, opened for the second time."""
    url = url_of(model, "changelist")
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200, model
    return len(queries), len(response.context["cl"].result_list)


def test_a_row_and_its_history_open(client: Client) -> None:
    make_rows(1)
    for model in OPENED:
        row = model._default_manager.order_by("pk").first()
        for page in ("change", "history"):
            assert client.get(url_of(model, page, row.pk)).status_code == 200, (model, page)


@pytest.mark.parametrize("text", ["9" * 40, "a\x00b", "'\"%_\\", "ann example", "1962-03-11", "٣"])
def test_a_search_for_anything_is_answered(text: str, client: Client) -> None:
    for model in MODELS:
        response = client.get(url_of(model, "changelist"), {"q": text}, follow=True)
        assert response.status_code == 200, model


def test_a_huge_page_number_or_key_is_answered(client: Client) -> None:
    for url in (
        url_of(Patient, "changelist") + "?p=" + "9" * 30,
        url_of(AuditEvent, "change", "9" * 30),
        url_of(Patient, "change", "9" * 30),
        url_of(Code, "changelist") + "?system=%00",
        url_of(Encounter, "changelist") + "?status__exact=nothing",
    ):
        assert client.get(url, follow=True).status_code == 200


def test_autocomplete_finds_people_and_holds_a_nul(client: Client) -> None:
    found = PractitionerFactory(family="Findable")
    source = {"app_label": "encounters", "model_name": "encounter", "field_name": "practitioner"}
    url = reverse("admin:autocomplete")
    rows = client.get(url, {**source, "term": "finda"}).json()["results"]
    assert [row["id"] for row in rows] == [str(found.pk)]
    assert client.get(url, {**source, "term": "a\x00b"}).status_code == 200


def test_a_count_stops_at_its_cap(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(base, "MOST_ROWS", 3)
    PractitionerFactory.create_batch(5)
    page = client.get(url_of(Practitioner, "changelist")).content.decode()
    assert "3+ practitioners" in page


def test_nothing_is_deleted(client: Client, rf: Any, admin_user: Any) -> None:
    request = rf.get("/")
    request.user = admin_user
    make_rows(1)
    for model in MODELS:
        assert not SITE[model].has_delete_permission(request), model
        assert not SITE[model].get_actions(request), model
        row = model._default_manager.order_by("pk").first()
        refused = client.post(url_of(model, "delete", row.pk), {"post": "yes"})
        assert refused.status_code == 403, model
        sent = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        client.post(url_of(model, "changelist"), sent)
        assert model._default_manager.filter(pk=row.pk).exists(), model


@pytest.mark.parametrize("role", [NURSE, CLINICIAN, FRONT_DESK])
def test_those_who_treat_have_no_admin(role: str, db: None) -> None:
    client = Client()
    client.force_login(UserFactory(role=role))
    for model in MODELS:
        response = client.get(url_of(model, "changelist"), follow=True)
        assert response.status_code == 403, model


def test_an_auditor_sees_the_trail_and_nothing_else(db: None) -> None:
    client = Client()
    client.force_login(UserFactory(role=AUDITOR))
    make_rows(1)
    seen = {model for model in MODELS if client.get(url_of(model, "changelist")).status_code == 200}
    assert seen == {AuditEvent, AuditSeal}
    row = AuditEvent.objects.all()[0]
    assert client.get(url_of(AuditEvent, "change", row.pk)).status_code == 200
    assert client.post(url_of(AuditEvent, "change", row.pk), {"act": "x"}).status_code == 403


def test_the_login_is_the_clinics_own(db: None) -> None:
    response = Client().get(reverse("admin:login"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse(settings.LOGIN_URL))


# -- editing -----------------------------------------------------------------------------------


def test_a_patient_is_changed_with_history_and_audit(client: Client, admin_user: Any) -> None:
    patient = PatientFactory(phone="1")
    url = url_of(Patient, "change", patient.pk)
    assert client.post(url, filled(client, url, phone="555 0100")).status_code == 302
    patient.refresh_from_db()
    assert (patient.phone, patient.version) == ("555 0100", 2)
    assert patient.history.first().history_user == admin_user
    event = AuditEvent.objects.filter(act="patient.change").get()
    assert (event.by, event.fields, event.patient_id) == (admin_user, ["phone"], patient.pk)


@pytest.mark.parametrize(
    ("model", "field"),
    [(PatientIdentifier, "value"), (PatientContact, "name"), (PatientAlert, "text")],
)
def test_a_number_contact_or_alert_is_corrected(
    model: Any, field: str, client: Client, admin_user: Any
) -> None:
    make_rows(1)
    row = model.objects.get()
    url = url_of(model, "change", row.pk)
    sent = filled(client, url, **{field: "Corrected"})
    other = PatientFactory()
    assert client.post(url, sent | {"patient": str(other.pk)}).status_code == 302
    fresh = model.objects.get()
    assert (getattr(fresh, field), fresh.version) == ("Corrected", row.version + 1)
    assert fresh.patient_id == row.patient_id
    assert fresh.history.first().history_user == admin_user
    event = AuditEvent.objects.get(act=f"{model._meta.model_name}.change")
    assert (event.fields, event.patient_id) == ([field], row.patient_id)
    assert client.post(url, sent | {field: "Too late"}).status_code == 200
    assert getattr(model.objects.get(), field) == "Corrected"
    patient = client.get(url_of(Patient, "change", row.patient_id)).content.decode()
    assert url in patient


def test_a_stale_save_is_refused_with_before_theirs_and_mine(client: Client) -> None:
    patient = PatientFactory(city="Before")
    url = url_of(Patient, "change", patient.pk)
    sent = filled(client, url, city="Mine")
    patient.city = "Theirs"
    patient.save()
    response = client.post(url, sent)
    page = response.content.decode()
    assert response.status_code == 200
    assert all(text in page for text in ("Before", "Theirs", "Mine", "Somebody else changed"))
    patient.refresh_from_db()
    assert patient.city == "Theirs"
    again = sent | {"version": response.context["adminform"].form["version"].value()}
    assert client.post(url, again).status_code == 302
    patient.refresh_from_db()
    assert patient.city == "Mine"


def test_what_the_verb_refuses_stands_at_its_field(client: Client) -> None:
    patient = PatientFactory()
    url = url_of(Patient, "change", patient.pk)
    response = client.post(url, filled(client, url, birth_date="2999-01-01"))
    assert "birth_date" in response.context["adminform"].form.errors
    patient.refresh_from_db()
    assert patient.version == 1


def test_a_visit_is_described_anew_but_keeps_its_status(client: Client, admin_user: Any) -> None:
    visit = EncounterFactory(type_text="Check-up", type_code="X", type_system="urn:x")
    url = url_of(Encounter, "change", visit.pk)
    sent = filled(client, url, type_text="Annual visit") | {"status": "finished"}
    assert client.post(url, sent).status_code == 302
    visit.refresh_from_db()
    assert (visit.type_text, visit.type_code, visit.status) == ("Annual visit", "", "in-progress")
    event = AuditEvent.objects.filter(act="encounter.change").get()
    assert (event.by, event.encounter_id) == (admin_user, visit.pk)


def test_a_visit_saved_unchanged_writes_nothing(client: Client) -> None:
    visit = EncounterFactory(practitioner=PractitionerFactory())
    url = url_of(Encounter, "change", visit.pk)
    assert client.post(url, filled(client, url)).status_code == 302
    visit.refresh_from_db()
    assert visit.version == 1
    assert not AuditEvent.objects.filter(act="encounter.change").exists()


def test_a_visit_leads_to_the_pages_of_its_verbs(client: Client, admin_user: Any) -> None:
    visit = EncounterFactory(status="arrived", patient=PatientFactory())
    page = client.get(url_of(Encounter, "change", visit.pk)).content.decode()
    assert "cancel" in lifecycle.allowed_verbs(visit, admin_user)
    assert reverse("encounters:encounter_cancel", args=(visit.pk,)) in page


def test_a_visit_in_error_is_not_edited(client: Client) -> None:
    visit = EncounterFactory(status="entered-in-error")
    url = url_of(Encounter, "change", visit.pk)
    assert client.get(url).status_code == 200
    assert client.post(url, {"type_text": "x", "version": 1}).status_code == 403


def test_a_diagnosis_is_changed_by_its_verb(client: Client) -> None:
    diagnosis = DiagnosisFactory()
    DiagnosisFactory(encounter=diagnosis.encounter, use="DD", rank=1)
    url = url_of(Diagnosis, "change", diagnosis.pk)
    assert client.post(url, filled(client, url, use="DD", rank=1)).status_code == 302
    ranks = Diagnosis.objects.filter(encounter=diagnosis.encounter).values_list("use", "rank")
    assert sorted(ranks) == [("DD", 1), ("DD", 2)]
    assert AuditEvent.objects.filter(act="diagnosis.change", object_id=diagnosis.pk).exists()


def test_a_practitioner_is_made_once_and_keeps_one_number(client: Client) -> None:
    url = url_of(Practitioner, "add")
    sent = filled(client, url, family="Anew", npi="1234567890")
    assert client.post(url, sent).status_code == 302
    assert client.post(url, sent).status_code == 302
    made = Practitioner.objects.get(family="Anew")
    assert made.identifiers.get().system == codes.NPI
    second = client.post(url, filled(client, url, family="Other", npi="1234567890"))
    assert "npi" in second.context["adminform"].form.errors
    change = url_of(Practitioner, "change", made.pk)
    assert client.post(change, filled(client, change, npi="1234567891")).status_code == 302
    assert made.identifiers.get().value == "1234567891"


def test_a_code_has_versions_history_and_audit(client: Client, admin_user: Any) -> None:
    add = url_of(Code, "add")
    sent = filled(client, add, system="urn:own", code="A1", display="Own tést", units="[]")
    assert client.post(add, sent).status_code == 302
    code = Code.objects.get(code="A1")
    assert code.search == "own test"
    url = url_of(Code, "change", code.pk)
    assert client.post(url, filled(client, url, display="Other", code="B")).status_code == 302
    code.refresh_from_db()
    assert (code.code, code.display, code.version) == ("A1", "Other", 2)
    assert [row.history_user for row in code.history.all()] == [admin_user, admin_user]
    page = client.get(url_of(Code, "history", code.pk)).content.decode()
    for text in ("Own tést", "Other", "<td>changed</td>"):
        assert text in page


@pytest.mark.parametrize("signed", [False, True])
def test_a_note_is_not_changed(signed: bool, client: Client) -> None:
    note = NoteFactory(signed=signed)
    url = url_of(Note, "change", note.pk)
    assert client.post(url, {"content": "Other", "version": 1}).status_code == 403
    note.refresh_from_db()
    assert note.content == "Feels well."


def test_a_record_offers_to_be_entered_in_error(client: Client) -> None:
    record = ObservationFactory()
    page = client.get(url_of(Observation, "change", record.pk)).content.decode()
    url = reverse("records:record_error", args=("observation", record.pk))
    assert url in page
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("factory", [AllergyFactory, DiagnosisFactory])
def test_an_allergy_or_diagnosis_is_entered_in_error(factory: Any, client: Client) -> None:
    row = factory()
    page = client.get(url_of(type(row), "change", row.pk)).content.decode()
    url = url_of(type(row), "error", row.pk)
    assert url in page
    assert client.post(url, {"version": 1, "reason": ""}).status_code == 200
    assert client.post(url, {"version": 9, "reason": "wrong person"}).status_code == 200
    row.refresh_from_db()
    assert row.verification == "confirmed"
    assert client.post(url, {"version": 1, "reason": "wrong person"}).status_code == 302
    row.refresh_from_db()
    assert (row.verification, row.error_reason) == ("entered-in-error", "wrong person")
    assert client.get(url).status_code == 404


# -- the trail ---------------------------------------------------------------------------------


def test_each_view_of_a_person_leaves_a_row(client: Client, admin_user: Any) -> None:
    visit = EncounterFactory()
    for page in ("change", "history"):
        client.get(url_of(Encounter, page, visit.pk))
    seen = AuditEvent.objects.filter(act="encounter.view", encounter_id=visit.pk, by=admin_user)
    assert seen.count() == 2


def test_a_search_leaves_a_row_without_its_words(client: Client) -> None:
    PatientFactory(family="Secret")
    client.get(url_of(Patient, "changelist"), {"q": "secret"})
    event = AuditEvent.objects.filter(act="patient.search").get()
    assert event.fields == ["q"]
    assert event.detail == {"found": 1}


def test_the_history_tells_who_changed_what_and_why(client: Client, admin_user: Any) -> None:
    visit = EncounterFactory(status="arrived", patient=PatientFactory())
    desk = UserFactory(role=FRONT_DESK, first_name="Dora", last_name="Desk")
    lifecycle.cancel(visit, by=desk, reason="other", text="rang", end=visit.start)
    page = client.get(url_of(Encounter, "history", visit.pk)).content.decode()
    for text in ("Dora Desk", "arrived", "cancelled", "rang"):
        assert text in page


def test_no_session_key_is_shown(client: Client) -> None:
    page = client.get(url_of(Session, "changelist")).content.decode()
    assert str(client.session.session_key) not in page
    assert client.get(url_of(Session, "change", client.session.session_key)).status_code == 403


def test_a_draft_shows_nothing_of_what_is_typed(client: Client) -> None:
    make_rows(1)
    from clinik.models import Draft

    draft = Draft.objects.get()
    for page in (url_of(Draft, "changelist"), url_of(Draft, "change", draft.pk)):
        assert "half a word" not in client.get(page).content.decode()
