"""The clinic's flows without JavaScript, and by the keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from encounters.allergies import state_no_known_allergies
from encounters.models import Encounter, Patient
from records.models import Assessment, Note, Observation, Prescription
from tests.browser.test_clinic_day import records_of
from tests.factories import EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

SIGNS = {"systolic": "142", "diastolic": "91", "pulse": "72", "temperature": "36.8"}
SIGNS |= {"spo2": "98", "respiration": "16"}


def section(page: Page, name: str) -> Locator:
    return page.locator(f"#section-{name}")


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def add(page: Page, name: str, button: str, **fields: str) -> None:
    """Open the form of a section by its link, fill it, send it."""
    section(page, name).get_by_role("link", name=re.compile("Add|All fields")).first.click()
    for field, value in fields.items():
        box = page.locator(f"#section-{name} .section-form [name={field}]")
        if box.evaluate("box => box.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    press(page, button)


def test_a_visit_without_javascript(page_of: Callable[..., Page]) -> None:
    page = page_of(CLINICIAN, java_script_enabled=False)
    page.goto("/patients/")
    page.get_by_role("link", name=re.compile("Register")).first.click()
    page.locator("[name=family]").fill("Quartey")
    page.locator("[name=given]").fill("Esi")
    page.locator("[name=birth_date]").fill("1980-05-17")
    page.locator("main .save-bar .btn-primary").click()
    expect(page.locator("#patient-banner")).to_contain_text("QUARTEY, Esi")
    page.get_by_role("link", name="New visit").first.click()
    press(page, "Open visit")
    visit = Encounter.objects.get(patient=Patient.objects.get(family="Quartey"))
    page.goto(f"/visits/{visit.pk}/")
    press(page, "Start")
    expect(page.locator("main .page-head")).to_contain_text("in progress")
    add(page, "vitals", "Save vitals", **SIGNS)
    expect(section(page, "vitals")).to_contain_text("142/91")
    add(page, "diagnoses", "Add diagnosis", condition_text="Essential hypertension")
    expect(section(page, "diagnoses")).to_contain_text("Essential hypertension")
    add(page, "notes", "Save and sign", content="Feels well.")
    press(page, "Sign")
    expect(section(page, "notes")).to_contain_text(re.compile(r"· signed \d"))
    add(
        page,
        "prescriptions",
        "Prescribe",
        medication_text="Amlodipine 5 mg",
        override_reason="Asked just now: none",
    )
    expect(section(page, "prescriptions")).to_contain_text("Amlodipine 5 mg")
    add(page, "assessments", "Save assessment", summary="Stage 2 range on one reading.")
    expect(section(page, "assessments")).to_contain_text("Stage 2 range")
    page.locator("main .page-head").get_by_role("link", name="Close visit").click()
    press(page, "Close visit")
    expect(page.locator("main .page-head")).to_contain_text("finished")
    assert records_of(visit) == [True] * 4


class Typist:
    """Hands that never leave the keyboard; counts every press and every letter."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.pressed += len(text)

    def tab_to(self, place: Locator, most: int = 60) -> None:
        """Tab until the focus is there, seeing at each stop where it is."""
        for _each in range(most):
            if place.evaluate("node => node === document.activeElement"):
                return
            self.press("Tab")
            assert self.focus_is_seen(), self.page.evaluate("document.activeElement.outerHTML")
        raise AssertionError(f"{place} is out of the keyboard's reach")

    def focus_is_seen(self) -> bool:
        return self.page.evaluate(
            """() => {
              const node = document.activeElement, style = getComputedStyle(node);
              const box = node.getBoundingClientRect();
              return node === document.body || box.width === 0
                || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
                || style.boxShadow !== "none";
            }"""
        )


def test_a_visit_by_keyboard_alone(page_of: Callable[..., Page]) -> None:
    page = page_of(CLINICIAN)
    hands = Typist(page)
    page.goto("/patients/new/")
    hands.tab_to(page.locator("[name=family]"))
    hands.type("Quartey")
    hands.tab_to(page.locator("[name=given]"))
    hands.type("Esi")
    hands.tab_to(page.locator("[name=birth_date]"))
    hands.type("1980-05-17")
    hands.press("Enter")
    page.wait_for_url(re.compile("/patients/[0-9a-f-]{36}/"))
    hands.press("n")
    page.wait_for_url("**/visits/new/")
    expect(page.get_by_role("button", name="Open visit")).to_be_focused()
    hands.press("Enter")
    page.wait_for_url(re.compile("/visits/[0-9a-f-]{36}/"))
    hands.tab_to(page.get_by_role("button", name="Start"))
    hands.press("Space")
    expect(page.locator("main .page-head")).to_contain_text("in progress")
    vitals_by_keys(hands)
    state_no_known_allergies(Patient.objects.get(), by=UserFactory(role=NURSE))
    for key, name, text in (
        ("d", "condition_text", "Essential hypertension"),
        ("p", "medication_text", "Amlodipine 5 mg"),
    ):
        hands.press(key)
        expect(page.locator(f".section-form [name={name}]")).to_be_focused()
        hands.type(text)
        hands.press("Enter")
        expect(page.locator(".section-form")).to_have_count(0)
        expect(page.locator("main")).to_contain_text(text)
        # The focus follows once the section has settled.
        expect(page.locator("h2:focus")).to_have_count(1)
    hands.press("a")
    expect(page.locator("[name=summary]")).to_be_focused()
    hands.type("Stage 2 range on one reading.")
    hands.tab_to(page.get_by_role("button", name="Save assessment"))
    hands.press("Enter")
    expect(page.locator(".section-form")).to_have_count(0)
    hands.press("w")
    expect(page.locator("[name=content]")).to_be_focused()
    hands.type("Feels well.")
    hands.tab_to(page.get_by_role("button", name="Save and sign"))
    hands.press("Enter")
    expect(page.get_by_role("button", name="Sign", exact=True)).to_be_focused()
    hands.press("Enter")
    expect(section(page, "notes")).to_contain_text(re.compile(r"· signed \d"))
    close_by_two_keys(hands)
    for model in (Observation, Note, Prescription, Assessment):
        assert model.objects.filter(encounter=Encounter.objects.get()).exists()


def vitals_by_keys(hands: Typist) -> None:
    """A full set with its score, read back while typing, in at most 30 keys."""
    before, page = hands.pressed, hands.page
    hands.press("m")
    expect(page.locator("[name=line]")).to_be_focused()
    hands.type("142/91 72 36.8 98 r16 a air")
    expect(page.locator("#vitals-reading")).to_contain_text("NEWS2 0")
    expect(page.locator("#vitals-reading")).to_contain_text("142/91")
    hands.press("Enter")
    expect(section(page, "vitals").locator(".vitals")).to_contain_text("142/91")
    expect(page.locator("#said")).to_have_text("Vitals: saved")
    assert hands.pressed - before <= 30


def close_by_two_keys(hands: Typist) -> None:
    before = hands.pressed
    hands.press("c")
    hands.page.wait_for_url("**/close/")
    expect(hands.page.get_by_role("button", name="Close visit")).to_be_focused()
    hands.press("Enter")
    expect(hands.page.locator("main .page-head")).to_contain_text("finished")
    assert hands.pressed - before == 2


@pytest.mark.parametrize("role", [NURSE, CLINICIAN])
def test_a_clean_visit_closes_with_two_keys(role: str, page_of: Callable[..., Page]) -> None:
    page = page_of(role)
    page.goto(f"/visits/{EncounterFactory().pk}/")
    close_by_two_keys(Typist(page))


def test_errors_take_the_focus_and_keep_the_words(page_of: Callable[..., Page]) -> None:
    page = page_of(NURSE)
    page.goto(f"/visits/{EncounterFactory().pk}/")
    add(page, "vitals", "Save vitals", systolic="142", diastolic="910")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.locator("[name=systolic]")).to_have_value("142")
    assert not Observation.objects.exists()


def test_the_find_box_never_picks_one_of_two_who_sound_alike(page_of: Callable[..., Page]) -> None:
    for _each in range(2):
        EncounterFactory(patient__family="Quartey", patient__given="Esi")
    page = page_of(FRONT_DESK)
    page.goto("/")
    hands = Typist(page)
    hands.press("/")
    hands.type("qua")
    expect(page.get_by_role("option")).not_to_have_count(0)
    hands.press("Enter")
    expect(page).to_have_url(re.compile("/$"))
    hands.press("ArrowDown", "Enter")
    page.wait_for_url(re.compile("/patients/[0-9a-f-]{36}/"))
