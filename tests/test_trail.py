"""The trail: nobody sees a patient without a row in it, and without it nothing is seen or done."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client

from clinik.models import AuditEvent
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN
from encounters.models import Practitioner
from tests.form_cases import CASES, Case, World
from tests.page_forms import state
from tests.test_permissions import TABLE, _own, url_of, world  # noqa: F401

pytestmark = pytest.mark.django_db

# GET pages that name no single patient and search for none, and suggestions that name no patient.
NOBODY_NAMED = {
    "preferences",
    "healthz",
    "readyz",
    "session_state",
    "session_list",
    "session_kept",
    "encounters:patient_register",
    "encounters:condition_find",
    "encounters:practitioner_find",
    # A number in the header.
    "records:todo_count",
    # No patient's: one's templates, the clinic's drugs, a line read back.
    "records:template_list",
    "records:template_add",
    "records:template_edit",
    "records:medication_find",
    "records:dosage_read",
}
PAGES = sorted(name for name, row in TABLE.items() if row.get)


def role_for(name: str) -> str:
    roles = TABLE[name].get
    return next(role for role in (CLINICIAN, ADMINISTRATOR, AUDITOR) if role in roles)


def _client(name: str, world: dict[str, Any]) -> tuple[Client, Any]:  # noqa: F811
    """Somebody who may read the page, and who wrote the world's records."""
    found = World(role_for(name))
    author = Practitioner.objects.filter(user=found.user).first()
    for kind in ("note", "prescription", "observation") if author else ():
        row = world["made"][kind]
        type(row).objects.filter(pk=row.pk).update(author=author)
    return found.client, found.user


@pytest.mark.parametrize("name", [name for name in PAGES if name not in NOBODY_NAMED])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
def test_reading_leaves_a_row(
    name: str,
    headers: dict[str, str],
    world: dict[str, Any],  # noqa: F811
) -> None:
    client, user = _client(name, world)
    response = client.get(url_of(name, _own()[name], world), headers=headers)
    rows = AuditEvent.objects.filter(by=user, action=AuditEvent.Action.READ)
    if response.status_code == 200:
        assert rows.exists()
    else:
        assert response.status_code in (302, 409)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in NOBODY_NAMED])
def test_page_without_a_trail_is_unavailable(name: str, world: dict[str, Any]) -> None:  # noqa: F811
    client, _user = _client(name, world)
    url = url_of(name, _own()[name], world)
    if client.get(url).status_code != 200:
        return
    with _no_trail():
        response = client.get(url)
    assert response.status_code == 503
    assert world["made"]["patient"].family not in response.content.decode()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_form_without_a_trail_does_nothing(case: Case) -> None:
    found = World(case.role)
    url, form = case.find(found)
    if case.url_name == "records:board_earlier":
        form.data["visit"] = str(found.patient.encounters.get().pk)
    before = state()
    with _no_trail():
        response = found.client.post(url, form.data)
    assert response.status_code == 503
    assert state() == before


def _no_trail() -> Any:
    return patch.object(AuditEvent.objects, "create", side_effect=OperationalError("read-only"))
