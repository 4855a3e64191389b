"""The admin in a browser: axe has nothing to report, the policy refuses nothing, all fits."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import BrowserContext

from clinik.models import Code, ImportedResource, ImportFile, ImportRun, User
from clinik.roles import ADMINISTRATOR, FRONT_DESK
from encounters.models import Diagnosis, Encounter, Patient, Practitioner
from records.models import Note, Observation
from tests.admin_world import make_rows
from tests.browser.looker import Looker
from tests.factories import UserFactory

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
    # The newest, whose files say something.
    for model in (ImportRun, ImportFile, ImportedResource):
        row = model._default_manager.order_by("-pk").first()
        found[f"page of {model._meta.model_name}"] = url_of(model, "change", row.pk)
    for model in (Code, Practitioner, User):
        found[f"new {model._meta.model_name}"] = url_of(model, "add")
    user = UserFactory(role=FRONT_DESK)
    found["act"] = reverse("admin:clinik_user_act", args=(user.pk, "link"))
    found["in error"] = url_of(Diagnosis, "error", Diagnosis.objects.order_by("pk").first().pk)
    found["nothing found"] = url_of(Patient, "changelist") + "?q=zzzz"
    return found


@pytest.mark.parametrize("half", [0, 1])
def test_axe_reports_nothing(
    half: int, urls: dict[str, str], context_of: Callable[..., BrowserContext]
) -> None:
    looker = Looker(context_of(UserFactory(role=ADMINISTRATOR)).new_page())
    for name, url in list(urls.items())[half::2]:
        looker.look(name, url)
    assert not looker.faults, "\n".join(looker.faults)
