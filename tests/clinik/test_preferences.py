"""What a person sets for themselves."""

import pytest
from django.test import Client

from clinik.models import AuditEvent
from clinik.roles import FRONT_DESK
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_single_letter_keys_are_switched_off_and_on_again(client: Client) -> None:
    user = UserFactory(role=FRONT_DESK)
    client.force_login(user)
    page = client.get("/account/preferences/").content.decode()
    assert 'name="single_keys"' in page
    assert 'data-keys="off"' not in page

    client.post("/account/preferences/", {})
    assert 'data-keys="off"' in client.get("/account/preferences/").content.decode()
    user.refresh_from_db()
    assert (user.single_keys, user.version, user.history.count()) == (False, 2, 2)
    assert AuditEvent.objects.get(act="user.change").fields == ["single_keys"]

    client.post("/account/preferences/", {"single_keys": "on"})
    user.refresh_from_db()
    assert user.single_keys is True


def test_preferences_saved_unchanged_write_nothing(client: Client) -> None:
    user = UserFactory(role=FRONT_DESK)
    client.force_login(user)
    client.post("/account/preferences/", {"single_keys": "on"})
    assert not AuditEvent.objects.filter(act="user.change").exists()


def test_menu_leads_to_the_preferences(client: Client) -> None:
    client.force_login(UserFactory(role=FRONT_DESK))
    assert 'href="/account/preferences/"' in client.get("/").content.decode()
