"""Unusual reading: who opened many patients' records on a day without treating them.

Nothing stops anybody by it: in an emergency a chart must open. It is for auditors, who ask.
"""

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from clinik.models import AuditEvent, User
from encounters import trail
from encounters.models import Encounter, EncounterParticipant

MOST_PEOPLE = 200
# Pairs of a login and a patient that a day may have here.
MOST_PAIRS = 200_000
# Marked are those with more patients than this who have also so many times what is usual in
# their role on that day (the median).
MANY = 20
TIMES = 3


@dataclass(frozen=True)
class Reader:
    """What one login read in one role: patients, and those of them outside its visits' teams."""

    who: str
    login: str
    role: str
    patients: int
    outside: int
    usual: float
    stands_out: bool


def readers_of(day: dt.date) -> list[Reader]:
    """Who read on a day of the clinic's zone, the most patients outside a team first.

    Of the team is whoever is the practitioner or a participant of a visit of the patient. Six
    queries: where the day begins and ends in the trail, who read whom, two kinds of teams, names;
    each says a pair once, so that it is no matter how often somebody read.
    """
    read = trail.dated(
        AuditEvent.objects.filter(
            action=AuditEvent.Action.READ,
            outcome=AuditEvent.Outcome.SUCCESS,
            by__isnull=False,
            patient_id__isnull=False,
        ),
        day,
        day,
    ).order_by()
    treated = _treated(read)
    patients: dict[tuple[int, str], int] = Counter()
    outside: dict[tuple[int, str], int] = Counter()
    pairs = read.values_list("by", "role", "patient_id").distinct()
    for by, role, patient in pairs[:MOST_PAIRS]:
        patients[by, role] += 1
        outside[by, role] += (by, patient) not in treated
    most = sorted(patients, key=lambda each: (-outside[each], -patients[each], each))
    return list(_readers(most[:MOST_PEOPLE], patients, outside))


def _treated(read: QuerySet[AuditEvent]) -> set[tuple[Any, Any]]:
    """Pairs of a login and a patient whom it treats, of those in these events."""
    among = {"practitioner__user__in": read.values("by")}
    visits = Encounter.objects.filter(patient__in=read.values("patient_id"), **among)
    parts = EncounterParticipant.objects.filter(
        encounter__patient__in=read.values("patient_id"), **among
    )
    found = set(visits.order_by().values_list("practitioner__user", "patient").distinct())
    return found | set(
        parts.order_by().values_list("practitioner__user", "encounter__patient").distinct()
    )


def _readers(
    rows: Sequence[tuple[int, str]], patients: Mapping[Any, int], outside: Mapping[Any, int]
) -> Iterator[Reader]:
    users = User.objects.in_bulk({by for by, _role in rows})
    usual = {
        name: statistics.median(outside[by, role] for by, role in rows if role == name)
        for name in {role for _by, role in rows}
    }
    for by, role in rows:
        number, median = outside[by, role], usual[role]
        yield Reader(
            who=str(users[by]),
            login=users[by].username,
            role=role,
            patients=patients[by, role],
            outside=number,
            usual=median,
            stands_out=number > MANY and number > TIMES * median,
        )
