"""Logins in the admin: made without a mail server, kept, deactivated, never deleted."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinik.models import AuditEvent, User
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Practitioner
from tests.factories import PASSWORD, PractitionerFactory, UserFactory
from tests.test_admin import filled

ADD = "/admin/clinik/user/add/"


@pytest.fixture
def boss(db: None) -> User:
    return UserFactory(role=ADMINISTRATOR)


@pytest.fixture
def client(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def change_url(user: User) -> str:
    return reverse("admin:clinik_user_change", args=(user.pk,))


def act_url(user: User, act: str) -> str:
    return reverse("admin:clinik_user_act", args=(user.pk, act))


def make(client: Client, **fields: Any) -> Any:
    sent = {"username": "nora", "first_name": "Nora", "last_name": "Nurse", "roles": [NURSE]}
    return client.post(ADD, sent | fields, follow=True)


def link_in(response: Any) -> str:
    return response.context["link"]


def test_a_nurse_is_made_with_a_practitioner_and_a_link(client: Client, boss: User) -> None:
    response = make(client, make_practitioner="on", title="RN", specialty="Nursing")
    user = User.objects.get(username="nora")
    assert [group.name for group in user.groups.all()] == [NURSE]
    assert not user.is_staff
    assert not user.has_usable_password()
    assert str(user.practitioner) == "RN Nora Nurse"
    assert link_in(response) in response.content.decode()
    event = AuditEvent.objects.get(act="user.create")
    assert (event.by, event.detail) == (boss, {"roles": [NURSE]})
    assert user.history.get().history_user == boss
    assert mail.outbox == []


def test_the_link_is_shown_once_sets_the_password_once_and_logs_in(client: Client) -> None:
    response = make(client, make_practitioner="on")
    link = link_in(response)
    assert link_in(client.get(response.redirect_chain[-1][0])) == ""
    nora = Client()
    page = nora.get(link, follow=True)
    form = page.redirect_chain[-1][0]
    sent = {"password1": PASSWORD, "password2": PASSWORD}
    assert nora.post(form, sent).status_code == 302
    assert nora.login(username="nora", password=PASSWORD)
    assert Client().get(link).context["token_fail"]
    user = User.objects.get(username="nora")
    assert AuditEvent.objects.filter(act="user.set_password", by=user).count() == 1


def test_the_link_ends_with_its_time(client: Client, monkeypatch: Any) -> None:
    from django.contrib.auth.tokens import PasswordResetTokenGenerator

    link = link_in(make(client, make_practitioner="on"))
    later = timezone.now().replace(tzinfo=None) + timezone.timedelta(days=4)  # type: ignore[attr-defined]
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert Client().get(link).context["token_fail"]


def test_an_existing_practitioner_gets_the_login(client: Client) -> None:
    existing = PractitionerFactory(family="Existing")
    make(client, practitioner=str(existing))
    existing.refresh_from_db()
    assert existing.user is not None
    assert existing.user.username == "nora"
    again = make(client, username="other", practitioner=str(existing))
    assert "practitioner" in again.context["adminform"].form.errors
    assert not User.objects.filter(username="other").exists()


@pytest.mark.parametrize("role", [NURSE, CLINICIAN])
def test_who_treats_needs_a_practitioner(role: str, client: Client) -> None:
    response = make(client, roles=[role])
    assert "practitioner" in response.context["adminform"].form.errors
    assert not User.objects.filter(username="nora").exists()


@pytest.mark.parametrize(
    ("role", "admitted"), [(ADMINISTRATOR, True), (AUDITOR, True), (FRONT_DESK, False)]
)
def test_the_role_decides_who_gets_in(role: str, admitted: bool, client: Client) -> None:
    make(client, roles=[role])
    user = User.objects.get(username="nora")
    assert user.is_staff is admitted
    assert not Practitioner.objects.exists()
    url = change_url(user)
    client.post(url, filled(client, url, roles=[FRONT_DESK]))
    user.refresh_from_db()
    assert not user.is_staff


def test_a_change_has_version_history_and_audit(client: Client, boss: User) -> None:
    user = UserFactory(role=FRONT_DESK)
    url = change_url(user)
    sent = filled(client, url, last_name="Anew", roles=[FRONT_DESK, AUDITOR])
    assert client.post(url, sent).status_code == 302
    user.refresh_from_db()
    assert (user.last_name, user.version) == ("Anew", 2)
    event = AuditEvent.objects.get(act="user.change")
    assert event.fields == ["last_name", "roles"]
    assert event.detail == {"from": [FRONT_DESK], "to": [AUDITOR, FRONT_DESK]}
    assert user.history.filter(history_user=boss, last_name="Anew").exists()
    stale = client.post(url, sent | {"last_name": "Late"})
    assert "Somebody else changed this" in stale.content.decode()
    user.refresh_from_db()
    assert user.last_name == "Anew"


def test_what_no_role_allows_is_not_given(client: Client, boss: User) -> None:
    url = change_url(boss)
    sent = filled(client, url) | {"is_superuser": "on", "is_staff": "on", "user_permissions": "1"}
    client.post(url, sent)
    boss.refresh_from_db()
    assert not boss.is_superuser
    assert not boss.user_permissions.exists()
    assert "is_superuser" not in client.get(url).content.decode()


def test_a_superuser_is_out_of_reach(client: Client) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    assert client.post(change_url(root), {"username": "mine", "version": 1}).status_code == 403
    for act in ("link", "deactivate", "second-step"):
        assert client.get(act_url(root, act)).status_code == 403
        assert client.post(act_url(root, act)).status_code == 403
    root.refresh_from_db()
    assert root.check_password(PASSWORD)


def test_deactivating_ends_sessions_for_good(client: Client, boss: User) -> None:
    user = UserFactory(role=FRONT_DESK, password=PASSWORD)
    theirs = Client()
    theirs.force_login(user)
    assert theirs.get("/visits/").status_code == 200
    client.post(act_url(user, "deactivate"))
    assert theirs.get("/visits/").status_code == 302
    assert AuditEvent.objects.filter(act="user.deactivate", by=boss).exists()
    client.post(act_url(user, "activate"))
    user.refresh_from_db()
    assert user.is_active
    assert theirs.get("/visits/").status_code == 302
    assert not Client().login(username=user.username, password=PASSWORD)


def test_nobody_deactivates_themselves_or_the_last_administrator(
    client: Client, boss: User
) -> None:
    client.post(act_url(boss, "deactivate"))
    boss.refresh_from_db()
    assert boss.is_active
    url = change_url(boss)
    refused = client.post(url, filled(client, url, roles=[FRONT_DESK]))
    assert "last administrator" in refused.content.decode()
    assert boss.groups.get().name == ADMINISTRATOR


def test_a_new_link_ends_the_old_one_and_the_password(client: Client) -> None:
    user = UserFactory(role=FRONT_DESK, password=PASSWORD)
    first = link_in(client.post(act_url(user, "link")))
    second = link_in(client.post(act_url(user, "link")))
    assert not Client().login(username=user.username, password=PASSWORD)
    assert Client().get(first).context["token_fail"]
    assert Client().get(second).status_code == 302


def test_asking_for_a_link_page_changes_nothing(client: Client) -> None:
    user = UserFactory(role=FRONT_DESK, password=PASSWORD)
    assert link_in(client.get(act_url(user, "link"))) == ""
    assert Client().login(username=user.username, password=PASSWORD)


def test_the_second_step_is_reset(client: Client, boss: User) -> None:
    user = UserFactory(role=FRONT_DESK)
    for kind in ("totp", "recovery_codes"):
        Authenticator.objects.create(user=user, type=kind, data={"secret": "x"})
    client.post(act_url(user, "second-step"))
    assert not Authenticator.objects.filter(user=user).exists()
    assert AuditEvent.objects.filter(act="user.reset_second_step", by=boss).exists()


@pytest.mark.parametrize("role", [NURSE, CLINICIAN, FRONT_DESK, AUDITOR])
def test_only_administrators_make_and_keep_logins(role: str, db: None) -> None:
    client = Client()
    client.force_login(UserFactory(role=role))
    other = UserFactory(role=FRONT_DESK)
    for url in (ADD, change_url(other), act_url(other, "link"), act_url(other, "deactivate")):
        assert client.get(url, follow=True).status_code == 403
        assert client.post(url, {"username": "x"}, follow=True).status_code == 403
    other.refresh_from_db()
    assert other.is_active


def test_a_login_alone_writes_no_history(boss: User) -> None:
    user = UserFactory(role=FRONT_DESK, password=PASSWORD)
    before = user.history.count()
    assert Client().login(username=user.username, password=PASSWORD)
    assert user.history.count() == before
