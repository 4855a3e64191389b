"""All of my open visits to somebody else at once."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik.models import AuditEvent
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK
from encounters import lifecycle
from encounters.models import Encounter, EncounterParticipant
from tests.factories import EncounterFactory, PractitionerFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


def test_all_open_visits_of_mine_go_and_nothing_else(doctor: Any) -> None:
    mine, to = doctor.practitioner, PractitionerFactory()
    open_ones = [
        EncounterFactory(practitioner=mine, status=status) for status in ("arrived", "in-progress")
    ]
    kept = [
        EncounterFactory(practitioner=mine, status="finished"),
        EncounterFactory(practitioner=mine, status="planned"),
        EncounterFactory(practitioner=None),
    ]
    done = lifecycle.hand_over_all(by=doctor, to=to)
    assert {visit.pk for visit in done} == {visit.pk for visit in open_ones}
    for visit in kept:
        visit.refresh_from_db()
        assert visit.practitioner != to
    assert AuditEvent.objects.filter(act="encounter.hand_over").count() == 2
    # From when till when each was responsible is kept.
    assert EncounterParticipant.objects.filter(practitioner=to, end=None).count() == 2
    assert lifecycle.hand_over_all(by=doctor, to=to) == []


def test_it_is_refused_to_myself_to_who_left_and_to_who_treats_nobody(doctor: Any) -> None:
    visit = EncounterFactory(practitioner=doctor.practitioner)
    for to in (doctor.practitioner, PractitionerFactory(active=False)):
        with pytest.raises(ValidationError):
            lifecycle.hand_over_all(by=doctor, to=to)
    for role in (FRONT_DESK, ADMINISTRATOR):
        with pytest.raises(PermissionDenied):
            lifecycle.hand_over_all(by=UserFactory(role=role), to=PractitionerFactory())
    visit.refresh_from_db()
    assert visit.practitioner == doctor.practitioner


def test_the_page_lists_them_and_what_is_unticked_stays(doctor: Any) -> None:
    goes, stays = (EncounterFactory(practitioner=doctor.practitioner) for _n in range(2))
    theirs = EncounterFactory(practitioner=PractitionerFactory())
    to = PractitionerFactory(family="Nightshift")
    client = Client()
    client.force_login(doctor)
    url = reverse("encounters:encounter_hand_over_all")
    html = client.get(url).content.decode()
    assert goes.patient.name in html
    assert theirs.patient.name not in html
    assert client.post(url, {"visit": goes.pk, "to": "Nobody of this name"}).status_code == 422
    client.post(url, {"visit": [goes.pk, theirs.pk, "no key"], "to": "Nightshift"})
    assert Encounter.objects.get(pk=goes.pk).practitioner == to
    assert Encounter.objects.get(pk=stays.pk).practitioner == doctor.practitioner
    assert Encounter.objects.get(pk=theirs.pk).practitioner == theirs.practitioner


def test_nothing_of_mine_is_said(doctor: Any) -> None:
    client = Client()
    client.force_login(doctor)
    html = client.get(reverse("encounters:encounter_hand_over_all")).content.decode()
    assert "No open visit is yours" in html
