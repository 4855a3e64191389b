"""What the pages' own scripts promise: drafts, the board's freshness, one press, keys."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from clinik.models import User
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Encounter
from records.models import Note
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
# The board asks every 20 s, a draft is kept 1.5 s after the last letter.
POLL = 20_500


def test_a_note_being_written_survives_a_reload(page_of: Callable[..., Page]) -> None:
    visit = EncounterFactory()
    page = page_of(CLINICIAN)
    page.goto(f"/visits/{visit.pk}/?add=note")
    page.locator("[name=content]").fill("Half a sentence")
    expect(page.locator("[data-draft-state]")).to_have_text(re.compile(r"^saved \d\d:\d\d$"))
    page.reload()
    expect(page.locator("[name=content]")).to_have_value("Half a sentence")
    expect(page.locator("#section-notes")).to_contain_text("Brought back")
    assert not Note.objects.exists()


def test_a_note_says_that_it_is_not_saved_until_it_is(
    page_of: Callable[..., Page], trouble: list[str]
) -> None:
    page = page_of(CLINICIAN)
    page.goto(f"/visits/{EncounterFactory().pk}/?add=note")
    page.route("**/drafts/**", lambda route: route.abort())
    page.locator("[name=content]").fill("Half a sentence")
    state = page.locator("[data-draft-state]")
    expect(state).to_contain_text("NOT saved")
    page.unroute("**/drafts/**")
    expect(state).to_have_text(re.compile("^saved"))
    assert [text for text in trouble if "drafts" not in text and "ERR_FAILED" not in text] == []
    trouble.clear()


def test_the_board_shows_what_others_do(page_of: Callable[..., Page]) -> None:
    page = page_of(NURSE)
    page.clock.install()
    answers: list[int] = []
    page.on(
        "response",
        lambda answer: answers.append(answer.status) if "version=" in answer.url else None,
    )
    page.goto("/")
    with page.expect_response(re.compile("version=")):
        page.clock.fast_forward(POLL)
    assert answers == [204]
    visit = EncounterFactory(status="arrived")
    with page.expect_response(re.compile("version=")):
        page.clock.fast_forward(POLL)
    expect(page.locator(f"#visit-{visit.pk}")).to_be_visible()
    assert answers == [204, 200]


def test_the_board_says_since_when_it_is_not_updating(
    page_of: Callable[..., Page], trouble: list[str]
) -> None:
    page = page_of(NURSE)
    page.clock.install()
    page.goto("/")
    missed: list[str] = []

    def miss(route: Route) -> None:
        missed.append(route.request.url)
        route.abort()

    page.route(re.compile("version="), miss)
    for asked in (1, 2):
        expect(page.locator("#stale")).to_have_count(0)
        page.clock.fast_forward(POLL)
        while len(missed) < asked:
            page.wait_for_timeout(10)
    expect(page.locator("#stale")).to_have_text(re.compile(r"NOT updating since \d\d:\d\d"))
    page.unroute(re.compile("version="))
    page.clock.fast_forward(POLL)
    expect(page.locator("#stale")).to_have_count(0)
    trouble.clear()


def test_a_double_click_takes_one_step(page_of: Callable[..., Page]) -> None:
    visit = EncounterFactory(status="arrived")
    page = page_of(NURSE)
    page.goto("/")
    page.locator(f"#visit-{visit.pk}").get_by_role("button", name="Triage").dblclick()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    visit.refresh_from_db()
    assert visit.status == "triaged"
    assert visit.status_history.filter(status="triaged").count() == 1


def test_two_tabs_show_theirs_mine_and_before(page_of: Callable[..., Page]) -> None:
    patient = PatientFactory(phone="555 0100")
    user = UserFactory(role=FRONT_DESK)
    first, second = page_of(user), page_of(user)
    for page, phone in ((first, "555 0111"), (second, "555 0122")):
        page.goto(f"/patients/{patient.pk}/edit/")
        page.locator("[name=phone]").fill(phone)
    for page in (first, second):
        page.locator("main .save-bar .btn-primary").click()
        page.wait_for_load_state()
    for text in ("555 0100", "555 0111", "555 0122"):
        expect(second.locator("main")).to_contain_text(text)
    expect(second.locator("[name=phone]")).to_have_value("555 0122")
    patient.refresh_from_db()
    assert patient.phone == "555 0111"


def test_single_keys_go_places_and_never_fire_in_a_field(page_of: Callable[..., Page]) -> None:
    page = page_of(FRONT_DESK)
    page.goto("/patients/")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("tv?")
    expect(page.locator("#find")).to_have_value("tv?")
    page.keyboard.press("Escape")
    expect(page.locator(".find-list")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("v")
    page.wait_for_url("**/visits/")
    page.keyboard.press("t")
    page.wait_for_url(re.compile(r"/$"))


def test_single_keys_can_be_switched_off(page_of: Callable[..., Page]) -> None:
    user: User = UserFactory(role=FRONT_DESK, single_keys=False)
    page = page_of(user)
    page.goto("/patients/")
    for key in ("v", "?", "/"):
        page.keyboard.press(key)
    expect(page.locator("dialog#keys")).to_be_hidden()
    expect(page.locator("#find")).not_to_be_focused()
    expect(page).to_have_url(re.compile("/patients/$"))


def test_a_lost_answer_says_that_nothing_was_saved(
    page_of: Callable[..., Page], trouble: list[str]
) -> None:
    visit: Encounter = EncounterFactory()
    page = page_of(NURSE)
    page.goto(f"/visits/{visit.pk}/")
    page.get_by_role("link", name="All fields").click()
    page.locator("[name=pulse]").fill("72")
    page.route("**/vitals/", lambda route: route.abort())
    page.get_by_role("button", name="Save vitals").click()
    expect(page.get_by_role("alert")).to_contain_text("NOT saved")
    expect(page.locator("[name=pulse]")).to_have_value("72")
    page.unroute("**/vitals/")
    # A database that cannot be used just now: to reload the page would lose what was typed.
    page.route("**/vitals/", lambda route: route.fulfill(status=503, body="busy"))
    page.get_by_role("button", name="Save vitals").click()
    expect(page.get_by_role("alert")).to_contain_text("try again in a minute")
    expect(page.locator("[name=pulse]")).to_have_value("72")
    page.unroute("**/vitals/")
    page.get_by_role("button", name="Save vitals").click()
    expect(page.locator("#section-vitals")).to_contain_text("72")
    expect(page.get_by_role("alert")).to_have_count(0)
    trouble.clear()
