"""Two users on one diagnosis, reading and saving in any order: no silent overwrite."""

import random
from dataclasses import dataclass
from typing import Any

import pytest

from clinik.models import User
from clinik.roles import CLINICIAN
from clinik.transitions import StaleVersion, TransitionError
from encounters.diagnoses import change_diagnosis, enter_diagnosis_in_error
from encounters.models import Diagnosis
from encounters.models.diagnosis import Use
from tests.factories import DiagnosisFactory, EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db

INTERLEAVINGS = 1000
COMPARED = ("condition_text", "note", "clinical_status", "use", "rank")


@dataclass
class Person:
    user: User
    seen: Diagnosis


def read(row: Diagnosis) -> Diagnosis:
    return Diagnosis.objects.select_related("encounter", "patient").get(pk=row.pk)


def change(chance: random.Random, number: int) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [
        {"condition_text": f"Words {number}"},
        {"use": chance.choice(Use.values), "rank": chance.choice([None, 1, 2])},
        {"clinical_status": chance.choice(["active", "remission", "resolved"])},
        {"note": f"Note {number}"},
    ]
    return chance.choice(choices)


def interleave(chance: random.Random, row: Diagnosis, people: list[Person]) -> bool:
    """Each reads, then saves, the four acts in a random order; whether somebody was refused."""
    acts = [person for person in people for _act in ("read", "save")]
    chance.shuffle(acts)
    have_read: list[Person] = []
    refused = False
    for person in acts:
        now = read(row)
        if person not in have_read:
            have_read.append(person)
            person.seen = now
            continue
        wanted = change(chance, chance.randrange(1000))
        stale = person.seen.version != now.version
        try:
            change_diagnosis(person.seen, by=person.user, version=person.seen.version, **wanted)
        except StaleVersion:
            assert stale
            refused, wanted = True, {}
        else:
            assert not stale
        after = read(row)
        for name in COMPARED:
            assert getattr(after, name) == wanted.get(name, getattr(now, name))
    return refused


def test_two_users_never_overwrite_each_other_silently() -> None:
    row = DiagnosisFactory(encounter=EncounterFactory())
    people = [Person(UserFactory(role=CLINICIAN), row) for _each in range(2)]
    runs = range(INTERLEAVINGS)
    refused = [interleave(random.Random(number), row, people) for number in runs]
    assert 0 < sum(refused) < INTERLEAVINGS
    versions = list(row.history.values_list("version", flat=True).order_by("version"))
    assert versions == list(range(1, read(row).version + 1))


def test_what_somebody_entered_in_error_is_not_changed_by_who_had_it_open() -> None:
    users = [UserFactory(role=CLINICIAN) for _each in range(2)]
    row = DiagnosisFactory()
    seen = read(row)
    enter_diagnosis_in_error(row, by=users[0], reason="another patient")
    for version in (seen.version, read(row).version):
        with pytest.raises((StaleVersion, TransitionError)):
            change_diagnosis(seen, by=users[1], version=version, note="Other")
