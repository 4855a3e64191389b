"""The whole demo clinic: made once, refreshed at each later start."""

import datetime as dt

from django.db import transaction
from tqdm import tqdm

from clinik import clock
from encounters.models import Encounter, Patient
from records.demo.past import past_of
from records.demo.people import EVERYBODY, Person, born, register
from records.demo.play import Performance
from records.demo.staff import Staff, hire
from records.demo.times import at, stamped
from records.demo.today import close_stale, top_up


def seed(*, progress: bool = False) -> dict[str, int]:
    """Make what is missing; returns what was counted, by words for people.

    Each person is one transaction: an interrupted run goes on where it stopped.
    """
    now = clock.now()
    with transaction.atomic():
        staff = hire()
    known = set(Patient.objects.values_list("pk", flat=True))
    for person in tqdm(EVERYBODY, desc="Demo clinic", unit="patient", disable=not progress):
        if person.id not in known:
            _live(person, staff, now)
    closed = close_stale(staff, now)
    made = top_up(staff, now)
    return {
        "patients": Patient.objects.count(),
        "visits": Encounter.objects.count(),
        "closed just now": closed,
        "new on today's board": made,
    }


def _live(person: Person, staff: Staff, now: dt.datetime) -> None:
    """Register a person and play everything that lies behind or is booked."""
    past = past_of(person, now)
    first = min((start for start, _script in past), default=now)
    earliest = clock.day_start(born(person, now)) + dt.timedelta(hours=9)
    registered = max(min(first, now) - dt.timedelta(days=10), earliest)
    with transaction.atomic(), stamped():
        with at(registered):
            patient = register(person, by=staff.users["frontdesk"], now=now)
        for start, script in past:
            Performance(staff, patient, script, start, now).play()
