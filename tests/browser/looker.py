"""Looks at a page as axe and two widths see it: loaded once, then narrow, dark and zoomed."""

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, ViewportSize

AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text()
# A page is loaded once, wide and light; then looked at narrow and dark.
WIDE, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=375, height=800)
ZOOMED = ViewportSize(width=640, height=450)
WHOLE = "() => axe.run(document, {resultTypes: ['violations']})"
COLOURS = "() => axe.run(document, {runOnly: ['color-contrast'], resultTypes: ['violations']})"
# In the light, the colours of a phone are those of the wide page.
LOOKS: tuple[tuple[ViewportSize, Literal["light", "dark"], str], ...] = (
    (WIDE, "light", WHOLE),
    (WIDE, "dark", COLOURS),
    (PHONE, "dark", WHOLE),
)

# Pages that answer with anything but 200, by name.
ANSWERS = {
    "missing": 404, "forbidden": 403, "search refused": 422, "refused": 409,
    "broken": 500, "conflict": 409, "unavailable": 503,
}  # fmt: skip


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
            self.said.append(f"console: {message.text} {message.location['url']}")

    def _lost(self, request: Any) -> None:
        # A page that is left while it asks for suggestions drops that question.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.said.append(f"lost: {request.url} {request.failure}")

    def look(self, name: str, url: str) -> None:
        # Axe tries styles of its own on the page before, and is refused.
        self.said.clear()
        answer = self.page.goto(url)
        assert answer is not None
        if answer.status != ANSWERS.get(name, 200):
            self.faults.append(f"{name}: answered {answer.status}")
        self.examine(name)

    def examine(self, name: str) -> None:
        """What axe says at both sizes and in both schemes, and whether anything hangs over."""
        page, found = self.page, self.said[:]
        self.said.clear()
        page.evaluate(AXE)
        for size, scheme, rules in LOOKS:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            found += self._axe(rules, f"{size['width']} {scheme}")
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
