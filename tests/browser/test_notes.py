"""Notes in the browser: not a word is lost, and no mouse is needed."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from clinik.ids import uuid7
from clinik.roles import CLINICIAN
from clinik.session_store import Session
from encounters.models import Encounter
from records.models import Note
from records.vitals_entry import record_vitals
from tests.factories import PASSWORD, EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

SAVED = re.compile(r"^saved \d\d:\d\d$")
LONG = ("Slept well, no pain, walks to the door and back. " * 11)[:500]


def visit_with_vitals() -> Encounter:
    visit: Encounter = EncounterFactory()
    record_vitals(visit, by=UserFactory(role="Nurse"), id=uuid7(), pulse="88")
    return visit


def test_500_characters_survive_the_end_of_the_browser(
    context_of: Callable[..., BrowserContext],
) -> None:
    user, visit = UserFactory(role=CLINICIAN), EncounterFactory()
    killed = context_of(user)
    page = killed.new_page()
    page.goto(f"/visits/{visit.pk}/?add=note")
    page.locator("[name=content]").press_sequentially(LONG, delay=0)
    page.wait_for_timeout(2_000)
    killed.close()
    again = context_of(user).new_page()
    again.goto(f"/visits/{visit.pk}/?add=note")
    expect(again.locator("[name=content]")).to_have_value(LONG)
    expect(again.locator("#section-notes")).to_contain_text("Brought back: draft of")


def test_the_login_runs_out_while_writing(page_of: Callable[..., Page], trouble: list[str]) -> None:
    user, visit = UserFactory(role=CLINICIAN, password=PASSWORD), EncounterFactory()
    page = page_of(user)
    page.goto(f"/visits/{visit.pk}/?add=note")
    page.locator("[name=content]").fill("Before it ran out.")
    expect(page.locator("[data-draft-state]")).to_have_text(SAVED)
    Session.objects.all().delete()
    page.locator("[name=content]").press_sequentially(" And after.")
    dialog = page.get_by_role("dialog", name="Your login has run out")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_contain_text("not correct")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-draft-state]")).to_have_text(SAVED)
    page.get_by_role("button", name="Save and sign").click()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#section-notes")).to_contain_text(re.compile(r"signed \d"))
    note = Note.objects.get()
    assert note.content.endswith(" And after.")
    assert "Before it ran out." in note.content
    assert [text for text in trouble if "400" not in text] == []
    trouble.clear()


@pytest.mark.parametrize("fault", ["500", "cut", "silent"])
def test_a_fault_of_the_server_or_the_line_is_said_and_mended(
    fault: str, page_of: Callable[..., Page], trouble: list[str]
) -> None:
    page = page_of(CLINICIAN)
    page.goto(f"/visits/{EncounterFactory().pk}/?add=note")
    kept: list[Route] = []

    def fail(route: Route) -> None:
        if fault == "500":
            route.fulfill(status=500, body="")
        elif fault == "cut":
            route.abort()
        else:
            kept.append(route)

    page.route("**/drafts/**", fail)
    page.locator("[name=content]").fill("Half a sentence")
    state = page.locator("[data-draft-state]")
    expect(state).to_contain_text("NOT saved, ", timeout=3_000)
    for route in kept:
        route.abort()
    page.unroute("**/drafts/**")
    expect(state).to_have_text(SAVED)
    page.reload()
    expect(page.locator("[name=content]")).to_have_value("Half a sentence")
    trouble.clear()


def test_a_note_from_a_template_without_a_mouse(page_of: Callable[..., Page]) -> None:
    visit, page = visit_with_vitals(), page_of(CLINICIAN)
    page.goto(f"/visits/{visit.pk}/")
    page.locator("h1").first.wait_for()
    keys = 0

    def press(key: str) -> None:
        nonlocal keys
        keys += 1
        page.keyboard.press(key)

    press("w")
    area = page.locator("[name=content]")
    expect(area).to_be_focused()
    for _each in range(8):
        if page.evaluate("document.activeElement.name") == "template":
            break
        press("Shift+Tab")
    page.keyboard.type("SOAP")
    press("Enter")
    expect(area).to_have_value(re.compile(r"^Subjective:\n\n\nObjective:\n> copied from vitals"))
    expect(area).to_be_focused()
    page.keyboard.type("Slept well.")
    expect(area).to_have_value(re.compile(r"^Subjective:\nSlept well\.\n"))
    expect(page.locator("[name=type]")).to_have_value("progress-note")
    for _each in range(4):
        if page.evaluate("document.activeElement.value") == "sign":
            break
        press("Tab")
    press("Enter")
    expect(page.get_by_role("button", name="Sign", exact=True)).to_be_focused()
    press("Enter")
    expect(page.locator("#section-notes")).to_contain_text(re.compile(r"signed \d"))
    expect(page.locator("#section-notes .copied")).to_contain_text("copied from vitals")
    assert keys <= 14, keys
    assert Note.objects.get().status == "final"


def test_undo_takes_a_template_out_and_leaves_what_was_typed(page_of: Callable[..., Page]) -> None:
    visit, page = visit_with_vitals(), page_of(CLINICIAN)
    page.goto(f"/visits/{visit.pk}/?add=note")
    area = page.locator("[name=content]")
    area.fill("Mine.")
    page.get_by_label("Template").select_option("history")
    page.get_by_role("button", name="Insert").click()
    expect(area).to_have_value(re.compile(r"^Mine\.\n\nWhy they came:"))
    expect(page.locator("[name=type]")).to_have_value("history-and-physical")
    page.get_by_role("button", name="Undo").click()
    expect(area).to_have_value("Mine.")
    expect(page.locator("[name=type]")).to_have_value("progress-note")


def test_a_note_without_javascript(page_of: Callable[..., Page]) -> None:
    visit, page = visit_with_vitals(), page_of(CLINICIAN, java_script_enabled=False)
    page.goto(f"/visits/{visit.pk}/?add=note")
    page.locator("[name=content]").fill("Mine.")
    page.get_by_label("Template").select_option("vitals")
    page.get_by_role("button", name="Insert").click()
    expect(page.locator("[name=content]")).to_have_value(re.compile(r"^Mine\.\n\n> copied from"))
    page.get_by_role("button", name="Save and sign").click()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#section-notes")).to_contain_text(re.compile(r"signed \d"))
    assert Note.objects.get().content.startswith("Mine.\n\n> copied from vitals")
