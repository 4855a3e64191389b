"""A diagnosis with the keyboard alone: by code in at most eight keys, by what people say."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from clinik.code_index import searchable, take_in
from clinik.codes import ICD10CM
from clinik.models import Code
from clinik.roles import CLINICIAN
from encounters.models import Diagnosis
from tests.browser.test_flows import Typist
from tests.factories import EncounterFactory

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = {
    "I10": ("Essential (primary) hypertension", "high blood pressure"),
    "R03.0": ("Elevated blood-pressure reading", "high blood pressure reading"),
    "R51.9": ("Headache, unspecified", "headache"),
}


@pytest.fixture(autouse=True)
def table(transactional_db: None) -> None:
    """A small code table."""
    for code, (display, name) in TABLE.items():
        names = searchable([display, name])
        take_in(
            Code.objects.create(
                system=ICD10CM, code=code, display=display, kind="code", search=names
            )
        )


@pytest.fixture
def hands(page_of: Callable[..., Page]) -> Typist:
    """On a visit."""
    page = page_of(CLINICIAN)
    page.goto(f"/visits/{EncounterFactory().pk}/")
    return Typist(page)


def saved(hands: Typist) -> Diagnosis:
    expect(hands.page.locator(".section-form")).to_have_count(0)
    return Diagnosis.objects.get()


def open_form(hands: Typist) -> None:
    hands.press("d")
    expect(hands.page.locator("[name=condition_text]")).to_be_focused()


def test_a_diagnosis_by_code_takes_at_most_eight_keys(hands: Typist) -> None:
    open_form(hands)
    hands.type("i10")
    hands.press("Enter")
    expect(hands.page.locator("[name=condition_text]")).to_have_value(
        "I10 Essential (primary) hypertension"
    )
    hands.press("Enter")
    assert saved(hands).condition_code == "I10"
    assert hands.pressed <= 8


def test_words_people_say_find_it_first_and_arrows_reach_the_next(hands: Typist) -> None:
    open_form(hands)
    hands.type("high blood pres")
    options = hands.page.get_by_role("option")
    expect(options.first).to_contain_text("I10")
    expect(hands.page.locator(".combo [role=status]").last).to_contain_text("2 found")
    hands.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    hands.press("ArrowUp", "Enter")
    hands.tab_to(hands.page.locator("[name=use]"), most=2)
    hands.type("comorb")
    hands.tab_to(hands.page.locator("[name=rank]"), most=2)
    hands.type("1")
    hands.press("Enter")
    row = saved(hands)
    assert (row.condition_code, row.use, row.rank) == ("I10", "CM", 1)


def test_escape_keeps_the_words(hands: Typist) -> None:
    open_form(hands)
    hands.type("headache")
    expect(hands.page.get_by_role("option").first).to_contain_text("R51.9")
    hands.press("Escape", "Enter")
    row = saved(hands)
    assert (row.condition_text, row.condition_code) == ("headache", "")


def test_without_javascript_a_button_looks_the_code_up(page_of: Callable[..., Page]) -> None:
    page = page_of(CLINICIAN, java_script_enabled=False)
    page.goto(f"/visits/{EncounterFactory().pk}/?add=diagnosis")
    page.locator("[name=condition_text]").fill("high blood pressure")
    page.get_by_role("button", name="Look up a code").click()
    expect(page.locator("main")).to_contain_text("Which one?")
    assert not Diagnosis.objects.exists()
    page.get_by_role("radio", name="I10 Essential (primary) hypertension").check()
    page.get_by_role("button", name="Add diagnosis").click()
    expect(page.locator("#section-diagnoses")).to_contain_text("I10")
    row = Diagnosis.objects.get()
    assert (row.condition_code, row.condition_display) == (
        "I10",
        "Essential (primary) hypertension",
    )
