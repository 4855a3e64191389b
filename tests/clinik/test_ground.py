"""Audit, roles, keys, the clock, and what every answer carries."""

import base64
import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from clinik import audit, clock, keyset, roles, views
from clinik.ids import uuid7
from clinik.models import AuditEvent
from tests.factories import PatientFactory, UserFactory


def test_keys_made_later_sort_later() -> None:
    first = uuid7()
    later = [uuid7() for _ in range(1000)][-1]
    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert first.int >> 80 <= later.int >> 80


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(roles.PERMISSIONS))
def test_each_role_has_exactly_its_permissions(role: str) -> None:
    held = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.filter(group__name=role).values_list(
            "content_type__app_label", "codename"
        )
    }
    assert held == roles.PERMISSIONS[role]


@pytest.mark.django_db
def test_a_permission_given_by_hand_is_gone_after_migrate() -> None:
    group = Group.objects.get(name=roles.AUDITOR)
    group.permissions.add(Permission.objects.get(codename="view_chart"))
    call_command("migrate", verbosity=0)
    assert not group.permissions.filter(codename="view_chart").exists()


def test_nobody_may_delete_and_the_administrator_writes_nothing_clinical() -> None:
    everything = set().union(*roles.PERMISSIONS.values())
    assert not [name for name in everything if ".delete_" in name]
    clinical = {
        name
        for name in roles.PERMISSIONS[roles.ADMINISTRATOR]
        if name.startswith("records.") and ("add_" in name or "change_" in name)
    }
    assert clinical == set()
    chart = {name for name in roles.PERMISSIONS[roles.AUDITOR] if name.startswith("records.")}
    assert chart == set()


@pytest.mark.django_db
def test_audit_says_who_what_when_and_from_where(client: Client) -> None:
    desk, patient = UserFactory(role=roles.FRONT_DESK), PatientFactory()
    token = audit.origin.set(audit.Origin("192.0.2.7", "abc"))
    event = audit.record("patient.change", patient, by=desk, fields=["city", "city", "phone"])
    audit.origin.reset(token)
    assert (event.action, event.by, event.role) == ("U", desk, roles.FRONT_DESK)
    assert (event.address, event.request_id) == ("192.0.2.7", "abc")
    assert (event.patient_id, event.version) == (patient.pk, 1)
    assert event.fields == ["city", "phone"]


@pytest.mark.django_db
def test_a_view_is_audited_with_the_address_of_the_request(client: Client) -> None:
    client.force_login(UserFactory(role=roles.FRONT_DESK))
    client.get("/visits/", REMOTE_ADDR="192.0.2.9")
    assert AuditEvent.objects.get(act="encounter.search").address == "192.0.2.9"


@pytest.mark.django_db
def test_the_client_behind_a_proxy_cannot_name_its_own_address(
    client: Client, settings: Any
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client.force_login(UserFactory(role=roles.FRONT_DESK))
    client.get("/visits/", HTTP_X_FORWARDED_FOR="203.0.113.1, 192.0.2.9")
    assert AuditEvent.objects.get(act="encounter.search").address == "192.0.2.9"


@pytest.mark.django_db
def test_pages_are_kept_out_of_caches_and_framed_nowhere(client: Client) -> None:
    response = client.get("/account/login/")
    assert "no-store" in response["Cache-Control"]
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_one_request_has_one_now() -> None:
    moment = dt.datetime(2025, 1, 15, 9, tzinfo=dt.UTC)
    token = clock.request_now.set(moment)
    assert clock.now() == moment
    clock.request_now.reset(token)
    assert clock.now() > moment


@pytest.mark.parametrize(("minutes", "seconds"), [(45, 0), (45, 59), (0, 59)])
def test_minutes_are_counted_whole(minutes: int, seconds: int) -> None:
    assert clock.whole_minutes(dt.timedelta(minutes=minutes, seconds=seconds)) == minutes


def test_a_cursor_survives_its_url() -> None:
    cursor = keyset.Cursor(dt.datetime(385, 1, 1, 1, 2, 3, 4, tzinfo=dt.UTC), uuid7(), back=True)
    assert keyset.Cursor.read(str(cursor)) == cursor


def test_a_cursor_beyond_the_calendar_starts_the_list_anew() -> None:
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        raw = f"f{moment}|{'0' * 32}"
        text = base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")
        assert keyset.Cursor.read(text) is None


@pytest.mark.django_db
def test_the_embedded_database_is_a_real_one() -> None:
    if connection.vendor != "sqlite":
        assert connection.vendor == "postgresql"
        return
    found = {}
    with connection.cursor() as cursor:
        for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers"):
            cursor.execute(f"PRAGMA {name}")
            found[name] = cursor.fetchone()[0]
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone()[0] >= 5_000
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.django_db
def test_a_view_whose_audit_row_cannot_be_written_answers_503_and_shows_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(UserFactory(role=roles.FRONT_DESK))

    def full(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr(AuditEvent.objects, "create", full)
    response = client.get("/visits/")
    assert response.status_code == 503
    assert "not saved" in response.content.decode()


def test_an_error_of_ours_is_answered_without_the_database() -> None:
    request = RequestFactory().get("/")
    request.request_id = "abc123"  # type: ignore[attr-defined]
    response = views.server_error(request)
    assert response.status_code == 500
    assert b"abc123" in response.content
