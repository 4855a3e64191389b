"""How long a login lasts, where it is open, and what is kept of a form sent too late."""

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from clinik.models import AuditEvent, User
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK
from clinik.session_store import BEGAN, SEEN, Session
from clinik.sessions import browser_in_words
from encounters.models import Patient
from tests.factories import PASSWORD, EncounterFactory, PatientFactory, UserFactory
from tests.page_forms import forms_of

pytestmark = pytest.mark.django_db
LOGIN, STATE = "/account/login/", "/account/session/"
POLL = {"X-Clinik-Poll": "1"}


@pytest.fixture
def user() -> User:
    cache.clear()
    made: User = UserFactory(username="desk", role=FRONT_DESK, password=PASSWORD)
    return made


@pytest.fixture
def desk(user: User) -> Client:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    log_in(client)
    return client


def log_in(client: Client, **more: str) -> Any:
    return client.post(LOGIN, {"login": "desk", "password": PASSWORD} | more)


def age(client: Client, name: str, minutes: float) -> None:
    """As if so much time had gone by since then."""
    session = client.session
    session[name] -= minutes * 60
    session.save()


def is_open(client: Client) -> bool:
    return client.get("/patients/").status_code == 200


def acts(name: str) -> list[Any]:
    return list(AuditEvent.objects.filter(act=name).order_by("pk").values_list("detail", flat=True))


def test_a_session_left_alone_is_locked_and_goes_on_after_the_password(desk: Client) -> None:
    age(desk, SEEN, 14)
    assert is_open(desk)
    age(desk, SEEN, 16)
    answer = desk.get("/patients/?q=exam")
    assert answer["Location"] == f"{LOGIN}?next=/patients/%3Fq%3Dexam"
    assert not is_open(desk)
    assert desk.get(STATE).json()["user"] is None
    key = desk.session.session_key
    assert log_in(desk).status_code == 302
    assert is_open(desk)
    assert desk.session.session_key != key
    assert acts("user.lock") == [{"why": "idle"}]


def test_polls_do_not_keep_a_session_open_and_work_does(desk: Client) -> None:
    age(desk, SEEN, 14)
    desk.get("/", headers=POLL)
    desk.get(STATE, headers=POLL)
    age(desk, SEEN, 2)
    assert not is_open(desk)
    log_in(desk)
    age(desk, SEEN, 14)
    assert desk.get(STATE).json()["user"]
    age(desk, SEEN, 14)
    assert is_open(desk)


def test_last_use_is_written_once_a_minute(desk: Client) -> None:
    before: Any = Session.objects.get().seen
    desk.get("/account/preferences/")
    assert Session.objects.get().seen == before
    age(desk, SEEN, 2)
    desk.get("/account/preferences/")
    after: Any = Session.objects.get().seen
    assert after > before - dt.timedelta(seconds=1)


def test_a_day_of_work_ends_even_a_session_in_use(desk: Client) -> None:
    age(desk, BEGAN, 12 * 60 + 1)
    assert not is_open(desk)
    assert acts("user.lock") == [{"why": "absolute"}]


def test_the_screen_is_locked_by_hand_without_a_script(desk: Client) -> None:
    answer = desk.post("/account/lock/", {"next": "/visits/"})
    assert answer["Location"] == f"{LOGIN}?next=%2Fvisits%2F"
    assert not is_open(desk)
    assert desk.post("/account/lock/").status_code == 302
    log_in(desk)
    away = desk.post("/account/lock/", {"next": "https://evil.example/"})
    assert away["Location"] == f"{LOGIN}?next=%2F"


def test_another_person_does_not_get_into_a_locked_session(desk: Client) -> None:
    desk.post("/patients/new/", {"family": "Kept"})
    desk.post("/account/lock/")
    desk.post("/patients/new/", {"family": "Kept", "given": "For the desk"})
    UserFactory(username="other", role=FRONT_DESK, password=PASSWORD)
    key = desk.session.session_key
    assert log_in(desk, login="other").status_code == 302
    assert not Session.objects.filter(session_key=key).exists()
    assert "kept" not in desk.session


def test_a_form_sent_from_behind_the_lock_is_kept_and_sent_afterwards(desk: Client) -> None:
    form = next(
        f for f in forms_of(desk.get("/patients/new/").content.decode()) if "family" in f.data
    )
    sent = form.data | {"family": "Late", "given": "Lena </textarea>", "birth_date": "1970-01-02"}
    age(desk, SEEN, 16)
    answer = desk.post("/patients/new/", sent)
    assert answer["Location"] == f"{LOGIN}?next=%2Faccount%2Fkept%2F"
    assert not Patient.objects.exists()
    assert "Late" not in desk.get(answer["Location"]).content.decode()
    back = log_in(desk, next="/account/kept/")
    page = desk.get(back["Location"]).content.decode()
    kept = next(f for f in forms_of(page) if f.action == "/patients/new/")
    assert kept.data == sent
    assert desk.post("/patients/new/", kept.data).status_code == 302
    assert Patient.objects.get().given == "Lena </textarea>"
    assert desk.get("/account/kept/").status_code == 302


def test_passwords_and_what_scripts_send_are_not_kept(desk: Client) -> None:
    desk.post("/account/lock/")
    desk.post("/account/password/change/", {"oldpassword": PASSWORD})
    visit = EncounterFactory()
    desk.post(f"/visits/{visit.pk}/cancel/", {"reason": "x"}, headers={"HX-Request": "true"})
    assert "kept" not in desk.session


def test_sessions_are_listed_and_ended_by_their_owner(desk: Client, user: User) -> None:
    other = Client(headers={"User-Agent": "Mozilla/5.0 (Linux; Android 15) Chrome/140 Safari/5"})
    log_in(other)
    stranger = Client()
    stranger.force_login(UserFactory(role=FRONT_DESK))
    page = desk.get("/account/sessions/").content.decode()
    assert "Firefox, Windows" in page
    assert "Chrome, Android" in page
    assert str(other.session.session_key) not in page
    handle = Session.objects.get(session_key=other.session.session_key).handle
    stranger.post("/account/sessions/end/", {"session": handle})
    assert is_open(other)
    desk.post("/account/sessions/end/", {"session": handle})
    assert not is_open(other)
    assert is_open(desk)
    log_in(other)
    desk.post("/account/sessions/end/", {"others": "1"})
    assert (is_open(desk), is_open(other), is_open(stranger)) == (True, False, True)
    assert acts("user.end_sessions") == [{"ended": 1}, {"ended": 1}]


def test_a_new_password_ends_the_other_sessions(desk: Client, user: User) -> None:
    other = Client()
    log_in(other)
    new = "another correct horse"
    words = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert desk.post("/account/password/change/", words).status_code == 302
    assert (is_open(desk), is_open(other)) == (True, False)
    assert Session.objects.filter(user=user).count() == 1


@pytest.mark.parametrize("act", ["deactivate", "link", "sessions"])
def test_an_administrator_ends_all_sessions_at_once(desk: Client, user: User, act: str) -> None:
    boss = Client()
    boss.force_login(UserFactory(role=ADMINISTRATOR))
    shown = boss.get(f"/admin/clinik/user/{user.pk}/change/").content.decode()
    assert "Firefox, Windows, 127.0.0.1" in shown
    boss.post(f"/admin/clinik/user/{user.pk}/act/{act}/")
    assert not Session.objects.filter(user=user).exists()
    assert not is_open(desk)


def test_what_is_over_is_cleared_away_at_the_next_login(desk: Client, user: User) -> None:
    Session.objects.update(expire_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    log_in(Client())
    assert Session.objects.count() == 1


def test_the_front_page_of_a_locked_session_names_nobody() -> None:
    patient = PatientFactory(family="Unseen")
    client = Client()
    client.force_login(UserFactory(role=CLINICIAN))
    url = f"/patients/{patient.pk}/"
    assert "UNSEEN" in client.get(url).content.decode().upper()
    client.post("/account/lock/")
    assert "UNSEEN" not in client.get(url, follow=True).content.decode().upper()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605", "Safari, macOS"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537 Edg/140.0", "Edge, Windows"),
        ("", "unknown browser"),
    ],
)
def test_browsers_are_told_apart(agent: str, words: str) -> None:
    assert browser_in_words(agent) == words
