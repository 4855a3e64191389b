"""What browser tests share: people who log in, pages that report what went wrong in them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
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


@pytest.fixture
def context_of(
    browser: Browser, live_server: LiveServer
) -> Iterator[Callable[..., BrowserContext]]:
    """A browser in which somebody is logged in already; nobody where no user is given."""
    opened: list[BrowserContext] = []

    def make(user: Any = None, **options: Any) -> BrowserContext:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(base_url=live_server.url, reduced_motion="reduce", **options)
        opened.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            name = settings.SESSION_COOKIE_NAME
            cookie = client.cookies[name].value
            context.add_cookies([{"name": name, "value": cookie, "url": live_server.url}])
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def page_of(context_of: Callable[..., BrowserContext], trouble: Trouble) -> Callable[..., Page]:
    """`page_of("Nurse")` is a nurse's page, or that of a given user."""

    def make(role: Any, **options: Any) -> Page:
        user = UserFactory(role=role) if isinstance(role, str) else role
        page = context_of(user, **options).new_page()
        listen(page, trouble)
        return page

    return make


def listen(page: Page, trouble: Trouble) -> None:
    """Collect script errors, console errors and failed requests of a page."""
    page.on("pageerror", lambda error: trouble.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            trouble.append(f"console: {message.text}")
            # A form that comes back with errors or a conflict is an answer, not a fault.
            if message.type == "error" and not re.search(r"status of (422|409)", message.text)
            else None
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
