"""The same form sent twice at the same moment: one row, and both are answered as if alone."""

import threading
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from clinik.models import AuditEvent
from encounters.models import Diagnosis, Encounter
from records.models import Note, Observation
from tests.form_cases import CREATES, World

pytestmark = pytest.mark.django_db(transaction=True)

MADE: dict[str, Any] = {
    "encounter_open": Encounter,
    "vitals_add": Observation,
    "note_add": Note,
    "encounter_past": Encounter,
    "diagnosis_add": Diagnosis,
}


@pytest.fixture(autouse=True)
def roles(transactional_db: None) -> None:
    """The tests before have emptied the tables, the roles with them."""
    from clinik.roles import sync_after_migrate

    sync_after_migrate()


@pytest.mark.parametrize("name", sorted(MADE))
def test_form_sent_twice_at_once_makes_one_row(name: str) -> None:
    world = World()
    case = next(each for each in CREATES if each.id == name)
    url, form = case.find(world)
    model = MADE[name]
    before, starting = model.objects.count(), threading.Barrier(2)
    answers: list[Any] = []

    def press(client: Client) -> None:
        starting.wait()
        try:
            answers.append(client.post(url, form.data))
        finally:
            connections.close_all()

    presses = [threading.Thread(target=press, args=[_logged_in(world)]) for _each in range(2)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    assert [each.status_code for each in answers] == [302, 302]
    assert len({each["Location"] for each in answers}) == 1
    assert model.objects.count() == before + 1
    created = AuditEvent.objects.filter(object_type=model._meta.label_lower, action="C")
    assert created.count() == before + 1


def _logged_in(world: World) -> Client:
    client = Client()
    client.force_login(world.user)
    return client
