"""Today's board: visits in each column, aged so that it looks like the middle of a working day."""

import datetime as dt
import random
import uuid
from collections import Counter
from collections.abc import Iterable

from django.db import transaction

from clinik import clock
from encounters import lifecycle
from encounters.models import Encounter, Patient, StatusPeriod
from encounters.models.encounter import OPEN, EncounterClass, Status
from records.board import on_board
from records.demo.board_scripts import ARRIVED, PLANNED, TRIAGED, Slot
from records.demo.board_treated import FINISHED, IN_PROGRESS
from records.demo.charting import see_critical
from records.demo.people import BY_KEY, NAMESPACE
from records.demo.play import Performance
from records.demo.staff import Staff
from records.demo.times import at, stamped
from records.models import Note
from records.notes import sign_note

SLOTS = (*PLANNED, *ARRIVED, *TRIAGED, *IN_PROGRESS, *FINISHED)

# After so long on the board a visit of the demo is over, and another takes its place.
STALE = dt.timedelta(hours=3)
STALE_STAY = dt.timedelta(days=4)
# A visit's key names the day it was played on, its slot, and how often the slot was filled before.
MOST_ROUNDS = 30
LONGEST_AGO = dt.timedelta(days=2)
OVERRIDE = "Left open in the demo clinic; closed at its next start."


def key_of(day: dt.date, slot: Slot, turn: int) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"board/{day}/{slot.name}/{turn}")


def _keys(day: dt.date) -> set[uuid.UUID]:
    """Every key that a visit begun or planned on this day may have."""
    days = [day + dt.timedelta(days=later) for later in range(LONGEST_AGO.days + 1)]
    return {
        key_of(each, slot, turn) for each in days for slot in SLOTS for turn in range(MOST_ROUNDS)
    }


def close_stale(staff: Staff, now: dt.datetime) -> int:
    """End the demo's visits that have had their time; visits that people opened are left alone."""
    left = Encounter.objects.filter(status__in=[Status.PLANNED, *OPEN], date__lt=now - STALE)
    known: dict[dt.date, set[uuid.UUID]] = {}
    closed = 0
    for visit in left.select_related("patient").order_by("date"):
        stay = visit.class_code == EncounterClass.IMP
        if stay and visit.date > now - STALE_STAY:
            continue
        day = clock.timezone.localdate(visit.date)
        if visit.pk in known.setdefault(day, _keys(day)):
            with transaction.atomic(), stamped():
                wind_up(visit, staff, now)
            closed += 1
    return closed


def wind_up(visit: Encounter, staff: Staff, now: dt.datetime) -> None:
    """Bring a visit to its end as a clinic would have, not later than now."""
    doctor = staff.users["doctor"]
    begun = _since(visit)
    with at(min(now, begun + dt.timedelta(minutes=40))):
        if visit.status == Status.PLANNED:
            lifecycle.cancel(visit, by=staff.users["frontdesk"], reason="did-not-attend")
            return
        if visit.status in (Status.ARRIVED, Status.TRIAGED):
            visit = lifecycle.start(visit, by=doctor, confirmed_second=True)
    with at(min(now, _since(visit) + dt.timedelta(minutes=35))):
        for note in Note.objects.unsigned().filter(encounter=visit).select_related("author__user"):
            if note.author is not None and note.author.user is not None and note.content.strip():
                sign_note(note, by=note.author.user)
        see_critical(visit, by=doctor)
        obstacles = lifecycle.missing(visit)
        lifecycle.finish(visit, by=doctor, override_reason=OVERRIDE if obstacles else "")


def _since(visit: Encounter) -> dt.datetime:
    """When the present status began; a booking's is the time it was for."""
    if visit.status == Status.PLANNED and visit.planned_start is not None:
        return visit.planned_start
    period = StatusPeriod.objects.filter(encounter=visit).standing().last()
    assert period is not None
    return period.start or visit.date


def top_up(staff: Staff, now: dt.datetime) -> int:
    """Fill the columns of today's board; returns how many visits were made."""
    day = clock.timezone.localdate(now)
    shown = Counter(
        Status.IN_PROGRESS if status == Status.ONLEAVE else Status(status)
        for status in Encounter.objects.filter(on_board(day)).values_list("status", flat=True)
    )
    seen, open_now = _busy(day)
    made = 0
    for column in (status for status in Status if status in {slot.column for slot in SLOTS}):
        slots = [slot for slot in SLOTS if slot.column == column]
        missing = len(slots) - shown[column]
        for slot, turn in _vacant(slots, day)[: max(missing, 0)]:
            draw = random.Random(f"{day}/{slot.name}/{turn}")
            patient = _patient_for(slot, seen, draw) or _patient_for(slot, open_now, draw)
            if patient is not None:
                seen.add(patient.pk)
                open_now.add(patient.pk)
                _play(slot, patient, staff, now, key_of(day, slot, turn))
                made += 1
    return made


def _busy(day: dt.date) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """(patients with any visit of this day or an open one, those whose visit is not over)."""
    begin, after = clock.day_bounds(day)
    today = Encounter.objects.filter(date__gte=begin, date__lt=after)
    open_now = {
        *Encounter.objects.open().values_list("patient", flat=True),
        *today.filter(status=Status.PLANNED).values_list("patient", flat=True),
    }
    return open_now | set(today.values_list("patient", flat=True)), open_now


def _vacant(slots: Iterable[Slot], day: dt.date) -> list[tuple[Slot, int]]:
    """Slots whose visit of today is not in their column (any more), with the next turn of each."""
    found = []
    for slot in slots:
        keys = [key_of(day, slot, turn) for turn in range(MOST_ROUNDS)]
        statuses = dict(Encounter.objects.filter(pk__in=keys).values_list("pk", "status"))
        turn = len(statuses)
        standing = turn and statuses.get(keys[turn - 1]) in slot.stands_in
        if not standing and turn < MOST_ROUNDS:
            found.append((slot, turn))
    return found


def _patient_for(slot: Slot, busy: set[uuid.UUID], draw: random.Random) -> Patient | None:
    """The slot's own patient if free, else anybody of the right age and sex who is."""
    others = [person for key, person in BY_KEY.items() if key not in slot.people]
    draw.shuffle(others)
    wanted = [BY_KEY[key] for key in slot.people] + [p for p in others if slot.suits(p)]
    for person in wanted:
        if person.id not in busy:
            patient = Patient.objects.filter(pk=person.id).first()
            if patient is not None:
                return patient
    return None


def _play(slot: Slot, patient: Patient, staff: Staff, now: dt.datetime, key: uuid.UUID) -> None:
    """Begun as long ago as the slot says, but not before midnight, nor planned after the next."""
    begin, after = clock.day_bounds(clock.timezone.localdate(now))
    since_midnight = (now - begin).total_seconds() / 60
    oldest = max(each.age for each in SLOTS if each.column != Status.PLANNED and not each.stay)
    pace = 1.0 if slot.stay else min(1.0, since_midnight / (oldest + 1))
    start = now - dt.timedelta(minutes=slot.age * (pace if slot.age > 0 else 1))
    start = min(start, after - dt.timedelta(minutes=1))
    with transaction.atomic(), stamped():
        Performance(staff, patient, slot.script, start, now, pace, key).play()
