"""Two users on one prescription: whatever the order of their acts, nothing is overwritten unseen.

1,000 random interleavings through the verbs. Each user acts on the version they read last; an act
is either taken whole, by somebody who had seen the present version, or refused and changes nothing.
"""

import random
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinik.transitions import StaleVersion, TransitionError
from records.models import Prescription
from records.prescriptions import STEPS, change_prescription, take_step
from tests.factories import EncounterFactory, PrescriptionFactory, UserFactory

INTERLEAVINGS = 1_000
ROUNDS = 50  # prescriptions; each sees the acts of two users in 20 random orders
REFUSED = (StaleVersion, TransitionError, PermissionDenied, ValidationError)


class Hand:
    """One user and the prescription as they read it last."""

    def __init__(self, user: Any, name: str) -> None:
        self.user, self.name = user, name
        self.row: Prescription

    def read(self, pk: Any) -> None:
        self.row = Prescription.objects.select_related("author", "patient").get(pk=pk)

    def act(self, chance: random.Random, number: int) -> dict[str, Any]:
        """Do something random on what was read; returns what must now stand in the row."""
        verb = chance.choice(["change", "change", "change", *STEPS])
        version = self.row.version
        if verb == "change":
            text = f"{self.name} {number}"
            change_prescription(self.row, by=self.user, version=version, dosage_text=text)
            return {"dosage_text": text}
        take_step(
            self.row, verb, by=self.user, version=version, reason="because", override_reason="seen"
        )
        return {"status": STEPS[verb].to}


def standing(pk: Any) -> dict[str, Any]:
    return {
        **Prescription.objects.values("version", "status", "dosage_text", "author_id").get(pk=pk)
    }


@pytest.mark.django_db
def test_no_interleaving_of_two_users_overwrites_what_one_has_not_seen() -> None:
    chance = random.Random(20261126)
    doctor, nurse = UserFactory(role="Clinician"), UserFactory(role="Nurse")
    visit = EncounterFactory()
    taken = refused = stale = 0
    for _round in range(ROUNDS):
        pk = PrescriptionFactory(
            encounter=visit, patient=visit.patient, author=doctor.practitioner, entered_by=nurse
        ).pk
        hands = (Hand(doctor, "doctor"), Hand(nurse, "nurse"))
        for hand in hands:
            hand.read(pk)
        for number in range(INTERLEAVINGS // ROUNDS):
            hand = chance.choice(hands)
            before = standing(pk)
            read = hand.row.version
            try:
                wanted = hand.act(chance, number)
            except REFUSED as error:
                refused += 1
                stale += isinstance(error, StaleVersion)
                assert standing(pk) == before
            else:
                taken += 1
                after = standing(pk)
                # A step already taken by the other answers as success and changes nothing.
                assert read == before["version"] or after == before
                assert after == before | wanted | {"version": after["version"]}
                assert after["version"] - before["version"] in (0, 1)
            if chance.random() < 0.6:
                hand.read(pk)
        kept = Prescription.history.filter(id=pk)
        assert kept.values("version").distinct().count() == standing(pk)["version"]
    assert taken + refused == INTERLEAVINGS
    assert min(taken, stale) > 100, (taken, refused, stale)
