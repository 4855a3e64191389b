"""What browser tests share: people who log in, pages that report what went wrong in them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.factories import PASSWORD, UserFactory

# Two browsers, a server and a database may share one core.
expect.set_options(timeout=15_000)


class Trouble(list[str]):
    """What the pages of a test complained about: script errors, refused styles, lost requests."""


@pytest.fixture
def trouble() -> Iterator[Trouble]:
    found = Trouble()
    yield found
    assert found == []


@pytest.fixture
def staff(
    browser: Browser, live_server: LiveServer, trouble: Trouble
) -> Iterator[Callable[..., Page]]:
    """`staff("Nurse")` is a nurse's page, logged in through the form; options are the context's."""
    contexts = []

    def log_in(role: str, **options: Any) -> Page:
        user = UserFactory(role=role, password=PASSWORD, practitioner=options.pop("treats", None))
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        listen(page, trouble)
        page.goto("/account/login/")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
        return page

    yield log_in
    for context in contexts:
        context.close()


def listen(page: Page, trouble: Trouble) -> None:
    """Collect script errors, console errors and failed requests of a page."""
    page.on("pageerror", lambda error: trouble.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            trouble.append(f"console: {message.text}") if message.type == "error" else None
        ),
    )
    page.on(
        "requestfailed",
        lambda request: (
            trouble.append(f"request: {request.url} {request.failure}")
            if "ERR_ABORTED" not in (request.failure or "")
            else None
        ),
    )
