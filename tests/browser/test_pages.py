"""Every page of the clinic: axe has nothing to report, nothing is cut off, nothing is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import BrowserContext, expect

from clinik.audit import AuditUnavailable
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK
from clinik.transitions import TransitionError
from encounters.models import Patient
from encounters.views import search
from tests.browser.looker import Looker
from tests.browser.trust_world import WORD
from tests.browser.world import World, make_world
from tests.clinik.test_second_step import code
from tests.factories import PASSWORD, EncounterFactory, UserFactory

# Forms that are sent empty, to look at the page with their errors.
SENT_EMPTY = (
    "register", "plan", "allergy", "alert", "problem", "addendum", "cancel, arrived",
    "error, open", "reopen, finished",
    "note_add", "prescription_add", "assessment_add", "vitals_add", "add diagnosis", "past visit",
    "questionnaire",
    "close, stay", "restrict", "break the glass", "compare", "access",
)  # fmt: skip


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def pages_of(world: World, role: str, part: slice) -> dict[str, str]:
    return dict(list(world.pages[role].items())[part])


@pytest.mark.parametrize(
    ("role", "part"),
    [
        (FRONT_DESK, slice(None)),
        (CLINICIAN, slice(0, 18)),
        (CLINICIAN, slice(18, 38)),
        (CLINICIAN, slice(38, None)),
    ],
    ids=["desk", "chart", "records", "steps"],
)
def test_pages_have_nothing_to_report(
    role: str, part: slice, world: World, context_of: Callable[..., BrowserContext]
) -> None:
    looker = Looker(context_of(world.users[role]).new_page())
    for name, url in pages_of(world, role, part).items():
        looker.look(name, url)
        if name in SENT_EMPTY:
            looker.send_empty(name)
    assert not looker.faults, "\n".join(looker.faults)


def test_pages_of_the_few_have_nothing_to_report(
    world: World,
    context_of: Callable[..., BrowserContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Login, restore, forbidden, broken."""
    faults: list[str] = []
    for role in (ADMINISTRATOR, AUDITOR):
        looker = Looker(context_of(world.users[role]).new_page())
        for name, url in world.pages[role].items():
            looker.look(name, url)
            if name in SENT_EMPTY:
                looker.send_empty(name)
            if name == "patient and more":
                looker.page.locator("main details.menu > summary").press("Enter")
                looker.examine("more, opened")
        faults += looker.faults
    nobody = Looker(context_of().new_page())
    nobody.look("login", "/account/login/")
    nobody.page.get_by_label("Username").fill("nobody")
    nobody.page.get_by_label("Password").fill("wrong")
    nobody.page.get_by_role("button", name="Log in").click()
    nobody.page.wait_for_load_state()
    nobody.examine("login refused")
    nobody.page.context.clear_cookies()
    nobody.page.get_by_role("button", name="Log in").click()
    nobody.page.wait_for_load_state()
    expect(nobody.page.locator("h1")).to_be_visible()
    nobody.examine("without its token")
    desk = Looker(context_of(world.users[FRONT_DESK]).new_page())
    look_at_questions(desk, world)
    errors = {
        "broken": TypeError(),
        "conflict": TransitionError("Somebody was quicker."),
        "unavailable": AuditUnavailable(),
    }
    for name, error in errors.items():

        def fail(*args: Any, error: Exception = error, **kwargs: Any) -> None:
            raise error

        monkeypatch.setattr(search, "EncounterFilter", fail)
        desk.look(name, "/visits/")
    found = [*faults, *nobody.faults, *desk.faults]
    assert not found, "\n".join(found)


def look_at_questions(desk: Looker, world: World) -> None:
    """Register somebody who is there already; save what another has changed meanwhile."""
    page, patient = desk.page, world.patient
    page.goto("/patients/new/")
    page.locator("[name=family]").fill(patient.family)
    page.locator("[name=given]").fill(patient.given)
    page.locator("[name=birth_date]").fill(str(patient.birth_date))
    page.locator("main .save-bar .btn-primary").click()
    expect(page.locator("#duplicates")).to_contain_text("registered already")
    desk.examine("likely duplicates")
    beside = EncounterFactory(patient=patient, status="planned")
    page.goto(reverse("records:encounter_detail", args=[beside.pk]))
    page.locator("form[action*='/step/arrive/'] button").first.click()
    expect(page.get_by_role("button", name="Open a second one anyway")).to_be_visible()
    desk.examine("a second open visit")
    page.goto(f"/patients/{patient.pk}/edit/")
    page.locator("[name=phone]").fill("555 0111")
    Patient.objects.get(pk=patient.pk).save()
    page.locator("main .save-bar .btn-primary").click()
    page.wait_for_load_state()
    desk.examine("changed meanwhile")


def test_pages_of_the_second_step_have_nothing_to_report(
    transactional_db: None, context_of: Callable[..., BrowserContext]
) -> None:
    """From setting it up to the login that asks for it; security keys are in test_login."""
    cache.clear()
    user = UserFactory(role=CLINICIAN, password=PASSWORD)
    looker = Looker(context_of(user).new_page())
    page = looker.page
    looker.look("confirm it is you", reverse("mfa_activate_totp"))
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Code that the app shows now").fill("000000")
    page.get_by_role("button", name="Set up").click()
    page.wait_for_load_state()
    looker.examine("set up an app, wrong code")
    secret = (page.locator(".key-parts").text_content() or "").replace(" ", "")
    page.get_by_label("Code that the app shows now").fill(code(secret))
    page.get_by_role("button", name="Set up").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    looker.examine("recovery codes")
    for name in (
        "mfa_index",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_deactivate_totp",
        "mfa_add_webauthn",
        "mfa_reauthenticate",
    ):
        looker.look(name, reverse(name))
    key = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": WORD}
    )
    looker.look("keys", reverse("mfa_list_webauthn"))
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        looker.look(name, reverse(name, args=[key.pk]))
    key.delete()
    page.context.clear_cookies()
    page.goto(reverse("account_login"))
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    looker.examine("second step at login")
    assert not looker.faults, "\n".join(looker.faults)
