"""Every page of the clinic: axe has nothing to report, nothing is cut off, nothing is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK
from encounters.models import Patient
from encounters.views import search
from tests.browser.world import World, make_world

AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text()
# A page is loaded once, wide and light; then looked at narrow and dark.
WIDE, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=375, height=800)
ZOOMED = ViewportSize(width=640, height=450)
WHOLE = "() => axe.run(document, {resultTypes: ['violations']})"
COLOURS = "() => axe.run(document, {runOnly: ['color-contrast'], resultTypes: ['violations']})"
# Forms that are sent empty, to look at the page with their errors.
SENT_EMPTY = (
    "register", "plan", "allergy", "addendum", "cancel, arrived", "error, open", "reopen, finished",
    "note_add", "prescription_add", "assessment_add", "vitals_add", "add diagnosis", "past visit",
    "close, stay",
)  # fmt: skip


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


class Looker:
    """Opens pages and collects what is wrong with them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        self.said: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        page.on("requestfailed", self._lost)

    def _console(self, message: Any) -> None:
        # That the page or a form answers with errors is what was asked for.
        lost = message.text.startswith("Failed to load resource")
        own = lost and "/static/" not in message.location["url"]
        if message.type == "error" and not own:
            self.said.append(f"console: {message.text}")

    def _lost(self, request: Any) -> None:
        # A page that is left while it asks for suggestions drops that question.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.said.append(f"lost: {request.url} {request.failure}")

    def look(self, name: str, url: str) -> None:
        answer = self.page.goto(url)
        assert answer is not None
        expected = {"missing": 404, "forbidden": 403, "broken": 500, "search refused": 422}
        if answer.status != expected.get(name, 200):
            self.faults.append(f"{name}: answered {answer.status}")
        self.examine(name)

    def examine(self, name: str) -> None:
        """What axe says at both sizes in both schemes, and whether anything hangs over."""
        page, found = self.page, self.said[:]
        self.said.clear()
        page.evaluate(AXE)
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme="light")
            found += self._axe(WHOLE, f"{size['width']} light")
            page.emulate_media(color_scheme="dark")
            found += self._axe(COLOURS, f"{size['width']} dark")
            found += self._over(size["width"])
        page.set_viewport_size(ZOOMED)
        found += self._over(ZOOMED["width"])
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")
        self.faults += [f"{name}: {fault}" for fault in found]

    def _axe(self, script: str, where: str) -> list[str]:
        return [
            f"{where}: {fault['id']}: {fault['help']}: {node['html'][:160]}"
            for fault in self.page.evaluate(script)["violations"]
            for node in fault["nodes"][:2]
        ]

    def _over(self, width: int) -> list[str]:
        over = self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        return [f"{width}: {over} px too wide"] if over > 0 else []

    def send_empty(self, name: str) -> None:
        form = self.page.locator("main form[method=post]:has(.save-bar), main .form-card").first
        for field in form.locator("input[type=text]:visible, textarea:visible").all():
            field.fill("")
        form.locator("button.btn-primary, button.btn-danger").first.click()
        self.page.wait_for_load_state("networkidle")
        self.examine(f"{name}, sent empty")


def pages_of(world: World, role: str, part: slice) -> dict[str, str]:
    return dict(list(world.pages[role].items())[part])


@pytest.mark.parametrize(
    ("role", "part"),
    [
        (FRONT_DESK, slice(None)),
        (CLINICIAN, slice(0, 16)),
        (CLINICIAN, slice(16, 30)),
        (CLINICIAN, slice(30, None)),
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
    monkeypatch.setattr(search, "EncounterFilter", None)
    desk.look("broken", "/visits/")
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
    expect(page.locator("#duplicates")).to_contain_text("is registered already")
    desk.examine("likely duplicates")
    page.goto(f"/patients/{patient.pk}/edit/")
    page.locator("[name=phone]").fill("555 0111")
    Patient.objects.get(pk=patient.pk).save()
    page.locator("main .save-bar .btn-primary").click()
    page.wait_for_load_state()
    desk.examine("changed meanwhile")
