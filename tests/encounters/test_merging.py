"""Two entries of one person become one, and apart again exactly as they were."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik.models import AuditEvent
from clinik.roles import ADMINISTRATOR, CLINICIAN
from clinik.transitions import StaleVersion
from encounters import access, merging
from encounters.models import Encounter, Patient, PatientMerge
from encounters.patients import say_not_same
from tests.factories import (
    AllergyFactory,
    EncounterFactory,
    NoteFactory,
    PatientFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Any:
    return UserFactory(role=ADMINISTRATOR)


@pytest.fixture
def client(admin: Any) -> Client:
    made = Client()
    made.force_login(admin)
    return made


def merged(gone: Patient, into: Patient, by: Any, **said: Any) -> PatientMerge:
    gone.refresh_from_db()
    into.refresh_from_db()
    versions = {"version": gone.version, "into_version": into.version}
    return merging.merge_patients(
        gone, into=into, by=by, **({"reason": "Same card"} | versions | said)
    )


def entries() -> list[dict[str, Any]]:
    """All that a patient's row says, but its version."""
    fields = [f.name for f in Patient._meta.concrete_fields if f.name not in ("version", "updated")]
    return list(Patient.objects.order_by("pk").values(*fields))


def test_both_stand_on_one_page_and_the_old_number_leads_there(admin: Any, client: Client) -> None:
    kept, gone = PatientFactory(family="Kept"), PatientFactory(family="Gone")
    for person in (kept, gone):
        visit = EncounterFactory(patient=person, status="finished")
        NoteFactory(encounter=visit, patient=person, title=f"Note of {person.family}")
    before = list(Encounter.objects.order_by("pk").values_list("pk", "patient"))
    merged(gone, kept, admin)
    access_free = client.get(reverse("records:patient_detail", args=[kept.pk])).content.decode()
    assert "Note of Kept" in access_free
    assert "Note of Gone" in access_free
    old = client.get(reverse("records:patient_detail", args=[gone.pk]))
    assert old["Location"] == reverse("records:patient_detail", args=[kept.pk])
    assert list(Patient.objects.listed().search(gone.mrn)) == [kept]
    # No row moved.
    assert list(Encounter.objects.order_by("pk").values_list("pk", "patient")) == before
    told = AuditEvent.objects.filter(act="patient.merge").values_list("patient_id", flat=True)
    assert set(told) == {kept.pk, gone.pk}


def test_taking_back_a_tower_of_merges_leaves_every_entry_as_it_was(admin: Any) -> None:
    first, second, third = (PatientFactory() for _each in range(3))
    access.restrict(first, by=admin, version=1, restricted=True, reason="Works here")
    team = EncounterFactory(patient=first, practitioner=None)
    states, merges = [entries()], []
    merges.append(merged(first, second, admin))
    assert set(Patient.objects.filter(restricted=True)) == {first, second}
    states.append(entries())
    access.open_chart(Patient.objects.get(pk=second.pk), by=admin, reason="To merge")
    merges.append(merged(second, third, admin))
    assert {row.merged_into_id for row in Patient.objects.exclude(pk=third.pk)} == {third.pk}
    assert Patient.objects.filter(restricted=True).count() == 3
    with pytest.raises(ValidationError, match="later merge"):
        merging.unmerge_patients(merges[0], by=admin, reason="Wrong", version=1)
    while merges:
        merging.unmerge_patients(merges.pop(), by=admin, reason="Wrong", version=1)
        assert entries() == states.pop()
    assert team.patient_id == first.pk


def test_a_restriction_changed_since_is_left_as_it_is(admin: Any) -> None:
    closed, kept = PatientFactory(), PatientFactory()
    access.restrict(closed, by=admin, version=1, restricted=True, reason="Works here")
    merge = merged(closed, kept, admin)
    for wanted in (False, True):
        fresh = Patient.objects.get(pk=kept.pk)
        access.open_chart(fresh, by=admin, reason="Asked") if fresh.restricted else None
        access.restrict(fresh, by=admin, version=fresh.version, restricted=wanted, reason="Asked")
    merging.unmerge_patients(merge, by=admin, reason="Two people", version=1)
    assert Patient.objects.get(pk=kept.pk).restricted


def test_the_page_compares_before_it_merges_and_before_it_parts(admin: Any, client: Client) -> None:
    kept = PatientFactory(family="Kept", city="Old Town", phone="123")
    gone = PatientFactory(family="Gone", city="New Town", phone="123", gender="male")
    AllergyFactory(patient=gone)
    EncounterFactory(patient=gone)
    say_not_same(kept, gone, by=admin)
    page = reverse("encounters:patient_merge_with", args=[kept.pk, gone.pk])
    shown = client.get(page)
    found = shown.context["preview"]
    said = {row.label: (row.kept, row.gone) for row in found.differences}
    assert said["Town"] == ("Old Town", "New Town")
    assert "Phone" not in said
    assert {row.label: (row.kept, row.gone) for row in found.holdings} == {
        "Allergies": (0, 1),
        "Visits": (0, 1),
    }
    assert len(found.warnings) == 2
    form = shown.context["form"]
    sent = {name: form[name].value() for name in form.fields} | {"reason": "Same card"}
    assert client.post(page, sent | {"reason": ""}).status_code == 422
    assert client.post(page, sent | {"version": "9"}).status_code == 422
    assert not PatientMerge.objects.exists()
    assert client.post(page, sent).status_code == 302
    assert client.post(page, sent).status_code == 302
    merge = PatientMerge.objects.get()
    listed = client.get(reverse("encounters:patient_merge", args=[kept.pk])).content.decode()
    undo = reverse("encounters:merge_undo", args=[merge.pk])
    assert undo in listed
    EncounterFactory(patient=kept)
    parting = client.get(undo).context["preview"]
    assert {row.label: (row.kept, row.gone) for row in parting.holdings} == {
        "Allergies": (0, 1),
        "Visits": (1, 1),
    }
    for _twice in range(2):
        pressed = {"patient": kept.pk, "version": merge.version, "reason": "Two people"}
        answer = client.post(undo, pressed)
        assert answer.status_code == 302
    assert set(Patient.objects.listed()) == {kept, gone}


def test_a_merge_is_refused_where_it_is_none(admin: Any) -> None:
    one, other, third = (PatientFactory() for _each in range(3))
    with pytest.raises(PermissionDenied):
        merged(one, other, UserFactory(role=CLINICIAN))
    with pytest.raises(ValidationError):
        merged(one, one, admin)
    with pytest.raises(ValidationError):
        merged(one, other, admin, reason=" ")
    with pytest.raises(StaleVersion):
        merged(one, other, admin, version=7)
    merged(one, other, admin)
    for gone, into in ((one, third), (third, one)):
        with pytest.raises(ValidationError, match="merged already"):
            merged(gone, into, admin)
    assert Patient.objects.get(pk=third.pk).merged_into is None


def test_a_closed_chart_is_not_merged_unseen(client: Client) -> None:
    kept, closed = PatientFactory(), PatientFactory()
    Patient.objects.filter(pk=closed.pk).update(restricted=True)
    page = reverse("encounters:patient_merge_with", args=[kept.pk, closed.pk])
    assert "/access/" in client.get(page)["Location"]
    assert client.post(page, {"reason": "Same"}).status_code == 404
    assert not PatientMerge.objects.exists()
