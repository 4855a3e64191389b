"""What was refused is in the trail: by which page, to whom, about whom, from where."""

import io
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from clinik import roles
from clinik.models import AuditEvent, User
from clinik.roles import ADMINISTRATOR, AUDITOR, FRONT_DESK, NURSE
from tests.factories import EncounterFactory, NoteFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

Outcome = AuditEvent.Outcome


def logged_in(role: str) -> tuple[Client, Any]:
    client, user = Client(REMOTE_ADDR="192.0.2.9"), UserFactory(role=role)
    client.force_login(user)
    return client, user


def refused(user: Any) -> AuditEvent:
    return AuditEvent.objects.get(outcome=Outcome.REFUSED, by=user)


def test_page_of_another_role_is_refused_and_written_down() -> None:
    client, user = logged_in(FRONT_DESK)
    visit = EncounterFactory()
    url = reverse("records:vitals_add", args=[visit.pk])
    assert client.get(url).status_code in (403, 404)
    event = refused(user)
    assert (event.act, event.action, event.role) == ("page.refused", "R", FRONT_DESK)
    assert event.encounter_id == visit.pk
    assert event.address == "192.0.2.9"
    assert event.request_id
    assert event.detail["page"] == "records:vitals_add"


def test_row_that_may_not_be_seen_is_refused_like_one_that_is_not_there() -> None:
    client, user = logged_in(AUDITOR)
    note, nowhere = NoteFactory(), uuid.uuid4()
    for pk in (note.pk, nowhere):
        url = reverse("records:note_edit", args=[pk])
        assert client.post(url).status_code in (403, 404)
    found = AuditEvent.objects.filter(outcome=Outcome.REFUSED, by=user)
    assert {event.object_id for event in found} == {str(note.pk), str(nowhere)}
    assert {event.action for event in found} == {"E"}


def test_refusal_about_a_patient_names_the_patient() -> None:
    client, user = logged_in(NURSE)
    nobody = uuid.uuid4()
    assert client.get(reverse("records:patient_detail", args=[nobody])).status_code == 404
    assert refused(user).patient_id == nobody


def test_admin_refuses_in_the_trail_too() -> None:
    client, user = logged_in(AUDITOR)
    assert client.get(reverse("admin:encounters_encounter_changelist")).status_code == 403
    assert refused(user).detail["page"] == "admin:encounters_encounter_changelist"


def test_address_that_is_no_page_and_strangers_leave_nothing() -> None:
    client, _user = logged_in(NURSE)
    client.get("/no-such-page/")
    Client().get(reverse("records:board_today"))
    assert not AuditEvent.objects.exclude(outcome=Outcome.SUCCESS).exists()


def test_page_that_fails_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    client, user = logged_in(NURSE)
    client.raise_request_exception = False

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("records.views.patient.load_patient_page", broken, raising=False)
    monkeypatch.setattr("records.views.patient.audit.record_view", broken)
    url = reverse("records:patient_detail", args=[PatientFactory().pk])
    assert client.get(url).status_code == 500
    event = AuditEvent.objects.get(outcome=Outcome.FAILED)
    assert (event.act, event.by) == ("page.failed", user)


def test_wrong_password_is_a_refusal(client: Client) -> None:
    user = UserFactory(role=NURSE, password="correct horse battery")
    client.post(reverse("account_login"), {"login": user.username, "password": "wrong horse"})
    event = AuditEvent.objects.get(act="user.log_in_failed")
    assert (event.outcome, event.object_id) == (Outcome.REFUSED, str(user.pk))


def test_refused_act_is_no_act_of_the_visits_timeline() -> None:
    desk, _user = logged_in(FRONT_DESK)
    visit = EncounterFactory()
    desk.post(reverse("records:vitals_add", args=[visit.pk]))
    doctor, _user = logged_in(NURSE)
    page = doctor.get(reverse("records:encounter_detail", args=[visit.pk]))
    assert page.status_code == 200
    assert "refused" not in page.content.decode().partition('id="section-timeline"')[2]


def test_release_that_changes_a_role_leaves_it_in_the_trail() -> None:
    roles.sync_after_migrate()
    assert not AuditEvent.objects.filter(act="role.change").exists()
    group = Group.objects.get(name=ADMINISTRATOR)
    group.permissions.remove(group.permissions.get(codename="change_user"))
    group.permissions.add(*Group.objects.get(name=NURSE).permissions.filter(codename="add_note"))
    roles.sync_after_migrate()
    event = AuditEvent.objects.get(act="role.change")
    assert event.detail["role"] == ADMINISTRATOR
    assert event.detail["added"] == ["clinik.change_user"]
    assert event.detail["removed"] == ["records.add_note"]


def test_refusal_stays_one_where_the_trail_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, _user = logged_in(AUDITOR)

    def full(**kwargs: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column")

    monkeypatch.setattr(AuditEvent.objects, "create", full)
    assert client.get(reverse("encounters:encounter_list")).status_code == 403


def test_logins_made_and_changed_by_commands_are_in_the_trail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    call_command("createsuperuser", username="root", email="", interactive=False, verbosity=0)
    root = User.objects.get(username="root")
    made = AuditEvent.objects.get(object_id=str(root.pk))
    assert (made.act, made.by) == ("user.create", None)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "another horse battery")
    call_command("changepassword", "root", stdout=io.StringIO())
    acts = AuditEvent.objects.filter(object_id=str(root.pk)).values_list("act", flat=True)
    assert sorted(acts) == ["user.create", "user.set_password"]
