"""Every form: it acts once, overwrites nobody's work, and writes to the patient it was shown for.

The cases come from tests/form_cases.py; each form is read off its page and sent as a browser would.
"""

import uuid
from typing import Any

import pytest
from django.test import Client

from clinik.ids import uuid7
from clinik.models import AuditEvent
from encounters.models import Encounter, StatusPeriod
from tests.factories import PatientFactory, UserFactory
from tests.form_cases import CASES, CREATES, EDITS, NO_FORM, STEPS, Case, World
from tests.page_forms import forms_of, state
from tests.test_permissions import TABLE

pytestmark = pytest.mark.django_db


# Steps that no newer version can make wrong: they state what the page asked, or tick a list.
UNVERSIONED = {
    "allergy_none",
    "patient_not_same",
    "board_earlier",
    "encounter_hand_over_all",
    "template_remove",
}


def each(*cases: Case) -> Any:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in cases])


def send(world: World, url: str, data: dict[str, Any]) -> Any:
    return world.client.post(url, data)


def test_every_posted_url_has_a_case() -> None:
    posted = {name for name, row in TABLE.items() if row.post}
    assert posted == {case.url_name for case in CASES} | NO_FORM


@each(*CASES)
def test_form_writes_and_leaves_an_audit_row(case: Case) -> None:
    world = World(case.role)
    url, form = case.find(world)
    before, last = state(), AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first()
    if "visit" not in form.data and case.url_name == "records:board_earlier":
        form.data["visit"] = str(Encounter.objects.get().pk)
    response = send(world, url, form.data)
    assert response.status_code == 302, response.content.decode()[:3000]
    assert state() != before
    written = AuditEvent.objects.filter(pk__gt=last or 0, by=world.user)
    assert written.exclude(action=AuditEvent.Action.READ).exists()


@each(*CREATES)
def test_form_sent_again_makes_no_second_row(case: Case) -> None:
    world = World(case.role)
    url, form = case.find(world)
    first = send(world, url, form.data)
    other = Client()
    other.force_login(UserFactory(role=case.role))
    after = state()
    again = send(world, url, form.data)
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    changed = send(world, url, form.data | case.other)
    assert changed.status_code in (409, 422)
    assert "already sent with other content" in changed.content.decode()
    assert other.post(url, form.data).status_code == 404, "the key of another author"
    assert state() == after


@each(*(case for case in CREATES if case.guarded))
def test_key_of_another_patient_is_not_found(case: Case) -> None:
    world = World(case.role)
    url, form = case.find(world)
    assert send(world, url, form.data).status_code == 302
    world.patient = PatientFactory()
    elsewhere, again = case.find(world)
    after = state()
    sent = form.data | {"id": form.data["id"], "patient": again.data["patient"]}
    assert send(world, elsewhere, sent).status_code == 404
    assert state() == after


@each(*EDITS)
def test_stale_edit_shows_before_theirs_and_mine(case: Case) -> None:
    world = World(case.role)
    url, form = case.find(world)
    assert send(world, url, form.data | case.other).status_code == 302
    after = state()
    response = send(world, url, form.data)
    assert response.status_code in (409, 422)
    text = response.content.decode()
    assert "Theirs" in text
    assert "Mine" in text
    assert state() == after
    # Having seen both, saving again is a decision.

    again = next(each for each in forms_of(text) if each.data.get("version") and each.typed)
    assert send(world, url, again.data).status_code == 302
    assert state() != after


@each(*STEPS)
def test_step_pressed_twice_acts_once(case: Case) -> None:
    world = World(case.role)
    url, form = case.find(world)
    if case.url_name == "records:board_earlier":
        form.data["visit"] = str(Encounter.objects.get().pk)
    assert send(world, url, form.data).status_code == 302
    after, periods = state(), StatusPeriod.objects.count()
    second = send(world, url, form.data)
    assert second.status_code in (302, 409, 422), second.status_code
    assert StatusPeriod.objects.count() == periods
    assert state() == after


@each(*STEPS)
def test_step_from_a_stale_page_writes_nothing(case: Case) -> None:
    world = World(case.role)
    url, form = case.find(world)
    if "version" not in form.data:
        assert case.id in UNVERSIONED
        return
    before = state()
    stale = form.data | {"version": str(int(form.data["version"]) + 7)}
    response = send(world, url.partition("?")[0], stale)
    assert response.status_code in (302, 409, 422)
    assert state() == before


@each(*CREATES)
def test_form_without_a_key_is_refused(case: Case) -> None:
    world = World(case.role)
    url, form = case.find(world)
    for key in ("", "x" * 40):
        before = state()
        assert send(world, url, form.data | {"id": key}).status_code == 422
        assert state() == before
    assert uuid.UUID(form.data["id"]).version == uuid7().version
