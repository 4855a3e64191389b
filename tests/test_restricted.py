"""A restricted chart is closed to all but the team: on every page, in every list, by every verb.

One patient's chart is filled with words that stand nowhere else; then somebody who may see charts,
but not this one, asks for every URL there is.
"""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent, ImportedResource
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters import access
from encounters.models import Allergy, Diagnosis, EmergencyAccess, Encounter, Patient
from encounters.models.closed import closed_to
from records.models import Note, Observation, Prescription
from tests.factories import (
    AllergyFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PrescriptionFactory,
    UserFactory,
)
from tests.page_forms import state
from tests.test_front_desk_sees_no_chart import WORDS
from tests.test_front_desk_sees_no_chart import world as rich_world  # noqa: F401
from tests.test_permissions import _own, url_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient() -> Patient:
    made = PatientFactory(family="Quiet")
    Patient.objects.filter(pk=made.pk).update(restricted=True)
    made.refresh_from_db()
    return made


def client_of(role: str, **fields: Any) -> tuple[Client, Any]:
    client, user = Client(), UserFactory(role=role, **fields)
    client.force_login(user)
    return client, user


@pytest.mark.parametrize("role", [CLINICIAN, ADMINISTRATOR])
def test_no_page_shows_a_closed_chart(role: str, rich_world: dict[str, Any]) -> None:  # noqa: F811
    person = rich_world["made"]["patient"]
    rich_world["other_pk"] = PatientFactory().pk
    Patient.objects.filter(pk=person.pk).update(restricted=True)
    client, user = client_of(role)
    before = state()
    for name, pattern in sorted(_own().items()):
        if name == "encounters:patient_access" or not set(pattern.pattern.converters):
            methods: tuple[str, ...] = ("get",)
        else:
            methods = ("get", "post")
        # The clinic's drugs are offered by name, whoever took them.
        if name.startswith("encounters:access_") or name == "records:medication_find":
            continue
        url = url_of(name, pattern, rich_world)
        for method in methods:
            for headers in ({}, {"HX-Request": "true"}) if method == "get" else ({},):
                response = getattr(client, method)(url, headers=headers)
                body = b"".join(response) if response.streaming else response.content
                text = body.decode()
                shown = {kind for kind, word in WORDS.items() if word in text}
                assert not shown, (name, method, headers, shown)
                if "<uuid:" in str(pattern.pattern) and "template" not in name:
                    opens = response.status_code == 302 and "/access/" in response["Location"]
                    assert (
                        opens
                        or response.status_code in (403, 404, 405)
                        # What lists say, and who looked: nothing of the chart.
                        or name in ("encounters:patient_access", "encounters:patient_trail")
                    ), (name, method, response.status_code)
    assert state() == before
    assert AuditEvent.objects.filter(by=user, act="page.refused", patient_id=person.pk).exists()


def test_the_team_opens_what_others_do_not(patient: Patient) -> None:
    visit = EncounterFactory(patient=patient)
    outside, stranger = client_of(CLINICIAN)
    page = reverse("records:patient_detail", args=[patient.pk])
    asks = reverse("encounters:patient_access", args=[patient.pk])
    assert outside.get(page)["Location"].startswith(asks)

    own, treating = client_of(CLINICIAN)
    Encounter.objects.filter(pk=visit.pk).update(practitioner=treating.practitioner)
    helper, helping = client_of(NURSE)
    visit.participants.create(practitioner=helping.practitioner, role_code="ATND")
    family, general = client_of(CLINICIAN)
    Patient.objects.filter(pk=patient.pk).update(general_practitioner=general.practitioner)
    for client in (own, helper, family):
        assert client.get(page).status_code == 200
    for status in ("cancelled", "entered-in-error"):
        about = {"cancel_reason": "patient", "error_about": "opened-twice"}
        Encounter.objects.filter(pk=visit.pk).update(status=status, end=clock.now(), **about)
        assert own.get(page).status_code == helper.get(page).status_code == 302
    # A login that is nobody's: no practitioner of null opens it.
    _client, admin = client_of(ADMINISTRATOR)
    assert list(closed_to(admin)) == [{"pk": patient.pk}]
    assert stranger.pk


def test_breaking_the_glass_opens_one_chart_to_one_user_for_an_hour(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = PatientFactory(family="Second")
    Patient.objects.filter(pk=other.pk).update(restricted=True)
    client, user = client_of(NURSE)
    colleague, _user = client_of(NURSE)
    page = reverse("records:patient_detail", args=[patient.pk])
    asks = client.get(page, follow=True)
    text = asks.content.decode()
    assert "QUIET" in text
    key = asks.context["form"]["id"].value()
    form = {"id": key, "patient": str(patient.pk), "next": page}
    sent_to = reverse("encounters:patient_access", args=[patient.pk])
    assert client.post(sent_to, form).status_code == 422
    assert not EmergencyAccess.objects.exists()
    done = client.post(sent_to, form | {"reason": "Collapsed"})
    assert (done.status_code, done["Location"]) == (302, page)
    assert client.get(page).status_code == 200
    assert client.get(reverse("records:patient_detail", args=[other.pk])).status_code == 302
    assert colleague.get(page).status_code == 302
    event = AuditEvent.objects.get(act="patient.break_glass")
    assert (event.by, event.patient_id, event.reason) == (user, patient.pk, "Collapsed")
    later = clock.now() + dt.timedelta(minutes=60, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert closed_to(user).filter(pk=patient.pk).exists()
    assert not Patient.objects.visible_to(user).filter(pk=patient.pk).exists()


def test_a_grant_on_one_entry_opens_the_whole_person(patient: Patient) -> None:
    old = PatientFactory(merged_into=patient)
    Patient.objects.filter(pk=old.pk).update(restricted=True)
    _client, user = client_of(NURSE)
    assert closed_to(user).count() == 2
    assert not Patient.objects.visible_to(user).exists()
    access.open_chart(Patient.objects.get(pk=old.pk), by=user, reason="Called")
    assert EmergencyAccess.objects.get().patient == patient
    assert not closed_to(user).exists()
    assert Patient.objects.visible_to(user).count() == 2
    _other, seen_before = client_of(CLINICIAN)
    EncounterFactory(patient=old, practitioner=seen_before.practitioner)
    assert not closed_to(seen_before).exists()


def test_rows_of_a_closed_chart_are_in_no_list(patient: Patient) -> None:
    visit = EncounterFactory(patient=patient, reason_text="Cough")
    made = [
        factory(encounter=visit, patient=patient)
        for factory in (DiagnosisFactory, NoteFactory, PrescriptionFactory, ObservationFactory)
    ]
    made.append(AllergyFactory(patient=patient))
    client, user = client_of(CLINICIAN)
    for model in (Diagnosis, Note, Prescription, Observation, Allergy, Encounter, Patient):
        assert not model.objects.visible_to(user).exists(), model
    assert len(made) == 5
    visits = reverse("encounters:encounter_list")
    assert "QUIET" in client.get(visits).content.decode()
    assert "hypertension" not in client.get(visits).content.decode()
    assert "QUIET" not in client.get(f"{visits}?diagnosis=hypertension").content.decode()
    answer: Any = client.get(reverse("encounters:encounter_csv"))
    sheet = b"".join(answer.streaming_content).decode()
    assert "QUIET" in sheet
    assert "hypertension" not in sheet


def test_the_desk_goes_on_and_a_nurse_checks_in_for_it(patient: Patient) -> None:
    planned = EncounterFactory(patient=patient, status="planned")
    desk, _user = client_of(FRONT_DESK)
    assert desk.get(reverse("records:patient_detail", args=[patient.pk])).status_code == 200
    assert desk.get(reverse("records:encounter_detail", args=[planned.pk])).status_code == 200
    nurse, _user = client_of(NURSE)
    board = nurse.get(reverse("records:board_today")).content.decode()
    assert "QUIET" in board
    assert "restricted" in board
    url = reverse("encounters:encounter_step", args=[planned.pk, "arrive"])
    sent = {"version": planned.version, "patient": patient.pk, "next": "/"}
    assert nurse.post(url, sent)["Location"] == "/"
    planned.refresh_from_db()
    assert planned.status == "arrived"
    # And no further.
    start = reverse("encounters:encounter_step", args=[planned.pk, "start"])
    sent["version"] = planned.version
    refused = nurse.post(start, sent)
    assert refused.status_code == 404
    assert "Nothing was saved" in refused.content.decode()


def test_what_waits_for_somebody_stays_in_to_do_without_its_words(patient: Patient) -> None:
    client, user = client_of(CLINICIAN)
    visit = EncounterFactory(patient=patient)
    NoteFactory(encounter=visit, author=user.practitioner, title="Zebratitle")
    PrescriptionFactory(
        encounter=visit, author=user.practitioner, medication_text="Zebrapills", status="draft"
    )
    ObservationFactory(
        encounter=visit, code_code="2823-3", code_display="Zebrasalt", interpretation="HH"
    )
    text = client.get(reverse("records:todo_list")).content.decode()
    assert "Zebra" not in text
    assert text.count("restricted chart") == 3


def test_the_check_adds_no_query_for_any_number_of_rows(patient: Patient) -> None:
    client, _user = client_of(CLINICIAN)
    url = reverse("encounters:encounter_list")
    client.get(url)
    counted = []
    for number in (1, 8):
        for _each in range(number):
            person = PatientFactory()
            Patient.objects.filter(pk=person.pk).update(restricted=True)
            EncounterFactory(patient=person)
        for page in (url, reverse("records:board_today")):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(page)
            counted.append(len(queries))
    assert counted[:2] == counted[2:]


def test_the_admin_opens_no_closed_chart(patient: Patient) -> None:
    visit = EncounterFactory(patient=patient)
    note = NoteFactory(encounter=visit, patient=patient, content="Zebranote")
    kept = ImportedResource.objects.create(
        source="old", resource_type="Observation", resource_id="1", digest="x",
        row_model="records.note", row_id=note.pk, raw={"note": "Zebraraw"},
    )  # fmt: skip
    client, user = client_of(ADMINISTRATOR, is_staff=True)
    rows: list[tuple[str, Any]] = [("encounters_patient", patient), ("encounters_encounter", visit)]
    rows += [("records_note", note), ("clinik_importedresource", kept)]
    for name, row in rows:
        for page in ("change", "history"):
            url = reverse(f"admin:{name}_{page}", args=[row.pk])
            answer = client.get(url)
            assert answer.status_code in (302, 404), url
    assert "Zebra" not in client.get(reverse("admin:records_note_changelist")).content.decode()
    access.open_chart(patient, by=user, reason="Called")
    for name, row in rows:
        assert client.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200


def test_restricting_is_for_clinicians_and_administrators_and_lifting_for_who_has_it_open(
    patient: Patient,
) -> None:
    _client, nurse = client_of(NURSE)
    with pytest.raises(PermissionDenied):
        access.restrict(PatientFactory(), by=nurse, version=1, restricted=True, reason="No")
    client, admin = client_of(ADMINISTRATOR)
    with pytest.raises(PermissionDenied):
        access.restrict(patient, by=admin, version=1, restricted=False, reason="Curious")
    with pytest.raises(ValidationError):
        access.open_chart(patient, by=admin, reason=" ")
    access.open_chart(patient, by=admin, reason="The patient asks to")
    old = PatientFactory(merged_into=patient)
    Patient.objects.filter(pk=old.pk).update(restricted=True)
    url = reverse("encounters:patient_restrict", args=[patient.pk])
    form = client.get(url).context["form"]
    names = ("patient", "version", "wanted")
    sent = {name: form[name].value() for name in names} | {"reason": "Asked"}
    assert client.post(url, sent).status_code == 302
    assert not Patient.objects.filter(restricted=True).exists()
    last = patient.history.first()
    assert (last.restricted, last.history_user, last.history_change_reason) == (
        False, admin, "Asked",
    )  # fmt: skip
    assert AuditEvent.objects.filter(act="patient.unrestrict", reason="Asked").count() == 2


def test_the_reviewer_sees_what_was_read_and_says_what_came_of_it(patient: Patient) -> None:
    nurse, user = client_of(NURSE)
    access.open_chart(patient, by=user, reason="Collapsed")
    nurse.get(reverse("records:patient_detail", args=[patient.pk]))
    client, auditor = client_of(AUDITOR)
    queue = client.get(reverse("encounters:access_list")).content.decode()
    assert "QUIET" in queue
    assert "Collapsed" in queue
    opened = EmergencyAccess.objects.get()
    url = reverse("encounters:access_review", args=[opened.pk])
    page = client.get(url)
    assert [(line.what, line.kind) for line in page.context["lines"]] == [
        ("restricted chart opened in an emergency", "emergency access"),
        ("viewed", "patient"),
    ]
    sent = {"patient": patient.pk, "version": opened.version, "review": ""}
    assert client.post(url, sent).status_code == 422
    assert client.post(url, sent | {"review": "Justified"}).status_code == 302
    opened.refresh_from_db()
    assert (opened.review, opened.reviewed_by) == ("Justified", auditor)
    assert "QUIET" not in client.get(reverse("encounters:access_list")).content.decode()
    assert (
        "Justified"
        in client.get(f"{reverse('encounters:access_list')}?reviewed=1").content.decode()
    )
    with pytest.raises(ValidationError):
        access.review_access(opened, by=auditor, words="Again", version=opened.version)


def test_the_queue_is_walked_by_place_while_it_is_worked_off(patient: Patient) -> None:
    """Sixty wait; what is reviewed meanwhile makes none of the others slip from the pages."""
    _client, nurse = client_of(NURSE)
    begun = clock.now() - dt.timedelta(days=2)
    made = [
        EmergencyAccess.objects.create(
            user=nurse, patient=patient, reason=f"Call {number}", start=at, until=at + access.LASTS
        )
        for number in range(60)
        for at in [begun + dt.timedelta(minutes=number // 2)]
    ]
    made.sort(key=lambda row: (row.start, row.pk))
    client, auditor = client_of(AUDITOR)
    url = reverse("encounters:access_list")
    first = client.get(url).context["page"]
    for row in first.rows[:20]:
        access.review_access(row, by=auditor, words="Seen", version=row.version)
    with CaptureQueriesContext(connection) as few:
        second = client.get(f"{url}?at={first.next}").context["page"]
    assert [row.pk for row in (*first.rows, *second.rows)] == [row.pk for row in made]
    assert second.next is None
    back = client.get(f"{url}?at={second.previous}").context["page"]
    assert [row.pk for row in back.rows] == [row.pk for row in made[20:50]]
    with CaptureQueriesContext(connection) as many:
        done = client.get(f"{url}?reviewed=1").context["page"]
    assert [row.pk for row in done.rows] == [row.pk for row in made[19::-1]]
    assert len(few) == len(many)


def test_nobody_reviews_their_own_access(patient: Patient) -> None:
    from django.contrib.auth.models import Group

    _client, user = client_of(NURSE)
    opened = access.open_chart(patient, by=user, reason="Called")
    user.groups.add(Group.objects.get(name=AUDITOR))
    both = type(user).objects.get(pk=user.pk)
    with pytest.raises(PermissionDenied):
        access.review_access(opened, by=both, words="Fine", version=1)


def test_every_table_of_charts_is_closed(patient: Patient) -> None:
    """A new kind of record cannot forget it: its queryset's visible_to leaves closed charts out."""
    from django.apps import apps

    _client, user = client_of(CLINICIAN)
    for label in ("encounters", "records"):
        for model in apps.get_app_config(label).get_models():
            queryset: Any = model._default_manager.all()
            if hasattr(queryset, "visible_to") and hasattr(model, "patient"):
                assert "restricted" in str(queryset.visible_to(user).query), model
