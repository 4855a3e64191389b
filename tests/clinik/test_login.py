"""Who comes in: by a user name and a password, made by an administrator."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from clinik.models import User
from clinik.roles import FRONT_DESK
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


@pytest.fixture
def user() -> User:
    cache.clear()  # failed logins are counted there
    return UserFactory(username="desk", role=FRONT_DESK, password=PASSWORD)


def log_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"login": "desk", "password": password, **more})


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


def test_many_wrong_passwords_are_stopped(client: Client, user: User) -> None:
    for _attempt in range(6):
        log_in(client, "wrong horse battery")
    assert log_in(client).status_code != 302
    assert "_auth_user_id" not in client.session


def test_inactive_user_stays_out(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    log_in(client)
    assert "_auth_user_id" not in client.session


def test_nobody_signs_up(client: Client, user: User) -> None:
    before = User.objects.count()
    words = {"username": "new", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/account/signup/", words)
    assert User.objects.count() == before
    assert "signup" not in client.get(LOGIN).content.decode()


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
