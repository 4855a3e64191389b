"""The admin in a browser: axe has nothing to report, the policy refuses nothing, all fits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from clinik.models import Code, User
from clinik.roles import ADMINISTRATOR, FRONT_DESK
from encounters.models import Diagnosis, Encounter, Patient, Practitioner
from records.models import Note, Observation
from tests.admin_world import make_rows
from tests.factories import UserFactory

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
SIZES = {"wide": (1280, 900), "phone": (375, 800)}
LOOKS = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
FORMS = [Code, Diagnosis, Encounter, Note, Observation, Patient, Practitioner, User]


def url_of(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def urls(transactional_db: None) -> dict[str, str]:
    """Every list, a form and a history of those that are edited or read most, and the rest."""
    make_rows(3)
    found = {"index": reverse("admin:index"), "app": reverse("admin:app_list", args=["records"])}
    for model in MODELS:
        found[f"list of {model._meta.model_name}"] = url_of(model, "changelist")
    for model in FORMS:
        row = model._default_manager.order_by("pk").first()
        found[f"form of {model._meta.model_name}"] = url_of(model, "change", row.pk)
        found[f"history of {model._meta.model_name}"] = url_of(model, "history", row.pk)
    for model in (Code, Practitioner, User):
        found[f"new {model._meta.model_name}"] = url_of(model, "add")
    user = UserFactory(role=FRONT_DESK)
    found["act"] = reverse("admin:clinik_user_act", args=(user.pk, "link"))
    found["in error"] = url_of(Diagnosis, "error", Diagnosis.objects.order_by("pk").first().pk)
    found["nothing found"] = url_of(Patient, "changelist") + "?q=zzzz"
    return found


@pytest.fixture
def context_of(browser: Browser, live_server: LiveServer, transactional_db: None) -> Iterator[Any]:
    opened: list[BrowserContext] = []

    def make(size: str = "wide", scheme: Any = "light") -> BrowserContext:
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
        )
        client = Client()
        client.force_login(UserFactory(role=ADMINISTRATOR))
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


def faults_of(page: Page) -> list[str]:
    """What axe reports, and whether the page is wider than the window."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("() => axe.run(document, {resultTypes: ['violations', 'incomplete']})")
    found = [
        f"{fault['id']}: {fault['help']}: {node['html'][:160]}"
        for fault in result["violations"]
        for node in fault["nodes"][:3]
    ]
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    return found + ([f"{wide} px too wide"] if wide > 0 else [])


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe_reports_nothing(size: str, scheme: str, urls: dict[str, str], context_of: Any) -> None:
    page = context_of(size, scheme).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else 0)
    page.on("pageerror", lambda error: said.append(str(error)))
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else 0)
    faults = {}
    for name, url in urls.items():
        page.goto(url)
        page.wait_for_load_state("load")
        # Before axe, which tries styles of its own and is refused.
        found = [*said, *failed]
        if found := found + faults_of(page):
            faults[name] = "\n  ".join([name, *found])
        said.clear()
        failed.clear()
    assert not faults, "\n".join(faults.values())
