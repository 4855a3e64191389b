"""Who comes in: by a user name and a password, made by an administrator."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from clinik.models import AuditEvent, User
from clinik.roles import FRONT_DESK
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


@pytest.fixture
def user() -> User:
    cache.clear()  # failed logins are counted there
    return UserFactory(username="desk", role=FRONT_DESK, password=PASSWORD)


def log_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"login": "desk", "password": password} | more)


def test_login_opens_the_clinic(client: Client, user: User) -> None:
    answer = log_in(client)
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_login_goes_on_to_the_page_that_was_asked_for(client: Client, user: User) -> None:
    asked = client.get("/patients/", {"q": "exam"})
    assert asked.status_code == 302
    assert asked["Location"] == f"{LOGIN}?next=/patients/%3Fq%3Dexam"
    assert log_in(client, next="/patients/?q=exam")["Location"] == "/patients/?q=exam"
    client.logout()
    assert log_in(client, next="https://evil.example/")["Location"] == "/"


def test_wrong_password_is_refused(client: Client, user: User) -> None:
    answer = log_in(client, "wrong horse battery")
    assert answer.status_code == 200
    assert "Not logged in" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_only_the_limit_of_wrong_passwords_is_tried_however_the_name_is_spelled(
    client: Client, user: User
) -> None:
    spelled = ["desk", "DESK", "Desk", "dESK", "deSk", "desK", " desk "]
    answers = [
        log_in(client, "wrong horse battery", login=name).content.decode() for name in spelled
    ]
    assert ["Too many failed" in answer for answer in answers] == [False] * 5 + [True] * 2
    assert log_in(client).status_code != 302
    assert "_auth_user_id" not in client.session


def test_a_colleague_behind_the_same_address_still_logs_in(client: Client, user: User) -> None:
    other = UserFactory(username="other", password=PASSWORD)
    for _attempt in range(7):
        log_in(Client(), "wrong horse battery")
    assert log_in(client, login="other").status_code == 302
    assert client.session["_auth_user_id"] == str(other.pk)
    elsewhere = {"login": "desk", "password": PASSWORD}
    assert Client().post(LOGIN, elsewhere, REMOTE_ADDR="192.0.2.77").status_code == 302


def test_an_account_is_not_tried_from_many_addresses_without_end(user: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS,
        "login_failed_account": "3/h/key",
    }
    wrong = {"login": "desk", "password": "wrong horse battery"}
    tried = [
        "Too many" not in Client().post(LOGIN, wrong, REMOTE_ADDR=f"192.0.2.{n}").content.decode()
        for n in range(5)
    ]
    assert tried == [True, True, True, False, False]


def test_an_address_does_not_try_many_names_without_end(user: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS,
        "login_failed_address": "3/m/ip",
    }
    tried = [
        "Too many" not in log_in(Client(), "wrong horse battery", login=name).content.decode()
        for name in ("one", "two", "three", "four")
    ]
    assert tried == [True, True, True, False]


def test_right_passwords_do_not_count_against_the_limits(user: User) -> None:
    for _attempt in range(7):
        assert log_in(Client()).status_code == 302


def acts() -> list[tuple[str, str, Any]]:
    return list(
        AuditEvent.objects.filter(act__startswith="user.log")
        .order_by("pk")
        .values_list("act", "object_id", "by")
    )


def test_logins_failures_and_log_outs_stand_in_the_trail(client: Client, user: User) -> None:
    log_in(client, "wrong horse battery")
    log_in(client, login="correct horse")
    log_in(client)
    client.post("/account/logout/")
    pk = str(user.pk)
    assert acts() == [
        ("user.log_in_failed", pk, None),
        ("user.log_in_failed", "", None),
        ("user.log_in", pk, user.pk),
        ("user.log_out", pk, user.pk),
    ]
    outcomes = AuditEvent.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["4", "4", "0", "0"]
    everything = AuditEvent.objects.values_list("detail", "reason", "fields")
    assert "correct" not in str(list(everything)), "what was typed as a name may be a password"


def test_a_refusal_by_a_limit_is_said_once_in_the_trail(client: Client, user: User) -> None:
    for _attempt in range(9):
        log_in(client, "wrong horse battery")
    names = [act for act, *_rest in acts()]
    assert names == ["user.log_in_failed"] * 5 + ["user.log_in_refused"]


@pytest.mark.parametrize("url", ["signup/", "email/", "password/reset/", "confirm-email/"])
def test_pages_that_need_mail_or_let_people_sign_up_are_not_served(
    client: Client, url: str
) -> None:
    client.force_login(UserFactory())
    assert client.get(f"/account/{url}").status_code == 404


def test_inactive_user_stays_out(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    log_in(client)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("url", ["/", "/patients/", "/patients/new/", "/visits/"])
def test_pages_ask_for_a_login(client: Client, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)


def test_administration_asks_for_the_same_login(client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(LOGIN)


def test_administration_is_closed_to_staff_of_the_clinic(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get("/admin/").status_code in (302, 403)


def test_password_is_changed_by_its_owner(client: Client, user: User) -> None:
    log_in(client)
    new = "another correct horse"
    words = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/account/password/change/", words).status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)


def test_logging_out_takes_a_press(client: Client, user: User) -> None:
    log_in(client)
    client.get("/account/logout/")
    assert "_auth_user_id" in client.session
    client.post("/account/logout/")
    assert "_auth_user_id" not in client.session
