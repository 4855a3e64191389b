"""The second step at login: asked for by role, kept encrypted, stopped when guessed, audited."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.checks import run_checks
from django.test import Client

from clinik.models import AuditEvent, User
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LOGIN, CODE = "/account/login/", "/account/2fa/authenticate/"


def code(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def boss() -> User:
    cache.clear()
    user: User = UserFactory(username="boss", role=ADMINISTRATOR, password=PASSWORD)
    return user


@pytest.fixture
def stepped(boss: User) -> User:
    TOTP.activate(boss, SECRET)
    return boss


def log_in(client: Client) -> Any:
    return client.post(LOGIN, {"login": "boss", "password": PASSWORD})


def test_the_clinic_opens_after_both_steps_only(client: Client, stepped: User) -> None:
    assert log_in(client)["Location"] == CODE
    assert client.get("/patients/")["Location"].startswith(LOGIN)
    assert client.post(CODE, {"code": "000000"}).status_code == 200
    assert client.get("/patients/").status_code == 302
    assert client.post(CODE, {"code": code()})["Location"] == "/"
    assert client.get("/patients/").status_code == 200
    acts = list(AuditEvent.objects.order_by("pk").values_list("act", "by"))
    assert acts[1:3] == [("user.second_step_failed", None), ("user.log_in", stepped.pk)]


def test_a_code_is_taken_once(stepped: User) -> None:
    first, second = Client(), Client()
    for client in (first, second):
        log_in(client)
    sent = {"code": code()}
    assert first.post(CODE, sent).status_code == 302
    assert second.post(CODE, sent).status_code == 200


def test_guessing_codes_is_stopped(client: Client, stepped: User) -> None:
    log_in(client)
    for guess in range(5):
        client.post(CODE, {"code": f"{guess:06}"})
    assert "Too many failed" in client.post(CODE, {"code": code()}).content.decode()


def test_a_login_half_done_can_be_given_up(client: Client, stepped: User) -> None:
    log_in(client)
    client.post("/account/logout/", {"next": LOGIN})
    assert client.get(LOGIN).status_code == 200


def test_secrets_are_kept_encrypted(stepped: User, settings: Any) -> None:
    RecoveryCodes.activate(stepped)
    for row in Authenticator.objects.all():
        assert SECRET not in str(row.data)
        # As Fernet's tokens begin.
        assert all(str(value).startswith("gAAAA") for value in row.data.values() if value)
    # A rotated key still opens what the earlier one closed.
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 8
    assert Authenticator.objects.get(type="totp").wrap().validate_code(code())


@pytest.fixture
def needed(settings: Any) -> None:
    settings.CLINIK_MFA_ROLES = [ADMINISTRATOR, CLINICIAN]


def test_a_role_that_needs_it_can_do_nothing_but_set_it_up(
    client: Client, boss: User, needed: None
) -> None:
    assert log_in(client).status_code == 302
    for url in ("/", "/patients/", "/admin/", "/account/preferences/"):
        assert client.get(url)["Location"] == "/account/2fa/", url
    assert client.post("/patients/new/", {"family": "X"})["Location"] == "/account/2fa/"
    page = client.get("/account/2fa/").content.decode()
    assert "Your role needs a second step" in page
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.get("/account/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    assert client.post("/account/2fa/totp/activate/", {"code": code(secret)}).status_code == 302
    assert client.get("/patients/").status_code == 200
    added = AuditEvent.objects.filter(act="user.add_second_step", by=boss)
    assert added.count() == 2, "the app and its recovery codes"


def test_it_cannot_be_taken_away_where_it_is_needed(
    client: Client, stepped: User, needed: None
) -> None:
    log_in(client)
    client.post(CODE, {"code": code()})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.post("/account/2fa/totp/deactivate/").content.decode()
    assert "set another one up before" in page
    assert Authenticator.objects.filter(type="totp").exists()


def test_the_last_key_stays_where_it_is_needed(
    client: Client, boss: User, needed: None, settings: Any
) -> None:
    key = Authenticator.objects.create(user=boss, type="webauthn", data={"name": "Blue key"})
    client.force_login(boss)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    url = f"/account/2fa/webauthn/keys/{key.pk}/remove/"
    assert "set another one up before" in client.get(url).content.decode()
    assert client.post(url).status_code == 422
    assert Authenticator.objects.filter(pk=key.pk).exists()
    settings.CLINIK_MFA_ROLES = []
    assert client.post(url).status_code == 302
    assert not Authenticator.objects.filter(pk=key.pk).exists()


def test_taking_it_away_is_audited_where_it_may_be(client: Client, stepped: User) -> None:
    log_in(client)
    client.post(CODE, {"code": code()})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert client.post("/account/2fa/totp/deactivate/").status_code == 302
    event = AuditEvent.objects.get(act="user.remove_second_step")
    assert (event.by, event.detail) == (stepped, {"type": "totp"})


def test_setting_it_up_and_taking_it_away_end_the_other_sessions(
    client: Client, boss: User, django_capture_on_commit_callbacks: Any
) -> None:
    elsewhere, later = Client(), Client()
    for each in (client, elsewhere):
        assert log_in(each).status_code == 302
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.get("/account/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    assert elsewhere.get("/patients/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        sent = {"code": code(secret)}
        assert client.post("/account/2fa/totp/activate/", sent).status_code == 302
    assert client.get("/patients/").status_code == 200
    assert elsewhere.get("/patients/")["Location"].startswith(LOGIN)
    later.force_login(boss)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/account/2fa/totp/deactivate/").status_code == 302
    assert client.get("/patients/").status_code == 200
    assert later.get("/patients/")["Location"].startswith(LOGIN)


def test_other_roles_are_not_asked_and_superusers_are(client: Client, needed: None) -> None:
    client.force_login(UserFactory(role=FRONT_DESK))
    assert client.get("/patients/").status_code == 200
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    assert client.get("/patients/")["Location"] == "/account/2fa/"


def test_a_misspelled_role_is_found_at_the_start(settings: Any) -> None:
    assert not [each for each in run_checks() if each.id == "clinik.E001"]
    settings.CLINIK_MFA_ROLES = ["Administrators"]
    assert [each for each in run_checks() if each.id == "clinik.E001"]
