"""Ids of another patient in the path, the query or a hidden field of any form: 404, and nothing is
written.

Each key that a form carries is swapped with the one that the same form of another patient carries,
with that of a chart closed to the user, and with one of nobody. Who may see both patients is told
both names; else nothing is named.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.urls import reverse

from clinik.roles import AUDITOR
from encounters.models import Encounter, EncounterParticipant, Patient
from tests.factories import PatientFactory, PractitionerFactory
from tests.form_cases import CASES, STEP, Case, World, _own, _query
from tests.page_forms import PageForm, state

pytestmark = pytest.mark.django_db

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Hidden or ticked keys that name no patient and no row of one, or one of a list that is offered:
CHOSEN = {
    # the new row's own; another's is 404 by test_form_guards.py, one of nobody is as good,
    "id",
    # whichever of several practitioners the text beside it names: the text decides,
    "practitioner_id", "prescriber_id", "cosigner_id", "to_id", "general_practitioner_id",
    # and ticked in a list: one that is not in it is a field's error (deceased, moving), or is
    # nothing (the board's list of days gone by, the visits to hand over).
    "cancelled", "copy", "visit", "visits",
}  # fmt: skip


def _renewing(world: World) -> tuple[str, str]:
    drug = world.prescription(activate=True)
    page = reverse("records:prescription_add", args=[drug.encounter_id])
    return (f"{page}?renew={drug.pk}",) * 2


def _undoing(world: World) -> tuple[str, str]:
    problem = world.problem(resolved=True)
    page = reverse("records:patient_detail", args=[problem.patient_id])
    return page, reverse("encounters:problem_unresolve", args=[problem.pk])


def _with_lines(world: World) -> Patient:
    world.patient.identifiers.create(value=f"H-{world.patient.mrn}", system="urn:house")
    return world.patient


# Addresses and fields that no case of tests/form_cases.py has.
MORE = (
    Case("records:prescription_add", STEP, _renewing, name="prescription_renew",
         fill={"override_reason": "Asked"}),
    Case("encounters:patient_edit", STEP, _own("encounters:patient_edit", _with_lines),
         name="patient_edit_lines"),
    Case("encounters:encounter_open", STEP,
         _query(_own("encounters:encounter_open", lambda world: world.patient), "?plan=1"),
         name="plan_query"),
)  # fmt: skip
# About no patient: a template is its author's own, a list ticks what it shows.
NOBODYS = {
    "patient_register",
    "template_add",
    "template_edit",
    "template_remove",
    "encounter_hand_over_all",
    "board_earlier",
}
# Sent by somebody to whom the chart is closed.
CLOSED = {"patient_access"}
SWAPPED = [case for case in (*CASES, *MORE) if case.id not in NOBODYS]


def close(family: str) -> None:
    """Restrict the charts of this name, and leave nobody in their team who made them."""
    other, whose = PractitionerFactory(), {"patient__family": family}
    Patient.objects.filter(family=family).update(restricted=True)
    for visit in Encounter.objects.filter(**whose):
        Encounter.objects.filter(pk=visit.pk).update(practitioner=other)
        EncounterParticipant.objects.filter(encounter=visit).update(practitioner=other)


def elsewhere(case: Case, world: World, family: str) -> tuple[str, str, Patient]:
    """(page, action, patient): the same form of another patient, with rows of its own."""
    own, world.patient = world.patient, PatientFactory(family=family)
    page, action = case.page(world)
    other, world.patient = world.patient, own
    return page, action, other


class Swap:
    """A form, and the keys of another that are put into it one by one."""

    def __init__(self, url: str, form: PageForm, action: str, other: Patient) -> None:
        self.url, self.form, self.other = url, form, other
        self.theirs = [*UUID.findall(urlsplit(action).path)]
        self.query = dict(parse_qsl(urlsplit(action).query))

    def requests(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(what was swapped, address, what is sent)."""
        parts, data = urlsplit(self.url), self.form.data
        for place, own in enumerate(UUID.findall(parts.path)):
            path = parts.path.replace(own, self.theirs[place])
            yield f"path {place}", parts._replace(path=path).geturl(), data
        query = dict(parse_qsl(parts.query))
        for name in [name for name, value in query.items() if UUID.fullmatch(value)]:
            swapped = query | {name: self.query.get(name, str(self.other.pk))}
            yield f"?{name}", parts._replace(query=urlencode(swapped)).geturl(), data
        for name, value in data.items():
            if name in CHOSEN or not UUID.fullmatch(str(value)):
                continue
            yield name, self.url, data | {name: self._instead_of(name)}

    def _instead_of(self, name: str) -> str:
        if name == "patient":
            return str(self.other.pk)
        return next((value for value in self.query.values() if UUID.fullmatch(value)), "") or str(
            self.other.pk
        )


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in SWAPPED])
def test_keys_of_somebody_else_are_not_found(case: Case) -> None:
    world = World(case.role)
    url, form = case.find(world)
    _page, theirs, other = elsewhere(case, world, "Wrongperson")
    _page, closed, shut = elsewhere(case, world, "Closedperson")
    close("Closedperson")
    nowhere = UUID.sub(lambda _found: str(uuid.uuid4()), theirs)
    before, own = state(), world.patient.family.upper()
    swaps = [
        ("other", Swap(url, form, theirs, other)),
        ("closed", Swap(url, form, closed, shut)),
        ("nobody", Swap(url, form, nowhere, Patient(pk=uuid.uuid4()))),
    ]
    tried: set[str] = set()
    for whose, swap in swaps:
        for what, address, sent in swap.requests():
            tried.add(what)
            names_both = whose == "other" and what == "patient" and case.id not in CLOSED
            for headers in ({}, {"HX-Request": "true"}) if names_both else ({},):
                answer = world.client.post(address, sent, headers=headers)
                text = answer.content.decode().upper()
                said = (case.id, whose, what, headers)
                assert answer.status_code == 404, (said, answer.status_code, text[:2000])
                named = {name for name in ("WRONGPERSON", "CLOSEDPERSON", own) if name in text}
                if names_both:
                    assert named == {"WRONGPERSON", own}, said
                    assert answer["Content-Type"].startswith("text/plain") == bool(headers), said
                elif whose == "nobody" or (whose == "closed" and case.role != AUDITOR):
                    assert not named, said
    assert state() == before
    assert "path 0" in tried
    assert ("patient" in tried) == case.guarded
