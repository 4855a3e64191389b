"""The lock in the browser: no name is left on the screen, and not a word is lost."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from playwright.sync_api import Page, expect

from clinik.models import AuditEvent, User
from clinik.roles import ADMINISTRATOR, CLINICIAN
from clinik.session_store import Session
from tests.clinik.test_second_step import SECRET, code
from tests.factories import PASSWORD, EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
# Minutes of settings.CLINIK_IDLE_MINUTES, and some.
QUARTER = 15 * 60_000 + 6_000
NAME = re.compile("unseen", re.IGNORECASE)


@pytest.fixture
def doctor() -> User:
    cache.clear()
    made: User = UserFactory(role=CLINICIAN, password=PASSWORD)
    return made


def lock_of(page: Page) -> Any:
    return page.get_by_role("dialog", name="Your login has run out")


def log_in_again(page: Page, password: str = PASSWORD) -> None:
    lock_of(page).get_by_label("Password").fill(password)
    lock_of(page).get_by_role("button", name="Log in").click()


def shown(page: Page) -> str:
    """All that is to be seen or read out."""
    return page.locator("body").inner_text() + page.locator("body").aria_snapshot() + page.title()


def test_a_screen_left_alone_hides_every_name_and_goes_on_where_it_stood(
    page_of: Callable[..., Page], doctor: User, trouble: list[str]
) -> None:
    visit = EncounterFactory(patient=PatientFactory(family="Unseen"))
    page = page_of(doctor)
    page.clock.install()
    page.goto(f"/visits/{visit.pk}/?add=vitals")
    assert NAME.search(shown(page))
    page.locator("[name=pulse]").fill("72")
    page.clock.fast_forward(14 * 60_000)
    expect(lock_of(page)).to_be_hidden()
    with page.expect_response("**/account/lock/"):
        page.clock.fast_forward(QUARTER)
    expect(lock_of(page)).to_be_visible()
    assert not NAME.search(shown(page))
    assert "add=" not in page.url
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(lock_of(page)).to_be_visible()
    log_in_again(page, "wrong")
    expect(lock_of(page)).to_contain_text("not correct")
    assert not NAME.search(shown(page))
    log_in_again(page)
    expect(lock_of(page)).to_be_hidden()
    assert NAME.search(shown(page))
    expect(page.locator("[name=pulse]")).to_have_value("72")
    page.locator("#section-vitals").get_by_role("button", name="Save").first.click()
    expect(page.locator("#section-vitals")).to_contain_text("72")
    assert AuditEvent.objects.filter(act="user.lock", detail={"why": "idle"}).count() == 1
    # The wrong password.
    assert [text for text in trouble if "400" not in text] == []
    trouble.clear()


def test_all_tabs_lock_and_open_together(context_of: Callable[..., Any], doctor: User) -> None:
    context = context_of(doctor)
    one, two = context.new_page(), context.new_page()
    for page in (one, two):
        page.goto("/patients/")
    one.locator("details.menu > summary").last.click()
    one.get_by_role("button", name="Lock the screen").click()
    for page in (one, two):
        expect(lock_of(page)).to_be_visible()
    log_in_again(two)
    for page in (one, two):
        expect(lock_of(page)).to_be_hidden()
    assert Session.objects.get().locked is False


def test_the_second_step_is_asked_for_in_place(page_of: Callable[..., Page], doctor: User) -> None:
    TOTP.activate(doctor, SECRET)
    page = page_of(doctor)
    page.goto("/patients/")
    page.locator("details.menu > summary").last.click()
    page.get_by_role("button", name="Lock the screen").click()
    log_in_again(page)
    expect(lock_of(page).get_by_label("Code")).to_be_focused()
    lock_of(page).get_by_label("Code").fill("000000")
    page.keyboard.press("Enter")
    expect(lock_of(page)).to_contain_text("not right")
    lock_of(page).get_by_label("Code").fill(code())
    page.keyboard.press("Enter")
    expect(lock_of(page)).to_be_hidden()


def test_a_long_form_sent_after_the_end_of_the_login_is_not_lost(
    page_of: Callable[..., Page], doctor: User
) -> None:
    page = page_of(doctor)
    page.clock.install()
    page.goto("/patients/new/")
    page.get_by_label("Family name").fill("Newcomer")
    Session.objects.all().delete()
    page.clock.fast_forward(2 * 60_000)
    page.locator("main form[method=post] button.btn-primary").first.click()
    expect(lock_of(page)).to_be_visible()
    log_in_again(page)
    expect(lock_of(page)).to_be_hidden()
    expect(page.locator("main")).to_contain_text("Please mend")
    expect(page.get_by_label("Family name")).to_have_value("Newcomer")


def test_the_administration_locks_too(page_of: Callable[..., Page]) -> None:
    cache.clear()
    PatientFactory(family="Unseen")
    page = page_of(UserFactory(role=ADMINISTRATOR, password=PASSWORD))
    page.clock.install()
    page.goto("/admin/encounters/patient/")
    assert NAME.search(shown(page))
    page.clock.fast_forward(QUARTER)
    expect(lock_of(page)).to_be_visible()
    assert not NAME.search(shown(page))
    log_in_again(page)
    expect(lock_of(page)).to_be_hidden()


def test_a_security_key_is_added_and_opens_the_clinic(
    page_of: Callable[..., Page], doctor: User, live_server: Any
) -> None:
    page = page_of(doctor)
    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto("/account/2fa/webauthn/add/")
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("textbox", name="Name of the key").fill("Blue key")
    page.get_by_role("button", name="Add the key").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    # What goes wrong with a key is said on the page.
    page.goto("/account/2fa/webauthn/add/")
    page.get_by_role("button", name="Add the key").click()
    expect(page.locator("[data-key-said]")).to_contain_text("added already")
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.get_by_label("Username").fill(doctor.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url("**/")
    expect(page.get_by_role("link", name="Patients", exact=True)).to_be_visible()
